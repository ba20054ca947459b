"""Commitments in the Procore simulator: contracts, lines, sync, origin ids and locks."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.procore_company import (
    ACME,
    BOLT,
    BRIDGE,
    BRIDGE_CODE,
    CONCRETE,
    DEPOT,
    OLD_CODE,
    STEEL,
    UNBUDGETED,
    Served,
    line,
    served,
)

ALL = "/v1.0/purchase_order_contracts"


@pytest.fixture
def company() -> Iterator[Served]:
    with served() as found:
        yield found


def lines_of(company: Served, contract: Any) -> list[Any]:
    path = f"{ALL}/{contract['id']}/line_items"
    found: list[Any] = company.done("GET", path, project_id=DEPOT)
    return found


def test_a_contract_begins_as_draft_with_amounts_as_text(company: Served) -> None:
    made = company.contract(contract_date="2026-06-01", currency_iso_code="USD")
    assert (made["status"], made["grand_total"]) == ("Draft", "0.0")
    assert made["vendor"] == {
        "id": ACME,
        "company": "Acme Concrete",
        "origin_id": None,
        "origin_data": None,
    }
    assert made["project"] == {"id": DEPOT, "name": "Depot"}
    assert made["line_items"] == []
    assert made["accounting_method"] == "amount"
    assert company.get(made) == made


def test_totals_follow_the_lines(company: Served) -> None:
    made = company.contract()
    synced = company.sync_lines(
        made, line("100.10", origin_id="a"), line("0.05", STEEL, origin_id="b")
    )
    assert synced["errors"] == []
    assert [one["amount"] for one in synced["entities"]] == ["100.1", "0.05"]
    assert company.get(made)["grand_total"] == "100.15"
    first = synced["entities"][0]
    path = f"{ALL}/{made['id']}/line_items/{first['id']}"
    body = {"project_id": DEPOT, "line_item": {"amount": 7}}
    assert company.done("PATCH", path, body)["amount"] == "7.0"
    assert company.done("DELETE", path, project_id=DEPOT) is None
    assert company.get(made)["grand_total"] == "0.05"


def test_on_unit_contracts_quantity_times_cost_is_the_amount_whatever_was_sent(
    company: Served,
) -> None:
    made = company.contract(accounting_method="unit")
    sent = line("1.00", quantity="3", unit_cost="1.335", uom="ea")
    (made_line,) = company.sync_lines(made, sent)["entities"]
    assert (made_line["amount"], made_line["extended_type"]) == ("4.01", "calculated")
    manual = line("1.00", quantity="3", unit_cost="1.335", extended_type="manual")
    (other,) = company.sync_lines(made, manual)["entities"]
    assert other["amount"] == "1.0"
    assert company.change(made, accounting_method="amount").status_code == 422


def test_lines_that_a_sync_does_not_name_stay(company: Served) -> None:
    made = company.contract()
    company.sync_lines(made, line(origin_id="a"), line(origin_id="b"))
    company.sync_lines(made, line("5", origin_id="a"))
    amounts = {one["origin_id"]: one["amount"] for one in lines_of(company, made)}
    assert amounts == {"a": "5.0", "b": "100.0"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"wbs_code_id": BRIDGE_CODE}, "wbs_code"),
        ({"wbs_code_id": OLD_CODE}, "wbs_code"),
        ({"wbs_code_id": None}, "wbs_code"),
        ({"uom": "furlong"}, "uom"),
        ({"amount": "ten"}, "amount"),
        ({"amount": None}, "amount"),
        ({"quantity": {}}, "quantity"),
        ({"origin_id": "taken"}, "origin_id"),
    ],
)
def test_a_bad_line_is_refused_by_itself(
    company: Served, wrong: dict[str, Any], field: str
) -> None:
    other = company.contract(number="PO-0")
    company.sync_lines(other, line(origin_id="taken"))
    made = company.contract()
    answer = company.sync_lines(made, line(origin_id="good"), line(**wrong))
    assert [one["origin_id"] for one in answer["entities"]] == ["good"]
    assert list(answer["errors"][0]["errors"]) == [field]
    assert answer["errors"][0]["description"] == "Cement"


def test_sync_finds_by_origin_id_or_id_as_documented(company: Served) -> None:
    neither, other = company.sync({"title": "x"}, {"title": "y"})["entities"]
    assert (neither["origin_id"], neither["id"] != other["id"]) == (None, True)
    (made,) = company.sync({"origin_id": "o-1", "title": "new"})["entities"]
    (again,) = company.sync({"origin_id": "o-1", "title": "newer"})["entities"]
    assert (again["id"], again["title"]) == (made["id"], "newer")
    (linked,) = company.sync({"id": neither["id"], "origin_id": "o-2"})["entities"]
    assert (linked["id"], linked["origin_id"]) == (neither["id"], "o-2")
    (moved,) = company.sync({"id": neither["id"], "origin_id": "o-3"})["entities"]
    assert (moved["id"], moved["origin_id"]) == (neither["id"], "o-3")
    missing = company.sync({"id": 999999999, "origin_id": "o-1", "title": "z"})
    assert missing["entities"] == []
    assert missing["errors"][0]["errors"] == {"id": ["Entity with this ID not found"]}
    assert missing["errors"][0]["title"] == "z"
    taken = company.sync({"id": other["id"], "origin_id": "o-1"})
    assert taken["errors"][0]["errors"] == {"origin_id": ["has already been taken"]}


def test_one_bad_row_does_not_hold_up_its_neighbours(company: Served) -> None:
    answer = company.sync(
        {"origin_id": "a", "vendor_id": ACME},
        {"origin_id": "b", "status": "Out For Signature"},
        {"origin_id": "c", "vendor_id": 1},
        {"origin_id": "d"},
    )
    assert [one["origin_id"] for one in answer["entities"]] == ["a", "d"]
    assert [list(one["errors"]) for one in answer["errors"]] == [["status"], ["vendor"]]


def test_sync_takes_a_thousand_rows_and_no_more(company: Served) -> None:
    rows = [{"title": "x"}] * 1001
    body = {"project_id": DEPOT, "updates": rows}
    company.refused(413, "PATCH", f"{ALL}/sync", body)
    assert company.books()["purchase_order_contracts"] == []
    assert len(company.sync(*rows[:1000])["entities"]) == 1000
    company.refused(400, "PATCH", f"{ALL}/sync", {"project_id": DEPOT, "updates": "x"})


def test_sync_leaves_out_what_its_schema_lacks(company: Served) -> None:
    (made,) = company.sync({"origin_id": "a", "currency_iso_code": "CAD"})["entities"]
    assert made["currency_configuration"] == {"currency_iso_code": "USD"}
    assert "currency_iso_code" not in made, "it is written, but not shown"


def test_an_origin_id_is_unique_over_projects_and_deleted_ones_by_default(company: Served) -> None:
    made = company.contract(origin_id="o-1")
    elsewhere = company.sync({"origin_id": "o-1"}, project=BRIDGE)
    assert elsewhere["errors"][0]["errors"] == {"origin_id": ["has already been taken"]}
    body = {"project_id": DEPOT, "purchase_order_contract": {"origin_id": "o-1"}}
    assert "origin_id" in company.refused(422, "POST", ALL, body)["errors"]
    company.done("DELETE", f"{ALL}/{made['id']}", project_id=DEPOT)
    company.refused(404, "GET", f"{ALL}/{made['id']}", project_id=DEPOT)
    again = company.sync({"origin_id": "o-1"})
    assert again["errors"][0]["errors"] == {"origin_id": ["has already been taken"]}
    listed = company.done("GET", ALL, **{"project_id": DEPOT, "filters[origin_id]": "o-1"})
    assert listed == []
    query = {"project_id": DEPOT, "filters[origin_id]": "[o-1]", "filters[include_deleted]": "only"}
    (deleted,) = company.done("GET", ALL, **query)
    assert deleted["id"] == made["id"]
    assert deleted["deleted_at"]
    assert [one["id"] for one in company.books()["deleted_purchase_order_contracts"]] == [
        made["id"]
    ]


@pytest.mark.parametrize(("option", "same"), [("free", False), ("matched", True)])
def test_what_a_deleted_origin_id_means_is_an_option(
    company: Served, option: str, same: bool
) -> None:
    made = company.contract(origin_id="o-1")
    company.done("DELETE", f"{ALL}/{made['id']}", project_id=DEPOT)
    company.control("POST", "options", {"procore_deleted_origins": option})
    (again,) = company.sync({"origin_id": "o-1"})["entities"]
    assert (again["id"] == made["id"]) is same
    assert again["deleted_at"] is None


@pytest.mark.parametrize("status", ["Approved", "Closed"])
def test_an_approved_contract_keeps_its_lines_and_vendor(company: Served, status: str) -> None:
    made = company.contract()
    (kept,) = company.sync_lines(made, line(origin_id="a"))["entities"]
    company.control("POST", "add/procore/project_vendors", {"project_id": DEPOT, "vendor_id": BOLT})
    assert company.change(made, status=status).status_code == 200
    assert company.change(made, title="still editable").status_code == 200
    assert company.change(made, vendor_id=ACME).status_code == 200
    assert company.change(made, vendor_id=BOLT).status_code == 422
    assert company.change(made, vendor_id=BOLT, status="Draft").status_code == 422
    company.refused(422, "DELETE", f"{ALL}/{made['id']}", project_id=DEPOT)
    path = f"{ALL}/{made['id']}/line_items"
    company.refused(422, "POST", path, {"project_id": DEPOT, "line_item": line()})
    company.refused(422, "DELETE", f"{path}/{kept['id']}", project_id=DEPOT)
    refused = company.sync_lines(made, line("1", origin_id="a"), line(origin_id="b"))
    assert (refused["entities"], len(refused["errors"])) == ([], 2)
    assert company.get(made)["grand_total"] == "100.0"
    assert company.change(made, status="Draft").status_code == 200
    assert company.sync_lines(made, line("1", origin_id="a"))["errors"] == []
    company.control("POST", "options", {"procore_edit_approved": True})
    assert company.change(made, status=status).status_code == 200
    assert company.sync_lines(made, line("2", origin_id="a"))["errors"] == []
    company.done("DELETE", f"{ALL}/{made['id']}", project_id=DEPOT)


def test_an_invoiced_contract_cannot_be_deleted(company: Served) -> None:
    made = company.contract()
    company.control(
        "POST", f"edit/procore/purchase_order_contracts/{made['id']}", {"invoiced": "50.00"}
    )
    assert company.get(made)["total_requisitions_amount"] == "50.0"
    company.refused(422, "DELETE", f"{ALL}/{made['id']}", project_id=DEPOT)


def test_vendor_rules_and_their_options(company: Served) -> None:
    body = {"project_id": DEPOT, "purchase_order_contract": {"vendor_id": BOLT}}
    told = company.refused(422, "POST", ALL, body)
    assert told == {"errors": {"vendor": ["must be in the project's directory"]}}
    company.control("POST", "options", {"procore_vendor_must_be_in_project": False})
    assert company.done("POST", ALL, body)["vendor"]["id"] == BOLT
    bare = company.contract(vendor_id=None)
    assert company.change(bare, status="Approved").status_code == 422
    company.control("POST", "options", {"procore_approve_without_vendor": True})
    assert company.change(bare, status="Approved").status_code == 200
    company.contract(number="PO-9")
    company.control("POST", "options", {"procore_unique_numbers": True})
    body = {"project_id": DEPOT, "purchase_order_contract": {"number": "PO-9"}}
    assert "number" in company.refused(422, "POST", ALL, body)["errors"]


def test_a_line_on_an_unbudgeted_code_makes_a_budget_line(company: Served) -> None:
    def rows(kind: str) -> list[int]:
        path = f"/v1.0/budget_views/{view['id']}/detail_rows"
        found = company.done("GET", path, project_id=DEPOT, budget_row_type=kind)
        return [one["wbs_code_id"] for one in found]

    (view,) = company.done("GET", "/v1.0/budget_views", project_id=DEPOT)
    assert rows("budgeted") == [CONCRETE, STEEL, OLD_CODE]
    company.control("POST", "options", {"procore_auto_budget_lines": False})
    company.sync_lines(company.contract(), line(code=UNBUDGETED, origin_id="a"))
    assert (rows("budgeted")[3:], rows("unbudgeted")) == ([], [UNBUDGETED])
    company.control("POST", "options", {"procore_auto_budget_lines": True})
    company.sync_lines(company.contract(), line(code=UNBUDGETED, origin_id="b"))
    assert (rows("budgeted")[3:], rows("unbudgeted")) == ([UNBUDGETED], [])
    assert len(rows("all")) == 4


def test_lists_filter_by_status_id_and_time_and_show_lines_when_extended(company: Served) -> None:
    first = company.contract(number="PO-1", status="Submitted")
    second = company.contract(number="PO-2")
    company.sync_lines(second, line())
    company.control("POST", "clock", {"advance_seconds": 3600})
    later = company.contract(number="PO-3")

    def numbers(**query: Any) -> list[str]:
        found = company.done("GET", ALL, **{"project_id": DEPOT, "sort": "number", **query})
        return [one["number"] for one in found]

    assert numbers() == ["PO-1", "PO-2", "PO-3"]
    assert numbers(sort="-number") == ["PO-3", "PO-2", "PO-1"]
    assert numbers(**{"filters[status]": "Submitted"}) == ["PO-1"]
    assert numbers(**{"filters[id][]": [first["id"], later["id"]]}) == ["PO-1", "PO-3"]
    span = f'"{later["updated_at"]}...2099-01-01T00:00:00Z"'
    assert numbers(**{"filters[updated_at]": span}) == ["PO-3"]
    assert numbers(**{"filters[updated_at]": span.strip('"')}) == ["PO-3"]
    company.refused(400, "GET", ALL, **{"project_id": DEPOT, "filters[updated_at]": "yesterday"})
    extended = company.done("GET", ALL, project_id=DEPOT, view="extended", sort="number")
    assert [len(one["line_items"]) for one in extended] == [0, 1, 0]
    assert "line_items" not in company.done("GET", ALL, project_id=DEPOT)[0]


def test_a_write_that_changes_nothing_leaves_the_times(company: Served) -> None:
    (made,) = company.sync({"origin_id": "a", "title": "x"})["entities"]
    company.control("POST", "clock", {"advance_seconds": 60})
    assert company.sync({"origin_id": "a", "title": "x"})["entities"] == [made]
    (changed,) = company.sync({"origin_id": "a", "title": "y"})["entities"]
    assert changed["updated_at"] > made["updated_at"]


def test_lists_catch_up_late_when_told_to(company: Served) -> None:
    company.control("POST", "options", {"visibility_delay": 30})
    company.contract(origin_id="o-1")
    query = {"project_id": DEPOT, "filters[origin_id]": "o-1"}
    assert company.done("GET", ALL, **query) == []
    company.control("POST", "clock", {"advance_seconds": 31})
    assert len(company.done("GET", ALL, **query)) == 1


def test_people_change_approved_contracts_and_their_lines(company: Served) -> None:
    made = company.contract()
    (first,) = company.sync_lines(made, line(origin_id="a"))["entities"]
    company.change(made, status="Approved")
    company.control("POST", "clock", {"advance_seconds": 60})
    company.control("POST", f"edit/procore/line_items/{first['id']}", {"amount": "90.00"})
    added = {"contract_id": made["id"], "wbs_code_id": STEEL, "amount": "1.25"}
    company.control("POST", "add/procore/line_items", added)
    path = f"edit/procore/purchase_order_contracts/{made['id']}"
    company.control("POST", path, {"title": "Pat's own title"})
    found = company.get(made)
    assert (found["grand_total"], found["title"]) == ("91.25", "Pat's own title")
    assert found["updated_at"] > made["updated_at"]
    company.control("POST", f"delete/procore/purchase_order_contracts/{made['id']}")
    company.refused(404, "GET", f"{ALL}/{made['id']}", project_id=DEPOT)


def test_a_contract_belongs_to_its_project_only(company: Served) -> None:
    made = company.contract()
    company.refused(404, "GET", f"{ALL}/{made['id']}", project_id=BRIDGE)
    company.refused(404, "GET", f"{ALL}/x", project_id=DEPOT)
    company.refused(400, "GET", f"{ALL}/{made['id']}")


def test_a_unit_cost_keeps_four_decimals_and_a_sync_may_take_lines_off(company: Served) -> None:
    made = company.contract(accounting_method="unit")
    path = f"/v1.0/purchase_order_contracts/{made['id']}/line_items/sync"

    def synced(*rows: dict[str, Any]) -> list[dict[str, Any]]:
        body = {"updates": list(rows)}
        found: list[dict[str, Any]] = company.done("PATCH", path, body, project_id=DEPOT)[
            "entities"
        ]
        return found

    fine = {"origin_id": "a", "wbs_code_id": CONCRETE, "quantity": "1000", "unit_cost": "0.12345"}
    (row,) = synced(fine)
    assert (row["unit_cost"], row["amount"]) == ("0.1235", "123.5")
    company.control("POST", "options", {"procore_unit_cost_decimals": 8})
    (row,) = synced(fine)
    assert (row["unit_cost"], row["amount"]) == ("0.12345", "123.45")
    other = {**fine, "origin_id": "b"}
    synced(other)
    lines = path.removesuffix("/sync")
    assert len(company.done("GET", lines, project_id=DEPOT)) == 2
    company.control("POST", "options", {"procore_line_sync_prunes": True})
    synced(other)
    assert [one["origin_id"] for one in company.done("GET", lines, project_id=DEPOT)] == ["b"]
    company.control("POST", "options", {"procore_extended_type": "manual"})
    (row,) = synced({**fine, "origin_id": "c", "amount": "1.00"})
    assert (row["extended_type"], row["amount"]) == ("manual", "1.0")
