"""A link with which the owner of an account authorises a connection, without an account here."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors import registry
from connectors.core import clock
from connectors.models import Connection
from connectors.services import consent_links
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_oauth import CALLBACK, Provider, provider
from tests.web.world import SECRETS, World

__all__ = ["provider"]


def made_by(client: Client, people: People, world: World) -> str:
    """The address of a link that the owner made on the connection's page."""
    client.force_login(people.owner)
    page = client.post(f"/w/acme/connections/{world.target.pk}/link/", follow=True)
    with tenant_scope(world.tenant_id):
        row = Connection.objects.get(pk=world.target.pk)
    link = f"/authorise/{consent_links.token_of(row)}/"
    assert link in page.content.decode()
    return link


def begin(client: Client, link: str) -> str:
    """Press the button; the state that the provider would send back."""
    answer = client.post(link)
    assert answer.status_code == 302, answer.content
    return parse_qs(urlsplit(answer["Location"]).query)["state"][0]


def actions(world: World) -> list[str]:
    with tenant_scope(world.tenant_id):
        return list(AuditEvent.objects.values_list("action", flat=True))


def test_a_stranger_with_the_link_authorises_once(
    client: Client, people: People, world: World, provider: Provider
) -> None:
    link = made_by(client, people, world)
    stranger = Client()
    page = stranger.get(link).content.decode()
    assert "Acme asks you to let ml-connector" in page
    assert not any(secret in page for secret in SECRETS)
    done = stranger.get(CALLBACK, {"state": begin(stranger, link), "code": "a-code"})
    assert "You can close this page" in done.content.decode()
    assert provider.queries[0]["code"] == "a-code"
    assert provider.in_transaction == [False, False]
    assert stranger.get(link).status_code == 404, "it is spent"
    assert {"connection.link_made", "connection.link_used"} <= set(actions(world))


def test_the_answer_works_in_the_browser_that_began(
    client: Client, people: People, world: World, provider: Provider
) -> None:
    link = made_by(client, people, world)
    state = begin(Client(), link)
    other = Client()
    assert other.get(CALLBACK, {"state": state, "code": "x"})["Location"].startswith("/sign-in/")
    begin(other, link)
    assert other.get(CALLBACK, {"state": state, "code": "x"}).status_code == 400
    assert provider.queries == []


def test_a_declined_consent_can_be_tried_again(
    client: Client, people: People, world: World, provider: Provider
) -> None:
    link = made_by(client, people, world)
    stranger = Client()
    declined = stranger.get(CALLBACK, {"state": begin(stranger, link), "error": "access_denied"})
    assert "The consent was declined." in declined.content.decode()
    assert stranger.get(CALLBACK, {"state": begin(stranger, link), "code": "x"}).status_code == 200


@pytest.mark.parametrize("ended", ["replaced", "late", "forged"])
def test_a_link_that_has_ended_leads_nowhere(
    client: Client,
    people: People,
    world: World,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    ended: str,
) -> None:
    link = made_by(client, people, world)
    stranger = Client()
    state = begin(stranger, link)
    if ended == "replaced":
        made_by(client, people, world)
    elif ended == "forged":
        link = link.replace("/authorise/", "/authorise/x")
    else:
        later = clock.now() + consent_links.LASTS + timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
    for answer in (stranger.get(link), stranger.post(link)):
        assert answer.status_code == 404
    if ended != "forged":
        assert stranger.get(CALLBACK, {"state": state, "code": "x"}).status_code == 404
        assert provider.queries == []


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_only_admins_make_links(client: Client, people: People, world: World, role: str) -> None:
    client.force_login(getattr(people, role))
    answer = client.post(f"/w/acme/connections/{world.target.pk}/link/")
    assert answer.status_code == 403
    with tenant_scope(world.tenant_id):
        assert Connection.objects.get(pk=world.target.pk).asked == ""


def test_a_provider_without_a_consent_has_no_link(
    client: Client, people: People, world: World
) -> None:
    client.force_login(people.owner)
    page: Any = client.post(f"/w/acme/connections/{world.source.pk}/link/", follow=True)
    title = registry.provider("procurify").title
    assert f"{title} is not authorised by a link" in page.content.decode()
