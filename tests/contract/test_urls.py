"""Every address of the service, present and future, as nobody and as a member of another tenant.

None of them shows anything: they are sent to log in, refused, or find nothing. What may be seen by
anybody is a short list here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.people import People, make_people
from tests.web.world import SECRETS, World, make_world

# Route -> why anybody may see it.
OPEN = {
    "healthz": "load balancers ask it; it says yes or no",
    "admin/login/": "people log in here",
}
# 404 may also mean that the address was filled in wrongly, which would test nothing.
HARMLESS = {302, 403, 404}
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
            yield route, own


ROUTES = [route for route, _ in routes()]


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
        "url": "connectors/",
        "provider": "zoho_books",
        "token": "00000000-0000-4000-8000-000000000000",
    }
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: str(given[place[1]]), plain)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def _row_of(route: str, world: World) -> int:
    rows = {
        "tenant/": world.tenant_id,
        "connection/": world.target.pk,
        "integration/": world.integration.pk,
        "document/": world.held.pk,
        "mappingfailure/": world.failure.pk,
        "mapping/": world.mapping.pk,
        "run/": world.run.pk,
        "referenceitem/": world.vendors[0].pk,
        "webhookendpoint/": world.endpoint.pk,
        "inboxevent/": world.event.pk,
    }
    return next((pk for part, pk in rows.items() if f"/{part}" in route), 1)


@pytest.fixture
def people(transactional_db: None) -> People:
    return make_people()


@pytest.fixture
def world(people: People) -> World:
    return make_world(people.tenant.pk)


def test_there_are_addresses_to_walk() -> None:
    assert {"healthz", "admin/login/", "oauth/callback/"} <= set(ROUTES)
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
            if "logout" in route:
                continue
            _check(route, method, getattr(client, method)(address(route, world)))


def _check(route: str, method: str, answer: Any) -> None:
    text = answer.content.decode(errors="replace")
    where = f"{method} {route}: {answer.status_code}"
    assert not any(secret in text for secret in SECRETS), where
    assert "Northwind" not in text, where
    assert "PO-41" not in text, where
    if route in OPEN:
        return
    # 400: an answer to a consent that was never asked for. 405: not a method of this address.
    assert answer.status_code in HARMLESS | {400, 405}, where
    if answer.status_code == 302:
        assert answer["Location"].startswith(("/admin/login/", "/login/")) or (
            answer["Location"] == "/admin/"
        ), f"{where} to {answer['Location']}"


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
    assert len(found) == 9
    assert set(found.values()) == {200}, found
