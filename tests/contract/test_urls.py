"""Every address of the service, present and future, as nobody and as a member of another tenant.

None of them shows anything: they are sent to log in, refused, or find nothing. What may be seen by
anybody is a short list here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from connectors.models import Alert, AlertChannel, FitReport, Foreseen, Integration, seal
from tenants.models import Role, User
from tenants.scope import platform_scope, tenant_scope
from tests.companies import copied
from tests.people import People, make_people
from tests.web.world import NOW, SECRETS, World, make_world

# Route -> why anybody may see it.
OPEN = {
    "": "tells strangers what this is",
    "how/<slug:flow>/": "tells strangers how an integration works",
    "security/": "tells strangers how data is kept",
    "status/": "says which part of the service works, and no number of anybody",
    "docs/": "lists the project's documents",
    "docs/<slug:name>/": "one of the project's documents",
    "healthz": "load balancers ask it; it says yes or no",
    "healthz/work": "an alarm asks it; it says yes or no",
    "admin/login/": "leads to where everybody signs in",
    "sign-in/": "people sign in here",
    "sign-in/passkey/": "people sign in here with a passkey",
    "sign-up/": "strangers make an account here",
    "password/reset/": "people ask for a link here",
    "password/reset/sent/": "says that a link was sent",
    "password/reset/done/": "says that a password was set",
    "^password/reset/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-\\w]{1,80})/$": "their link",
    "account/": "leads to the first page",
    "authorise/<str:token>/": "leads whoever has a valid link to the provider",
    "fit/<str:token>/": "a shared report, for whoever has a valid link",
    "fit/<str:token>/export/": "the same",
    "fit/<str:token>/documents/<int:row_id>/": "the same",
    "account/inactive/": "leads to where everybody signs in",
}
# 404 may also mean that the address was filled in wrongly, which would test nothing.
HARMLESS = {302, 403, 404}
# Whoever is signed in, staff or not, is asked for their own password, and sees their own sessions.
OF_PEOPLE = frozenset(
    {
        "workspaces/new/",
        "sign-up/code/",
        "confirm/",
        "sessions/",
        "two-factor/",
        "passkeys/",
        "passkeys/add/",
        "two-factor/on/",
        "two-factor/off/",
        "two-factor/codes/",
        "two-factor/codes/new/",
    }
)
# Staff without a right see their own frame: no row of anybody.
OF_ALL_STAFF = frozenset(
    {
        "admin/",
        "admin/search/",
        "admin/jsi18n/",
        "admin/password_change/",
        "admin/password_change/done/",
    }
)
REPORT = {
    "name": "Main Street",
    "flow": "procurify_to_zoho_books",
    "words": "",
    "complete": True,
    "source": "Procurify",
    "target": "Zoho Books",
    "months": [],
    "matching": {},
    "calls": 1,
    "minutes": 1,
    "per_day": None,
    "afterwards": "",
    "history_start": "",
}
CHANGEABLE = ("tenants", "connectors", "audit", "auth")
METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> Iterator[tuple[str, Any]]:
    yield from _walk(get_resolver().url_patterns, "", {})


def _walk(
    patterns: list[Any], prefix: str, converters: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        own = {**converters, **getattr(pattern.pattern, "converters", {})}
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route, own)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


VIEWS = dict(routes())
ROUTES = list(VIEWS)


def address(route: str, world: World) -> str:
    """Fill the route's places with ids that exist, so that what is refused would be there."""
    given = {
        "tenant_id": world.tenant_id,
        "connection_id": world.target.pk,
        "user_id": 1,
        "button": "run",
        "app_label": "connectors",
        "content_type_id": 1,
        "object_id": _row_of(route, world),
        "pk": _row_of(route, world),
        "id": 1,
        "name": "states",
        "url": "connectors/",
        "provider": "zoho_books",
        "token": "00000000-0000-4000-8000-000000000000",
        "slug": "acme",
        "uidb36": "1",
        "key": "abc-def",
        "kind": "slack",
        "flow": "procurify_to_zoho_books",
        "stream": "bill",
        "cause": "held",
        "side": "target",
        "of": "documents",
        "act": "check-again",
        "report_id": 1,
        "row_id": 1,
    }
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: str(given[place[1]]), plain)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def _row_of(route: str, world: World) -> int:
    rows = {
        "integrations/": world.integration.pk,
        "tenant/": world.tenant_id,
        "connection/": world.target.pk,
        "integration/": world.integration.pk,
        "document/": world.held.pk,
        "mappingfailure/": world.failure.pk,
        "mapping/": world.mapping.pk,
        "mappings/": world.mapping.pk,
        "documents/": world.held.pk,
        "missing/": world.failure.pk,
        "review/": world.held.pk,
        "connections/": world.target.pk,
        "run/": world.run.pk,
        "referenceitem/": world.vendors[0].pk,
        "webhookendpoint/": world.endpoint.pk,
        "inboxevent/": world.event.pk,
    }
    return next((pk for part, pk in rows.items() if f"/{part}" in route), 1)


@pytest.fixture
def made(transactional_db: None) -> tuple[People, World]:
    def make() -> tuple[People, World]:
        people = make_people()
        world = make_world(people.tenant.pk)
        with tenant_scope(world.tenant_id):
            # The id with which an address is filled in where the world has no row of its kind.
            Alert.objects.create(pk=1, at=NOW, subject="Northwind", body="Northwind", recipients=1)
            of = {"pk": 1, "integration": world.integration, "run": world.run}
            FitReport.objects.create(**of, made_at=NOW, content=REPORT)
            Foreseen.objects.create(**of, document=world.held, outcome="hold", party="Northwind")
            channel = AlertChannel(pk=1, kind="webhook", name="Northwind", host="a.example.com")
            seal(channel, "sealed_target", {"url": f"https://a.example.com/{SECRETS[4]}"})
            channel.save(force_insert=True)
        return people, world

    return copied("addresses", make)


