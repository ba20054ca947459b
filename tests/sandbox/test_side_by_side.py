"""Two example companies in one sandbox: each keeps its own books, acts and webhooks."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.__main__ import SIMULATORS
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.world import World
from tests.sandbox.live import Live
from tests.sandbox.receiver import Receiver, receiver
from tests.sandbox.serving import serving

BUILDER = "construction"
WISHES = [
    {"company": "manufacturing", "counts": {"plain": True, "orders": 3, "bills": 2}},
    {"company": BUILDER, "counts": {"plain": True, "orders": 5, "edited": 4}},
]


@pytest.fixture
def both() -> Iterator[Live]:
    world = World(SIMULATORS, COMPANIES)
    with serving(world) as url:
        live = Live(world, url)
        live.control("POST", "reset", {"companies": WISHES, "options": {}})
        yield live
        live.http.close()


def organization(both: Live, company: str) -> str:
    return str(both.control("GET", f"company?company={company}")["zoho_books"]["organization_id"])


def orders(both: Live, company: str) -> list[dict[str, Any]]:
    books = both.control("GET", "books/zoho_books")
    own = organization(both, company)
    of_company = books if books["organization_id"] == own else books["other_organizations"][own]
    return list(of_company["purchaseorders"])


def test_each_company_has_its_own_organization_and_is_asked_for_by_name(both: Live) -> None:
    assert both.control("GET", "health")["companies"] == ["manufacturing", BUILDER]
    assert len(orders(both, BUILDER)) == 5
    assert not orders(both, "manufacturing")
    assert len(both.control("GET", "books/procurify")["purchase_orders"]) == 3
    assert both.control("GET", "books/procore")["projects"]
    assert both.control("GET", "company")["name"] == "manufacturing"
    assert "commitments" not in both.control("GET", "expected")
    assert len(both.control("GET", f"expected?company={BUILDER}")["commitments"]) >= 5


def test_an_act_changes_one_company_and_moves_only_its_expected_books(both: Live) -> None:
    before = orders(both, BUILDER)
    assert both.control("POST", f"act?company={BUILDER}")["edits"] >= 4
    assert orders(both, BUILDER) != before
    assert both.control("GET", f"company?company={BUILDER}")["played"] == 1
    assert both.control("GET", "company")["played"] == 0


def test_a_rule_of_one_organization_tells_nothing_of_the_other(both: Live) -> None:
    with receiver() as door:
        rule(both, door, organization(both, "manufacturing"))
        both.control("POST", f"act?company={BUILDER}")
        assert both.control("GET", "deliveries")["deliveries"] == {}
        rule(both, door, organization(both, BUILDER))
        order = orders(both, BUILDER)[0]["purchaseorder_id"]
        both.control("POST", f"edit/zoho_books/purchaseorders/{order}", {"notes": "new"})
        told = door.wait_for(1)
    assert [one.json["purchaseorder"]["purchaseorder_id"] for one in told] == [order]


def test_a_company_that_is_not_there_is_named_with_those_that_are(both: Live) -> None:
    answer = both.http.get("/control/company?company=bakery")
    assert answer.status_code == 404
    assert "there is ['construction', 'manufacturing']" in answer.json()["error"]


def test_two_companies_of_one_procurify_are_refused_and_nothing_is_lost(both: Live) -> None:
    twice = {"companies": [WISHES[0], WISHES[0]]}
    answer = both.http.post("/control/reset", json=twice)
    assert answer.status_code == 404
    assert "one company at a time" in answer.json()["error"]
    assert both.control("GET", "health")["companies"] == ["manufacturing", BUILDER]


def rule(both: Live, door: Receiver, organization_id: str) -> None:
    made = {"url": door.url, "organization_id": organization_id}
    both.control("POST", "call/zoho_books/add_webhook", made)
