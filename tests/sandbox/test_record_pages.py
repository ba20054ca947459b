"""People change single records on the simulators' pages, by the simulators' own rules."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.sandbox import procore, procurify, zoho_books
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.world import SimulatorFactory, World
from tests.sandbox.serving import serving

SIMULATORS: dict[str, SimulatorFactory] = {
    "procurify": procurify.Simulator,
    "zoho_books": zoho_books.Simulator,
    "procore": procore.Simulator,
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, str]]:
    world = World(SIMULATORS, COMPANIES)
    world.load_companies([{"company": "manufacturing"}, {"company": "construction"}])
    with serving(world) as url:
        yield world, url


def press(address: str, do: str, **more: str) -> httpx.Response:
    """As a browser sends the form of the page as it stands."""
    shown = re.search(r'name="seen" value="([^"]*)"', httpx.get(address).text)
    assert shown
    host = "/".join(address.split("/")[:3])
    form = {"seen": shown[1], "do": do, **more}
    return httpx.post(address, data=form, headers={"Origin": host})


def test_changes_in_procurify_follow_its_rules(served: tuple[World, str]) -> None:
    world, url = served
    store = world.simulators["procurify"].store  # type: ignore[attr-defined]
    root = f"{url}/records/procurify/{store.subdomain}"
    bill = next(
        one
        for one in store["bills"].rows.values()
        if one["status"] == 2 and one["items"][0].get("quantity") and one["items"][0]["allocations"]
    )
    group, item = bill["group"], bill["items"][0]
    page = f"{root}/bill/{group}/"
    answer = press(page, "save", **{f"line.{item['id']}.unit_cost": "7.10", "note": "By hand"})
    assert answer.status_code == 303
    fixed = store["bills"].get(group)
    assert (fixed["version"], fixed["note"]) == (bill["version"] + 1, "By hand")
    shares = sum(float(one["amount"]) for one in fixed["items"][0]["allocations"])
    assert f"{shares:.2f}" == fixed["items"][0]["total_cost"]
    assert press(page, "withdraw").status_code == 303
    assert store["bills"].get(group)["status"] == 5
    assert press(page, "pay").status_code == 400, "a withdrawn bill cannot be paid"
    order = next(one for one in store["purchase_orders"].rows.values() if one["state"] == 0)
    page = f"{root}/purchase_order/{order['procurify_PO']}/"
    assert press(page, "cancel").status_code == 303
    assert order["state"] == 1
    assert "Reopen" in httpx.get(page).text
    payment = next(iter(store["payments"].rows))
    assert "deleted" in press(f"{root}/payment/{payment}/", "delete").text
    assert httpx.get(f"{root}/payment/{payment}/").status_code == 404
    assert press(f"{root}/vendor/1/", "deactivate").status_code == 303


def test_changes_in_zoho_books_and_procore_follow_their_rules(served: tuple[World, str]) -> None:
    world, url = served
    zoho: Any = world.simulators["zoho_books"]
    org = list(zoho.organizations.values())[-1]
    order = next(one for one in org["purchaseorders"].records() if one["status"] == "open")
    page = f"{url}/records/zoho_books/{org.id}/purchase_order/{order['purchaseorder_id']}/"
    line = order["line_items"][0]
    changed = {f"line.{line['line_item_id']}.rate": "3.25"}
    assert press(page, "save", **changed).status_code == 303
    after = org["purchaseorders"].need(order["purchaseorder_id"])
    assert after["line_items"][0]["rate"] != line["rate"]
    assert after["total"] != order["total"]
    assert press(page, "cancelled").status_code == 303
    assert press(page, "save", notes="x").status_code == 400, "cancelled orders stay as they are"
    books = next(iter(world.simulators["procore"].companies.values()))  # type: ignore[attr-defined]
    one = books["purchase_order_contracts"].records()[0]
    page = f"{url}/records/procore/{books.company['id']}/commitment/{one['id']}/"
    row = books["line_items"].of(one["id"])[0]
    assert press(page, "save", **{f"line.{row['id']}.amount": "481.00"}).status_code == 303
    assert books["line_items"].need(row["id"])["amount"] == 481
    assert press(page, "delete").status_code == 200
    assert books["purchase_order_contracts"].get(one["id"]) is None


def test_bad_input_changes_nothing(served: tuple[World, str]) -> None:
    world, url = served
    store = world.simulators["procurify"].store  # type: ignore[attr-defined]
    order = next(one for one in store["purchase_orders"].rows.values() if one["state"] == 0)
    page = f"{url}/records/procurify/{store.subdomain}/purchase_order/{order['procurify_PO']}/"
    before = copy.deepcopy(order)
    item = order["items"][0]["id"]
    price = f"line.{item}.price"
    for given in ({price: "much"}, {price: "1e99"}, {"date": "soon"}, {"comment": "x" * 600}):
        answer = press(page, "save", **given)
        assert answer.status_code == 400, given
        assert "enter" in answer.text
    stale = {"seen": "long ago", "do": "cancel"}
    assert httpx.post(page, data=stale, headers={"Origin": url}).status_code == 400
    assert (
        httpx.post(page, data=stale, headers={"Origin": "http://evil.example"}).status_code == 403
    )
    assert httpx.post(page, data=stale).status_code == 403, "a form without an origin"
    assert httpx.post(page, data={"x": "y" * 200_000}, headers={"Origin": url}).status_code == 413
    assert httpx.get(page, headers={"Host": "rebound.example.com"}).status_code == 403
    shown = press(page, "save", comment="<script>alert(1)</script>")
    assert shown.status_code == 303
    assert "<script>" not in httpx.get(page).text
    moved = ("comment", "version", "last_modified")
    assert {**before, **dict.fromkeys(moved)} == {**order, **dict.fromkeys(moved)}