@pytest.fixture
def people(made: tuple[People, World]) -> People:
    return made[0]


@pytest.fixture
def world(made: tuple[People, World]) -> World:
    return made[1]


def test_there_are_addresses_to_walk() -> None:
    assert {"healthz", "sign-in/", "oauth/callback/"} <= set(ROUTES)
    assert sum("connectors/" in route for route in ROUTES) > 40
    assert set(OPEN) <= set(ROUTES), "the list names an address that is gone"


def test_nobody_sees_anything(client: Client, world: World) -> None:
    for route in ROUTES:
        for method in METHODS:
            _check(route, method, getattr(client, method)(address(route, world)))


def test_a_member_of_another_tenant_sees_nothing(
    client: Client, people: People, world: World
) -> None:
    client.force_login(people.outsider)
    for route in ROUTES:
        for method in METHODS:
            if _signs_out(route):
                continue
            answer = getattr(client, method)(address(route, world))
            _check(route, method, answer, also_open=OF_PEOPLE)


def test_staff_without_a_right_see_nothing(client: Client, people: People, world: World) -> None:
    _make_staff(client, people.outsider)
    for route in ROUTES:
        for method in METHODS:
            if _signs_out(route):
                continue
            answer = getattr(client, method)(address(route, world))
            _check(route, method, answer, also_open=OF_ALL_STAFF | OF_PEOPLE)


def test_staff_who_may_only_view_change_nothing(
    client: Client, people: People, world: World
) -> None:
    views = Permission.objects.filter(codename__startswith="view_")
    _make_staff(client, people.outsider, *views)
    with tenant_scope(world.tenant_id):
        # Paused it may be resumed, and be asked for a dry run.
        Integration.objects.update(enabled=False)
    before = _rows()
    for route in ROUTES:
        if not _signs_out(route):
            client.post(address(route, world), {"post": "yes"})
    assert _rows() == before


@pytest.mark.parametrize("role", Role)
def test_members_do_what_their_role_allows(
    client: Client, people: People, world: World, role: Role
) -> None:
    """Every page of a workspace: open to who may, 403 for members below, and no secret on any."""
    client.force_login(people.of_role(role))
    pages = [(route, view) for route, view in VIEWS.items() if route.startswith("w/")]
    assert len(pages) > 25
    for route, view in pages:
        url = address(route, world)
        answer = client.get(url)
        assert not any(secret in _text(answer) for secret in SECRETS), route
        if role.allows(view.needed):
            # 302: to confirm who they are. 405: a button.
            assert answer.status_code in {200, 302, 405}, f"{role} {route}: {answer.status_code}"
            continue
        found = {answer.status_code, client.post(url).status_code}
        assert found in ({403}, {403, 405}), f"{role} {route}: {found}"


def test_pages_of_a_workspace_show_what_is_in_it(
    client: Client, people: People, world: World
) -> None:
    """The walks of those who see nothing would prove nothing if nobody saw anything."""
    client.force_login(people.viewer)
    for name in ("", "review/", "documents/", f"documents/{world.held.pk}/", "mappings/"):
        text = client.get(f"/w/acme/{name}").content.decode()
        assert "Northwind" in text or "PO-41" in text or name == "", name


def _text(answer: Any) -> str:
    content = answer.getvalue() if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def _signs_out(route: str) -> bool:
    return "logout" in route or "sign-out" in route


def _make_staff(client: Client, person: User, *permissions: Permission) -> None:
    person.is_staff = True
    person.save()
    person.user_permissions.set(permissions)
    client.force_login(person)


def _rows() -> dict[str, list[Any]]:
    """All that people could change, of all tenants."""
    ours = [m for m in apps.get_models() if m._meta.app_label in CHANGEABLE]
    with platform_scope():
        return {m._meta.label: list(m._default_manager.order_by("pk").values()) for m in ours}


def _check(route: str, method: str, answer: Any, also_open: frozenset[str] = frozenset()) -> None:
    text = _text(answer)
    where = f"{method} {route}: {answer.status_code}"
    assert not any(secret in text for secret in SECRETS), where
    assert "Northwind" not in text, where
    assert "PO-41" not in text, where
    if route in OPEN or route in also_open:
        return
    # 400: an answer to a consent that was never asked for. 405: not a method of this address.
    assert answer.status_code in HARMLESS | {400, 405}, where
    if answer.status_code == 302:
        # Whoever is signed in is also led to their first page, which this walk meets by itself.
        mine = ("/admin/",) if "admin/" in also_open else ("/admin/login/", "/sign-in/")
        assert answer["Location"].startswith(mine) or answer["Location"] in {"/", "/admin/"}, (
            f"{where} to {answer['Location']}"
        )


def test_the_ids_are_real(client: Client, people: People, world: World) -> None:
    """The walk would prove nothing with addresses that lead nowhere: staff do get there."""
    people.admin.is_staff = people.admin.is_superuser = True
    people.admin.save()
    client.force_login(people.admin)
    found = {
        route: client.get(address(route, world)).status_code
        for route in ROUTES
        if "connectors/" in route and "<path:object_id>/change/" in route
    }
    assert len(found) == 10
    assert set(found.values()) == {200}, found
