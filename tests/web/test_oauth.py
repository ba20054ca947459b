"""The way to a provider's consent page and back: who may go it, once, soon, in one session."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from connectors.core.errors import BadInputError
from connectors.models import Connection
from connectors.services import connections
from connectors.transport import pkce
from connectors.transport.provider import Finding
from tenants.models import Role, User
from tenants.services import add_member
from tests.people import People
from tests.web.world import World

CALLBACK = "/oauth/callback/"


class Provider:
    """Stands where the use cases call a provider; remembers what it was asked, and from where."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        self.verifiers: list[str] = []
        self.in_transaction: list[bool] = []
        self.findings = [Finding(name="authorised", ok=True, words="It works.")]

    def complete_consent(
        self, connection: Connection, *, query: dict[str, str], verifier: str, **_: object
    ):
        self.queries.append(dict(query))
        self.verifiers.append(verifier)
        self.in_transaction.append(database.in_atomic_block)
        if query.get("error"):
            raise BadInputError("The consent was declined.")

    def ping(self, connection: Connection, **_: object) -> list[Finding]:
        self.in_transaction.append(database.in_atomic_block)
        return self.findings


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(connections, "complete_consent", provider.complete_consent)
    monkeypatch.setattr(connections, "ping", provider.ping)
    return provider


def authorise_url(world: World) -> str:
    return reverse("authorise", args=[world.tenant_id, world.target.pk])


def start(client: Client, world: World) -> str:
    """Go to the consent page; return the state that the provider would send back."""
    answer = client.get(authorise_url(world))
    assert answer.status_code == 302, answer.content
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["redirect_uri"] == [f"{settings.BASE_URL}{CALLBACK}"]
    return query["state"][0]


def logged_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_admins_of_the_tenant_may(client: Client, people: People, world: World, provider, role):
    logged_in(client, getattr(people, role))
    state = start(client, world)
    answer = client.get(CALLBACK, {"state": state, "code": "a-code"})
    assert answer["Location"] == f"/w/acme/connections/{world.target.pk}/"
    assert "everything can be read" in client.get(answer["Location"]).content.decode()
    assert provider.queries[0]["code"] == "a-code"
    assert provider.in_transaction == [False, False]


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_other_members_may_not(client: Client, people: People, world: World, role):
    assert logged_in(client, getattr(people, role)).get(authorise_url(world)).status_code == 403


def test_outsiders_learn_nothing(client: Client, people: People, world: World):
    logged_in(client, people.outsider)
    there = client.get(authorise_url(world))
    nowhere = client.get(reverse("authorise", args=[world.tenant_id, 999_999]))
    assert (there.status_code, nowhere.status_code) == (404, 404)


def test_a_connection_of_another_tenant_is_not_found(client: Client, people: People, world: World):
    logged_in(client, people.outsider)
    url = reverse("authorise", args=[people.other_tenant.pk, world.target.pk])
    assert client.get(url).status_code == 404


def test_nobody_is_sent_to_log_in(client: Client, world: World):
    for url in (authorise_url(world), CALLBACK):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")


def test_staff_return_to_the_connection(staff: Client, world: World, provider):
    page = reverse("admin:connectors_connection_change", args=[world.target.pk])
    answer = staff.get(CALLBACK, {"state": start(staff, world), "code": "x"})
    assert answer["Location"] == page
    assert "everything can be read" in staff.get(page).content.decode()


def test_a_declined_consent_is_said_in_words(staff: Client, world: World, provider):
    answer = staff.get(CALLBACK, {"state": start(staff, world), "error": "access_denied"})
    assert (
        "Not authorised. The consent was declined."
        in staff.get(answer["Location"]).content.decode()
    )


def test_what_cannot_be_read_afterwards_is_said(staff: Client, world: World, provider):
    provider.findings = [Finding(name="bills", ok=False, words="May not read bills.")]
    answer = staff.get(CALLBACK, {"state": start(staff, world), "code": "x"})
    assert "Authorised, but: May not read bills." in staff.get(answer["Location"]).content.decode()


