"""The construction company: what it holds, that it is what it says, and that its acts play."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.sandbox import procore, procurify, zoho_books
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.construction import build
from connectors.sandbox.companies.construction_shapes import ROUNDED
from connectors.sandbox.world import SimulatorFactory, World
from tests.sandbox.serving import serving

SIMULATORS: dict[str, SimulatorFactory] = {
    "procore": procore.Simulator,
    "procurify": procurify.Simulator,
    "zoho_books": zoho_books.Simulator,
}
WAITING = {"vendor_missing", "project_missing", "cost_code_missing"}
HELD = {"currency_differs", "unbudgeted", "unknown_status"}
POSTING = {
    "open", "approved", "issued", "billed", "partially_billed", "partially_received", "received",
    "closed",
}  # fmt: skip


@pytest.fixture(scope="module")
def company() -> Company:
    return build()


def classes(rows: list[dict[str, Any]]) -> set[str]:
    return {row["class"] for row in rows}


def edits(company: Company) -> list[dict[str, Any]]:
    return [
        step for step in company.acts[0] if step.get("kind") == "purchaseorders" and "id" in step
    ]


def edited_orders(company: Company) -> set[str]:
    return {step["id"] for step in edits(company)}


def project_ids(company: Company) -> list[int]:
    return [int(text) for text in company.connect["procore"]["project_ids"].split(", ")]


# What it holds


def test_the_same_seed_gives_the_same_company(company: Company) -> None:
    assert json.dumps(vars(build())) == json.dumps(vars(company))
    assert json.dumps(vars(build(seed=2))) != json.dumps(vars(company))


def test_its_size_is_what_was_asked_for(company: Company) -> None:
    assert len(company.zoho_books["purchaseorders"]) == 300
    assert len(edited_orders(company)) == 200
    small = build(orders=140, projects=10, vendors=30, edited=60)
    assert len(small.zoho_books["purchaseorders"]) == 140
    assert len(edited_orders(small)) == 60
    assert len(project_ids(small)) == 10
    wrong: Any
    for wrong, said in (
        ({"orders": 20}, "needs at least orders="),
        ({"edited": 20}, "needs at least edited="),
        ({"vendors": 3}, "Choose between"),
        ({"projects": 40}, "Choose between"),
    ):
        with pytest.raises(ValueError, match=said):
            build(**wrong)


def test_a_plain_company_has_no_trouble() -> None:
    company = build(plain=True, orders=300)
    (expected,) = company.expected
    assert company.acts == []
    assert expected["documents"] == {"purchase_order": {"posted": 300, "total": 300}}
    assert expected["waiting"] == expected["held"] == []
    edited = build(plain=True, orders=60, edited=25)
    assert len(edited_orders(edited)) == 25
    assert edited.expected[1]["documents"] == {"purchase_order": {"posted": 60, "total": 60}}


def test_every_order_has_one_state_in_every_act(company: Company) -> None:
    for expected in company.expected:
        for books in (expected, expected["after_mapping"]):
            counts = dict(books["documents"]["purchase_order"])
            unread = sum(row["state"] == "unread" for row in books["cases"])
            new = sum(step["op"] == "add" for act in company.acts[: books["act"]] for step in act)
            assert counts.pop("total") == sum(counts.values()) == 300 - unread + new
            for state in ("waiting", "held"):
                listed = {row["source_key"] for row in books[state]}
                assert len(listed) == len(books[state]) == counts[state]


def test_every_trouble_is_planted_more_than_once(company: Company) -> None:
    before, after, _ = company.expected
    cases = {row["source_key"] for row in before["cases"]}
    before_held, after_held = (
        [row for row in books["held"] if row["source_key"] not in cases]
        for books in (before, after)
    )
    assert classes(before["waiting"]) == WAITING
    assert classes(before_held) == HELD
    assert classes(after_held) == HELD | {"invoiced"}
    for rows in (before["waiting"], before_held, after_held):
        assert min(Counter(row["class"] for row in rows).values()) > 1
    assert any(row["also"] for row in before["waiting"])
    assert classes(after["after_mapping"]["waiting"]) == {"vendor_missing", "project_missing"}
    assert after["documents"]["purchase_order"]["cancelled"] > 1


def test_orders_are_in_all_statuses(company: Company) -> None:
    found = {order["status"] for order in company.zoho_books["purchaseorders"]}
    assert found >= POSTING | {"draft", "pending_approval", "rejected", "cancelled"}


def test_every_project_has_commitments_of_both_methods_somewhere(company: Company) -> None:
    commitments = company.expected[0]["commitments"]
    assert {row["project"] for row in commitments} == set(project_ids(company))
    assert {row["accounting_method"] for row in commitments} == {"unit", "amount"}
    assert len({row["number"] for row in commitments}) == len(commitments)
    suffixes = {row["number"].removeprefix(row["order"]) for row in commitments}
    assert suffixes == {"", "-1", "-2", "-3"}
    assert {row["number"][-2:] for row in company.expected[1]["commitments"]} >= {"-1", "-2"}
    listed = {
        (row["id"], vendor) for row in company.procore["projects"] for vendor in row["vendors"]
    }
    assert any((row["project"], row["vendor_id"]) not in listed for row in commitments)


def test_many_orders_are_edited_several_times(company: Company) -> None:
    per_order = Counter(step["id"] for step in edits(company))
    assert sum(count > 1 for count in per_order.values()) > 80
    assert max(per_order.values()) == 5
    assert len(company.acts[0]) > 350
    changed = {name for step in edits(company) for name in step["changes"]}
    assert changed >= {
        "add_lines", "change_lines", "remove_lines", "vendor_id", "status", "delivery_date",
        "discount", "adjustment", "notes",
    }  # fmt: skip
    touched = [
        change
        for step in edits(company)
        for change in step["changes"].get("change_lines", {}).values()
    ]
    assert {name for change in touched for name in change} == {
        "quantity", "rate", "project_id", "account_id",
    }  # fmt: skip


def test_a_line_of_measured_work_is_one_that_quantity_and_rate_do_not_reproduce() -> None:
    for quantity, rate, cents in ROUNDED:
        exact = Decimal(quantity) * Decimal(rate) * 100
        assert exact != cents
        assert abs(exact - cents) <= Decimal("0.5")


def test_an_act_can_be_played_some_edits_at_a_time() -> None:
    world = World(SIMULATORS, COMPANIES)
    world.load_company("construction", counts={"plain": True, "orders": 8, "edited": 3})
    first = world.play_next_act(most=4)
    left = first["left"]
    assert (first["act"], first["edits"]) == (1, 4)
    assert left > 0
    assert world.expected()["act"] == 0, "the books move with the act's last edit"
    with pytest.raises(ValueError, match="one edit at least"):
        world.play_next_act(most=0)
    rest = world.play_next_act()
    assert (rest["name"], rest["edits"], rest["left"]) == ("3 orders edited", left, 0)
    assert world.expected()["act"] == 1
    with pytest.raises(LookupError, match="have been played"):
        world.play_next_act(most=4)


def test_written_lines_add_up_to_written_totals(company: Company) -> None:
    for expected in company.expected:
        for row in expected["after_mapping"]["commitments"]:
            lines = sum(Decimal(line["amount"]) for line in row["lines"])
            assert lines == Decimal(row["total"]), row["number"]


# What the simulators make of it


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """The company before its act and after."""
    made = []
    for act in range(2):
        world = World(SIMULATORS, COMPANIES)
        world.load_company("construction")
        for want in world.expected()["commitments"] if act else ():
            post(world, want)
        for _ in range(act):
            world.play_next_act()
        made.append(world)
    return made


def post(world: World, want: dict[str, Any]) -> None:
    """The head of a commitment, typed into Procore so that people can invoice it."""
    record = {name: want[name] for name in ("number", "status")}
    record |= {"vendor_id": world_vendor(world, want), "project_id": want["project"]}
    world.simulator("procore").add("purchase_order_contracts", record)


def world_vendor(world: World, want: dict[str, Any]) -> int:
    """The commitment's vendor, in the project's directory by now."""
    entry = {"project_id": want["project"], "vendor_id": want["vendor_id"]}
    with suppress(ValueError):  # it is there already
        world.simulator("procore").add("project_vendors", entry)
    return int(want["vendor_id"])


def test_commitments_together_are_what_zoho_adds_up(worlds: list[World]) -> None:
    """The author's arithmetic against the simulator's: taxes, discounts, adjustments, rounding."""
    for world in worlds:
        orders = {
            row["purchaseorder_number"]: row
            for row in world.simulator("zoho_books").books()["purchaseorders"]
        }
        for books in (world.expected(), world.expected()["after_mapping"]):
            troubled = {row["number"] for row in books["waiting"] + books["held"]}
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for row in books["commitments"]:
                if row["status"] != "Closed" and row["order"] not in troubled:
                    sums[row["order"]] += Decimal(row["total"])
            assert len(sums) == books["documents"]["purchase_order"]["posted"]
            for number, total in sums.items():
                withheld = orders[number].get("tds_amount", Decimal())
                assert orders[number]["total"] + withheld == total, number


def test_the_method_says_whether_zohos_lines_reproduce(worlds: list[World]) -> None:
    for world in worlds:
        exact = defaultdict(list)
        names = {row["source_id"]: row["target"] for row in mapped_projects(world)}
        for order in world.simulator("zoho_books").books()["purchaseorders"]:
            for line in order["line_items"]:
                key = order["purchaseorder_id"], names.get(line["project_id"])
                exact[key].append(line["quantity"] * line["rate"] == line["item_total"])
        for row in world.expected()["commitments"]:
            lines = exact.get((row["source_key"], row["project"]))
            if lines:
                method = "unit" if all(lines) else "amount"
                assert row["accounting_method"] == method, row["number"]


def mapped_projects(world: World) -> list[dict[str, Any]]:
    assert world.company is not None
    rows = world.company.connect["mappings"] + world.company.connect["resolutions"]
    return [
        {"source_id": row["source_key"], "target": int(row["target_id"])}
        for row in rows
        if row["kind"] == "project"
    ]


def test_what_is_expected_exists_in_procore(worlds: list[World]) -> None:
    for world in worlds:
        books = world.simulator("procore").books()
        codes = {(row["project_id"], row["flat_code"]): row for row in books["wbs_codes"]}
        vendors = {row["id"]: row["name"] for row in books["vendors"]}
        assert [row["id"] for row in world.expected()["vendors"]] == list(vendors)
        for row in world.expected()["after_mapping"]["commitments"]:
            assert vendors[row["vendor_id"]] == row["vendor"]
            for line in row["lines"]:
                assert codes[row["project"], line["wbs"]]["status"] == "active"


def test_linked_projects_are_to_be_called_as_in_procore(worlds: list[World]) -> None:
    for world in worlds:
        there = {row["name"] for row in world.simulator("procore").books()["projects"]}
        before = {
            row["project_id"]: row["project_name"]
            for row in world.simulator("zoho_books").books()["projects"]
        }
        wanted = {row["project_id"]: row["name"] for row in world.expected()["projects"]}
        assert wanted.keys() == before.keys()
        renamed = {key for key in wanted if wanted[key] != before[key]}
        assert len(renamed) > 5
        assert all(wanted[key] in there for key in renamed)


def test_linked_vendors_are_to_be_called_as_zoho_books_calls_them(worlds: list[World]) -> None:
    for act, world in enumerate(worlds):
        contacts = world.simulator("zoho_books").books()["contacts"]
        names = {" ".join(row["contact_name"].split()): row for row in contacts}
        before = {row["id"]: row for row in world.simulator("procore").books()["vendors"]}
        for wanted in (world.expected(), world.expected()["after_mapping"]):
            changed = [row for row in wanted["vendors"] if row["name"] != before[row["id"]]["name"]]
            # Those that a person has linked; what only looks the same keeps its name.
            assert world.company is not None
            mapped = {one["target_id"] for one in world.company.connect["mappings"]}
            assert len(changed) > 10
            assert all(row["name"] in names for row in changed if row["name"])
            if "after_mapping" in wanted:
                assert {str(row["id"]) for row in changed} <= mapped
            for row in changed:
                said = names.get(row["name"], {})
                assert row["email_address"] in (
                    said.get("email"), before[row["id"]]["email_address"],
                )  # fmt: skip
        closed = [row["name"] for row in world.expected()["vendors"] if not row["is_active"]]
        assert closed == (["Hartsel Paving Inc."] if act else [])


def test_an_invoice_reaches_its_commitment(worlds: list[World]) -> None:
    after = worlds[1]
    held = {row["number"] for row in after.expected()["held"] if row["class"] == "invoiced"}
    contracts = after.simulator("procore").books()["purchase_order_contracts"]
    invoiced = {row["number"] for row in contracts if Decimal(row["total_requisitions_amount"]) > 0}
    assert held == invoiced
    assert len(held) > 1


@pytest.fixture(scope="module")
def sandbox() -> Iterator[httpx.Client]:
    world = World(SIMULATORS, COMPANIES)
    world.load_company("construction")
    with serving(world) as url, httpx.Client(base_url=url, trust_env=False, verify=False) as client:
        yield client


def test_the_control_door_tells_what_to_connect_and_map(sandbox: httpx.Client) -> None:
    told = sandbox.get("/control/company").json()
    zoho = sandbox.get("/control/books/zoho_books").json()
    books = sandbox.get("/control/books/procore").json()
    assert told["zoho_books"]["organization_id"] == zoho["organization_id"]
    assert told["integration_options"] == {"reopen_approved": True}
    assert told["procore"]["project_ids"].count(",") == 14
    contacts = {row["contact_id"]: row["contact_name"] for row in zoho["contacts"]}
    projects = {row["project_id"]: row["project_name"] for row in zoho["projects"]}
    targets = {
        "vendor": {str(row["id"]): row["name"] for row in books["vendors"]},
        "project": {str(row["id"]): row["name"] for row in books["projects"]},
        "cost_code": {str(row["id"]): row["flat_code"] for row in books["wbs_codes"]},
    }
    targets["cost_code"] |= {row["flat_code"]: row["flat_code"] for row in books["wbs_codes"]}
    accounts = {row["account_code"] for row in zoho["chartofaccounts"]}
    for row in told["mappings"] + told["resolutions"]:
        assert targets[row["kind"]][row["target_id"]] == row["target_name"]
        if row["kind"] == "cost_code":
            project, code = row["source_key"].split("|")
            assert project in projects or project == "*"
            assert code in accounts or code.startswith("charge:")
        else:
            names = contacts if row["kind"] == "vendor" else projects
            assert names[row["source_key"]] == row["source_label"]
