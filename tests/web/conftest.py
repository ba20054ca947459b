"""People, one of everything, and a member of staff. Scopes commit for real, so tests do too.

What a test asks for is made once per run and copied into each further test that asks for the same.
"""

from typing import Any

import pytest
from django.test import Client

from connectors.providers.procore import limits as procore_limits
from connectors.providers.procurify import limits as procurify_limits
from connectors.providers.zoho_books import limits as zoho_limits
from tenants.models import User
from tests.companies import copied
from tests.people import People, make_people
from tests.web.world import World, make_world

NAMES = ("clerk", "people", "world", "other_world")


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are made with a provider's own limits here, and nobody waits for their pace."""
    monkeypatch.setattr(zoho_limits, "_PER_MINUTE", 60_000)
    monkeypatch.setattr(procurify_limits, "_PER_MINUTE", 60_000)
    monkeypatch.setattr(procore_limits, "_PER_10_SECONDS", 10_000)


@pytest.fixture
def made(request: pytest.FixtureRequest, transactional_db: None) -> dict[str, Any]:
    """All of these that the test asks for, by name: a copy goes into an empty database only."""
    asked = frozenset(NAMES) & frozenset(request.fixturenames)
    return copied(("web", asked), lambda: _make(asked))


def _make(asked: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "clerk" in asked:
        found["clerk"] = User.objects.create_superuser("staff@example.com", "a-long-password")
    if asked & {"people", "world", "other_world"}:
        people = found["people"] = make_people()
        if "world" in asked:
            found["world"] = make_world(people.tenant.pk)
        if "other_world" in asked:
            found["other_world"] = make_world(people.other_tenant.pk)
    return found


@pytest.fixture
def people(made: dict[str, Any]) -> People:
    found: People = made["people"]
    return found


@pytest.fixture
def world(made: dict[str, Any]) -> World:
    found: World = made["world"]
    return found


@pytest.fixture
def other_world(made: dict[str, Any]) -> World:
    found: World = made["other_world"]
    return found


@pytest.fixture
def clerk(made: dict[str, Any]) -> User:
    """Staff who may do everything in the staff pages, and is a member nowhere."""
    found: User = made["clerk"]
    return found


@pytest.fixture
def staff(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client