def test_an_answer_works_once(staff: Client, world: World, provider):
    state = start(staff, world)
    staff.get(CALLBACK, {"state": state, "code": "x"})
    again = staff.get(CALLBACK, {"state": state, "code": "y"})
    assert again.status_code == 400
    assert "used already" in again.content.decode()
    assert len(provider.queries) == 1


def test_an_answer_works_in_its_own_session_only(staff: Client, world: World, provider, clerk):
    state = start(staff, world)
    elsewhere = logged_in(Client(), clerk)
    assert elsewhere.get(CALLBACK, {"state": state, "code": "x"}).status_code == 400
    assert provider.queries == []


def test_an_answer_works_for_its_own_person_only(
    client: Client, people: People, world: World, provider
):
    """Somebody else logs in where the session lives on: the signature names the first one."""
    logged_in(client, people.owner)
    state = start(client, world)
    started = client.session["oauth_started"]
    logged_in(client, people.admin)
    session = client.session
    session["oauth_started"] = started
    session.save()
    assert client.get(CALLBACK, {"state": state, "code": "x"}).status_code == 400
    assert provider.queries == []


@pytest.mark.parametrize("state", ["", "nonsense", "a:b:c"])
def test_a_forged_answer_is_refused(staff: Client, world: World, provider, state):
    start(staff, world)
    answer = staff.get(CALLBACK, {"state": state, "code": "x"})
    assert answer.status_code == 400
    assert "does not belong to a consent" in answer.content.decode()
    assert provider.queries == []


def test_a_late_answer_is_refused(staff: Client, world: World, provider, monkeypatch):
    state = start(staff, world)
    later = time.time() + 11 * 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    answer = staff.get(CALLBACK, {"state": state, "code": "x"})
    assert answer.status_code == 400
    assert "longer than 10 minutes" in answer.content.decode()


def test_a_client_credentials_provider_needs_no_consent(staff: Client, world: World):
    url = reverse("authorise", args=[world.tenant_id, world.source.pk])
    answer = staff.get(url)
    assert "nobody needs to agree" in staff.get(answer["Location"]).content.decode()


def test_who_lost_the_role_meanwhile_may_not_finish(
    client: Client, people: People, world: World, provider
):
    logged_in(client, people.admin)
    state = start(client, world)
    add_member(tenant_id=world.tenant_id, user=people.admin, role=Role.VIEWER, actor="system:tests")
    assert client.get(CALLBACK, {"state": state, "code": "x"}).status_code == 403
    assert provider.queries == []


def test_the_verifier_stays_in_the_session_and_only_its_hash_travels(
    staff: Client, world: World, provider
):
    url = staff.get(authorise_url(world))["Location"]
    query = parse_qs(urlsplit(url).query)
    [[nonce, verifier]] = staff.session["oauth_started"]
    assert query["code_challenge"] == [pkce.challenge(verifier)]
    assert query["code_challenge_method"] == ["S256"]
    assert verifier not in url
    assert nonce != verifier
    staff.get(CALLBACK, {"state": query["state"][0], "code": "x"})
    assert provider.verifiers == [verifier]
    assert staff.session["oauth_started"] == []


def test_each_consent_has_a_verifier_of_its_own(staff: Client, world: World, provider):
    first, second = (start(staff, world) for _ in range(2))
    [one, other] = [verifier for _, verifier in staff.session["oauth_started"]]
    assert one != other
    staff.get(CALLBACK, {"state": second, "code": "x"})
    staff.get(CALLBACK, {"state": first, "code": "x"})
    assert provider.verifiers == [other, one]


def test_a_provider_that_refuses_challenges_can_be_left_out(staff: Client, world: World, settings):
    settings.OAUTH_WITHOUT_PKCE = ["zoho_books"]
    assert "code_challenge" not in staff.get(authorise_url(world))["Location"]
