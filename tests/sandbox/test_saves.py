"""A save holds everything that was there, and nothing that happened since shows in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.__main__ import SIMULATORS
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.world import World
from tests.sandbox.live import Live
from tests.sandbox.serving import serving

PROVIDERS = ("procurify", "zoho_books", "procore")
WISHES = [
    {"company": "manufacturing", "counts": {"plain": True, "orders": 3, "bills": 2}},
    {"company": "construction", "counts": {"plain": True, "orders": 5, "edited": 4}},
]


@pytest.fixture
def both() -> Iterator[Live]:
    """Two companies, saved as "made"."""
    world = World(SIMULATORS, COMPANIES)
    with serving(world) as url:
        live = Live(world, url)
        live.control("POST", "reset", {"companies": WISHES, "options": {"zoho_per_minute": 0}})
        live.control("POST", "saves/made")
        yield live
        live.http.close()


def books(both: Live) -> dict[str, Any]:
    return {name: both.control("GET", f"books/{name}") for name in PROVIDERS}


def project(both: Live) -> str:
    return str(both.control("GET", "books/procore")["projects"][0]["id"])


def test_a_restored_save_holds_what_was_saved_however_often(both: Live) -> None:
    before = books(both)
    for _ in range(2):
        both.control("POST", "act?company=construction")
        both.control("POST", f"edit/procore/projects/{project(both)}", {"name": "Another"})
        assert books(both) != before
        both.control("POST", "saves/made/restore")
        assert books(both) == before
        assert both.control("GET", "company?company=construction")["played"] == 0


def test_another_company_makes_room_for_it(both: Live) -> None:
    before = books(both)
    both.control("POST", "reset", {"company": "manufacturing", "options": {"x": 1}})
    both.control("POST", "saves/made/restore")
    assert books(both) == before
    assert both.control("GET", "health")["companies"] == ["manufacturing", "construction"]
    assert both.control("GET", "options") == {"zoho_per_minute": 0}


def test_tokens_of_then_open_the_doors_again_and_later_ones_do_not(both: Live) -> None:
    login = {
        "grant_type": "client_credentials",
        "client_id": "ridgeline-connector",
        "client_secret": "procore-sandbox-secret",
    }

    def granted() -> str:
        answer = both.http.post("/procore/login/oauth/token", json=login)
        return str(answer.json()["access_token"])

    def opens(token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        return both.http.get("/procore/login/oauth/token/info", headers=headers).is_success

    early = granted()
    both.control("POST", "saves/connected")
    late = granted()
    both.control("POST", "call/procore/expire_tokens")
    assert not opens(early)
    both.control("POST", "saves/connected/restore")
    assert (opens(early), opens(late)) == (True, False)


def test_hooks_and_faults_are_not_restored(both: Live) -> None:
    hook = {"url": "http://127.0.0.1:9/hook", "secret": "asecretoffourteen"}
    both.control("POST", "call/zoho_books/add_webhook", hook)
    rule = {"match": {}, "kind": "drop_before", "count": 9}
    both.control("POST", "faults", {"rules": [rule]})
    both.control("POST", "saves/made/restore")
    assert both.control("POST", "call/zoho_books/webhooks")["result"] == []
    assert both.control("GET", "requests")["requests"] == []
    assert both.world.faults.summary()["rules"] == 0


def test_what_was_never_saved_is_refused(both: Live) -> None:
    assert both.http.post("/control/saves/nothing/restore").status_code == 404


def test_the_clock_goes_back_to_where_it_was_at_the_save(both: Live) -> None:
    both.control("POST", "clock", {"advance_seconds": 60})
    both.control("POST", "saves/later")
    both.control("POST", "clock", {"advance_seconds": 3600})
    for save, offset in (("later", 60), ("made", 0)):
        both.control("POST", f"saves/{save}/restore")
        assert both.world.clock.offset_seconds == offset


def test_a_fresh_company_begins_at_the_real_time(both: Live) -> None:
    both.control("POST", "clock", {"advance_seconds": 3600})
    both.control("POST", "reset", {"company": "manufacturing", "counts": {"plain": True}})
    assert both.world.clock.offset_seconds == 0
