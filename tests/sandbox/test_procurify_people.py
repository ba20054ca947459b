"""Procurify's simulator: what people's edits do to versions, totals and modified times."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.procurify_tenant import (
    ITEM,
    Tenant,
    bill_item,
    bill_record,
    order_record,
    tenant,
)

BILL = "/edit/procurify/bill/1"
ORDER = "/edit/procurify/purchase_order/1"


@pytest.fixture
def procurify() -> Iterator[Tenant]:
    orders = [order_record(1), order_record(2)]
    with tenant(purchase_orders=orders, bills=[bill_record(1), bill_record(2)]) as served:
        yield served


def order(procurify: Tenant, key: int = 1) -> Any:
    return procurify.data(f"/api/v2/purchase_orders/{key}/")


@pytest.mark.parametrize(("action", "state"), [("cancel", 1), ("close", 3), ("reopen", 5)])
def test_a_new_state_moves_the_header_only(procurify: Tenant, action: str, state: int) -> None:
    before = order(procurify)
    procurify.control(ORDER, {"action": action})
    after = order(procurify)
    assert (after["state"], after["version"]) == (state, 1)
    assert after["last_modified"] > before["last_modified"]
    assert after["order_items"][0]["last_modified"] == before["order_items"][0]["last_modified"]


def test_a_revision_moves_what_it_changed(procurify: Tenant) -> None:
    kept = procurify.world.simulators["procurify"].books()["purchase_orders"][0]["items"][0]
    procurify.control(ORDER, {"items": [kept, {**ITEM, "quantity": "3"}]})
    after = order(procurify)
    first, second = after["order_items"]
    assert (after["version"], after["total"], second["total_cost"]) == (2, "162.50", "37.50")
    assert first["last_modified"] == kept["last_modified"]
    assert second["last_modified"] > kept["last_modified"]
    assert second["id"] == 21
    assert len(procurify.walk("/api/v3/order-items/")) == 3


def test_given_totals_stay_even_when_they_do_not_add_up(procurify: Tenant) -> None:
    procurify.control(ORDER, {"freight": "10.00"})
    assert order(procurify)["total"] == "135.00"
    procurify.control(ORDER, {"total": "999.99"})
    assert order(procurify)["total"] == "999.99"


def test_header_charges_are_added_up(procurify: Tenant) -> None:
    """125.00 less 10 per cent is 112.50; 5 per cent of it 5.63; freight 4.00."""
    changes = {
        "discount": {"value": "10", "type": "percentage"},
        "tax": {"value": "5", "type": "percentage"},
        "freight": "4.00",
    }
    procurify.control(ORDER, changes)
    assert order(procurify)["total"] == "122.13"


def test_an_added_order_is_complete(procurify: Tenant) -> None:
    procurify.control("/add/procurify/purchase_order", {"vendor": 1, "items": [dict(ITEM)]})
    added = order(procurify, 3)
    assert (added["number"], added["total"], added["state"]) == ("PO-3", "125.00", 0)
    assert procurify.walk("/api/v3/order-items/")[0]["purchase_order"] == 3


def test_fixing_a_bill_makes_a_version_of_the_same_group(procurify: Tenant) -> None:
    before = procurify.data("/api/v3/ap/bills/")[-1]
    item = bill_item(1, total_cost="200.00", tax_amount="10.00", total_cost_with_tax="210.00")
    procurify.control(BILL, {"action": "fix", "items": [item]})
    rows = procurify.walk("/api/v3/ap/bills/")
    after = rows[-1]
    assert len(rows) == 2
    assert (after["group"], after["version"], after["total_cost_with_tax"]) == (1, 2, 210.0)
    assert after["uuid"] != before["uuid"]
    assert after["last_modified_datetime"] > before["last_modified_datetime"]
    old = procurify.data(f"/api/v2/ap/bills/{before['uuid']}/")
    assert (old["active"], old["version"], old["total_cost_with_tax"]) == (False, 1, 115.5)
    assert [one["version"] for one in old["version_choices"]] == [1, 2]
    procurify.control("/options", {"procurify_old_versions_gone": True})
    assert procurify.get(f"/api/v2/ap/bills/{before['uuid']}/").status_code == 404


@pytest.mark.parametrize(
    ("action", "status"), [("withdraw", 5), ("deny", 3), ("approve", 2), ("pay", 4)]
)
def test_a_bills_life(procurify: Tenant, action: str, status: int) -> None:
    procurify.control(BILL, {"action": action})
    assert procurify.data("/api/v3/ap/bills/")[-1]["status"] == status


def test_a_deleted_bill_vanishes_silently(procurify: Tenant) -> None:
    gone = procurify.data("/api/v3/ap/bills/")[-1]
    procurify.control("/delete/procurify/bill/1")
    assert [row["group"] for row in procurify.walk("/api/v3/ap/bills/")] == [2]
    assert procurify.get(f"/api/v2/ap/bills/{gone['uuid']}/").status_code == 404


def test_an_added_bill_is_complete(procurify: Tenant) -> None:
    item = {
        "description": "Nuts",
        "quantity": "4",
        "unit_cost": "2.50",
        "tax_percentage": "5",
        "allocations": [{"account": 11, "amount": "10.00"}],
    }
    procurify.control("/add/procurify/bill", {"vendor": 1, "items": [item]})
    added = procurify.data("/api/v3/ap/bills/")[0]
    assert (added["status"], added["total_cost_with_tax"]) == (2, 10.5)
    assert procurify.get(f"/api/v2/ap/bills/{added['uuid']}/").status_code == 200


def test_nonsense_is_refused_with_a_sentence(procurify: Tenant) -> None:
    for path, body, said in (
        (ORDER, {"action": "burn"}, "Unknown order action"),
        (BILL, {"action": "burn"}, "Unknown bill action"),
        ("/edit/procurify/bill/99", {}, "no bill 99"),
        ("/add/procurify/poem", {}, "Unknown kind"),
    ):
        answer = procurify.door.post(path, json=body)
        assert answer.status_code in (400, 404)
        assert said in answer.json()["error"]


def test_vendors_by_group_and_by_id(procurify: Tenant) -> None:
    names = {
        group: [row["name"] for row in procurify.walk(f"/api/v3/vendors/{group}/")]
        for group in ("all", "default", "credit_card_providers", "other")
    }
    assert names == {
        "all": ["Cards", "Acme"],
        "default": ["Acme"],
        "credit_card_providers": ["Cards"],
        "other": [],
    }
    assert procurify.get("/api/v3/vendors/friends/").status_code == 404
    assert procurify.data("/api/v3/vendors/1/")["name"] == "Acme"
    assert [row["id"] for row in procurify.data("/api/v3/vendors/", name="acme")] == [1]


def test_a_vendor_is_changed_through_the_api(procurify: Tenant) -> None:
    before = procurify.data("/api/v3/vendors/1/")
    answer = procurify.http.patch(
        "/api/v3/vendors/1/", json={"external_id": "460", "id": 9, "dateModified": "never"}
    )
    after = answer.json()["data"]
    assert (answer.status_code, after["external_id"], after["id"]) == (200, "460", 1)
    assert after["dateModified"] > before["dateModified"]
    assert [row["id"] for row in procurify.data("/api/v3/vendors/", external_id="460")] == [1]
    for wrong in ({"name": "x" * 151}, {"email": "a@b"}, {"currency": 77}):
        answer = procurify.http.patch("/api/v3/vendors/1/", json=wrong)
        assert (answer.status_code, list(answer.json())) == (400, list(wrong))
    assert procurify.http.put("/api/v3/vendors/1/", json={"name": "A"}).status_code == 400


def test_an_inactive_vendor_leaves_the_list_and_a_new_one_joins(procurify: Tenant) -> None:
    procurify.control("/edit/procurify/vendor/1", {"active": False})
    answer = procurify.http.post(
        "/api/v3/vendors/", json={"name": "Bolt", "email": ["b@example.com"], "type": 4}
    )
    assert (answer.status_code, answer.json()["data"]["id"]) == (201, 3)
    assert [row["name"] for row in procurify.walk("/api/v3/vendors/all/")] == ["Bolt", "Cards"]
    assert procurify.data("/api/v3/vendors/1/")["active"] is False
