"""Procore's JSON as target states and reference rows, and words for what cannot be read."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.providers.procore.records import (
    contract_state,
    cost_code_row,
    currency_of,
    is_deleted,
    line_rows,
    names_no_currency,
    parse_cost_code,
    project_row,
    vendor_row,
    wbs_code_key,
    wbs_code_row,
)

LINE = {
    "id": 71,
    "origin_id": "o:1:a",
    "wbs_code": {"id": 9, "flat_code": "01-011.M"},
    "description": "Cement",
    "quantity": "10.50",
    "unit_cost": "2.0",
    "amount": "21.0",
    "uom": "ea",
}
CONTRACT: dict[str, Any] = {
    "id": 7,
    "number": "PO-1",
    "title": "PO-1 Acme",
    "status": "Partially Received",
    "project": {"id": 66, "name": "P"},
    "vendor": {"id": 92, "company": "Acme"},
    "grand_total": "26.0",
    "accounting_method": "unit",
    "contract_date": "2026-03-01",
    "origin_id": "o:1",
    "total_requisitions_amount": "0.0",
    "currency_configuration": {"currency_iso_code": "CAD"},
    "updated_at": "2026-03-01T10:00:00Z",
    "deleted_at": None,
    "line_items": [LINE, {**LINE, "id": 72, "origin_id": None, "amount": "5.0"}],
}


def test_a_contract_with_its_lines() -> None:
    state = contract_state(CONTRACT)
    assert (state.target_id, state.number, state.status) == ("7", "PO-1", "Partially Received")
    assert (state.total, state.currency) == (Decimal(26), "CAD")
    assert (state.reference, state.vendor_key) == ("o:1", "92")
    assert state.lines == {"o:1:a": "71"}
    assert state.modified == "2026-03-01T10:00:00.000000Z"
    assert state.content == {
        "number": "PO-1",
        "title": "PO-1 Acme",
        "status": "Partially Received",
        "accounting_method": "unit",
        "contract_date": "2026-03-01",
        "origin_id": "o:1",
        "project_id": "66",
        "vendor_id": "92",
        "invoiced": "0",
        "lines": line_rows(CONTRACT),
    }
    assert line_rows(CONTRACT)[0] == {
        "id": "71",
        "wbs_code_id": "9",
        "description": "Cement",
        "uom": "ea",
        "origin_id": "o:1:a",
        "quantity": "10.5",
        "unit_cost": "2",
        "amount": "21",
    }


def test_a_contract_from_a_compact_list_has_its_stated_total_and_no_lines() -> None:
    compact = {name: value for name, value in CONTRACT.items() if name != "line_items"}
    state = contract_state({**compact, "currency_iso_code": "usd"})
    assert (state.total, state.currency, dict(state.lines)) == (Decimal(26), "USD", {})
    assert "lines" not in state.content
    assert contract_state({**compact, "grand_total": None}).total is None


def test_the_lines_are_believed_rather_than_an_older_total() -> None:
    assert contract_state({**CONTRACT, "grand_total": "0.0"}).total == Decimal(26)
    assert contract_state({**CONTRACT, "line_items": [], "grand_total": None}).total == 0


def test_a_contract_without_vendor_or_with_bare_ids() -> None:
    state = contract_state({"id": "7", "vendor": None, "project_id": 66})
    assert (state.vendor_key, state.content["project_id"], state.total) == ("", "66", None)
    assert (state.currency, state.modified, state.reference) == ("", "", "")
    assert contract_state({"id": 7, "vendor_id": 92}).vendor_key == "92"


@pytest.mark.parametrize("name", ["total_requisitions_amount", "total_payments"])
def test_what_was_invoiced_or_paid_is_seen(name: str) -> None:
    assert contract_state({**CONTRACT, name: "12.50"}).content["invoiced"] == "12.5"


def test_deleted_contracts_say_when() -> None:
    assert not is_deleted(CONTRACT)
    deleted = {**CONTRACT, "deleted_at": "2026-04-01T00:00:00Z"}
    assert is_deleted(deleted)
    assert contract_state(deleted).content["deleted_at"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"number": "PO-1"}, "id of a Procore commitment is missing"),
        ({**CONTRACT, "line_items": [{**LINE, "amount": "x"}]}, "amount of line_items 1"),
        ({**CONTRACT, "line_items": {}}, "line_items .* is not a list"),
        ({"id": 7, "grand_total": "much"}, "grand_total of Procore commitment 7"),
    ],
)
def test_what_cannot_be_read_is_named(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        contract_state(raw)


def test_a_vendor() -> None:
    row = vendor_row(
        {
            "id": 92,
            "name": "Acme",
            "abbreviated_name": "ACM",
            "origin_code": "V-1",
            "origin_id": "zoho:1",
            "email_address": "AP@acme.test",
            "business_phone": "1",
            "city": "Boston",
            "is_active": False,
            "legal_name": "Acme Inc",
            "updated_at": "2026-03-01T10:00:00Z",
        }
    )
    assert (row.kind, row.key, row.name, row.number, row.active) == (
        "vendor", "92", "Acme", "ACM", False,
    )  # fmt: skip
    assert row.attributes["emails"] == ["ap@acme.test"]
    assert row.attributes["email_address"] == "AP@acme.test"
    assert row.attributes["business_phone"] == "1"
    assert row.attributes["origin_id"] == "zoho:1"
    assert row.attributes["company"] == "Acme Inc"
    bare = vendor_row({"id": 1, "name": "B", "origin_code": "V-1"})
    assert (bare.number, bare.active, bare.attributes["emails"]) == ("V-1", True, [])


def item(kind: str, code: str | None, path: str = "") -> dict[str, Any]:
    segment = {"id": 1, "name": kind, "type": kind}
    return {"segment_item_id": 7 if code else None, "segment": segment, "code": code} | (
        {"path_code": path} if path else {}
    )


@pytest.mark.parametrize(
    ("flat", "items", "parts"),
    [
        (
            "32-900.20.M",
            [item("cost_code", "20", "32-900.20"), item("line_item_type", "M")],
            ("32-900.20", "M"),
        ),
        ("03-300/M", [item("cost_code", "03-300"), item("line_item_type", "M")], ("03-300", "M")),
        ("03-300", [item("cost_code", "03-300"), item("line_item_type", None)], ("03-300", "")),
        (
            "SJ1.03-300.M",
            [item("sub_job", "SJ1"), item("cost_code", "03-300"), item("line_item_type", "M")],
            ("", ""),
        ),
        ("03-300.M", [item("cost_code", "300"), item("line_item_type", "M")], ("", "")),
    ],
)
def test_what_a_budget_code_consists_of(flat: str, items: list[Any], parts: Any) -> None:
    raw = {"id": 1, "flat_code": flat, "segment_items": items}
    found = wbs_code_row(raw, "100", ()).attributes
    assert (found["cost_code"], found["cost_type"]) == parts
    assert "cost_code" not in wbs_code_row({"id": 1, "flat_code": flat}, "100", ()).attributes


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"currency_iso_code": "eur"}, "EUR"),
        ({"currency_configuration": {"currency_iso_code": "USD"}}, "USD"),
        ({"currency_iso_code": None}, ""),
        ({}, ""),
        ({"data": {"currency_iso_code": "cad"}}, "CAD"),
        ([{"currency_iso_code": "USD"}], "USD"),
        ({"currency_configuration": [{"currency_iso_code": "USD"}]}, "USD"),
        ({"currency_configuration": "eur"}, "EUR"),
        ({"currency_configuration": None, "currency_iso_code": "EUR"}, "EUR"),
        ({"currency_configuration": {"currency_iso_code": {"code": "USD"}}}, ""),
        ({"currency_configuration": {"currency_iso_code": True}}, ""),
        ({"currency_configuration": {}}, ""),
        ({"currency_iso_code": ["USD"]}, "USD"),
        ({"currency_iso_code": "US dollars"}, ""),
        ([{"currency_iso_code": "USD"}, {"currency_iso_code": "EUR"}], ""),
        ([], ""),
        ("USD", "USD"),
        (None, ""),
        (7, ""),
    ],
)
def test_a_currency_configuration_of_any_shape(raw: Any, code: str) -> None:
    """What cannot be understood names no currency; it stops nothing."""
    assert currency_of(raw) == code
    contract = {"id": 1, "currency_configuration": raw}
    assert contract_state(contract).currency == code


def test_a_project() -> None:
    row = project_row(
        {"id": 66, "name": "P", "display_name": "1 - P", "project_number": "1", "active": False}
    )
    assert (row.kind, row.key, row.name, row.number, row.active) == (
        "project", "66", "1 - P", "1", False,
    )  # fmt: skip


def test_a_wbs_code_is_keyed_by_its_project_and_knows_its_budget() -> None:
    raw = {"id": 9, "flat_code": "01-011.M", "flat_name": "Site", "status": "active"}
    row = wbs_code_row(raw, "66", {"9"})
    assert (row.kind, row.key, row.name, row.number) == ("cost_code", "66:9", "Site", "01-011.M")
    assert row.key == wbs_code_key("66", "9")
    assert row.active
    assert row.attributes["budgeted"] is True
    assert (row.attributes["project_id"], row.attributes["wbs_code_id"]) == ("66", "9")
    inactive = wbs_code_row({**raw, "status": "Inactive", "description": "Own"}, "66", set())
    assert (inactive.active, inactive.name) == (False, "Own")
    assert (inactive.attributes["status"], inactive.attributes["budgeted"]) == ("inactive", False)
    with pytest.raises(BadInputError, match="flat_code of a WBS code of Procore project 66"):
        wbs_code_row({"id": 9}, "66", set())


def test_a_cost_code_is_never_taken_for_a_wbs_code() -> None:
    raw = {"id": 9, "code": "300", "full_code": "02-300", "name": "Site", "parent": {"id": 8}}
    found = parse_cost_code(raw, "66")
    assert (found.code, found.full_code, found.parent_id, found.active) == (
        "300", "02-300", "8", True,
    )  # fmt: skip
    row = cost_code_row(raw, "66")
    assert (row.kind, row.number, row.name) == ("cost_code", "02-300", "Site")
    assert row.key != wbs_code_key("66", "9")
    top = parse_cost_code({"id": 1, "code": "02", "parent": {"id": None}}, "66")
    assert (top.full_code, top.parent_id) == ("02", "")


@pytest.mark.parametrize(
    ("raw", "none"),
    [
        ({"currency_iso_code": None}, True),
        ({"currency_configuration": {"currency_iso_code": ""}}, True),
        ({"data": {"currency_iso_code": None}}, True),
        ([{"currency_iso_code": None}], True),
        ({"currency_configuration": [{"currency_iso_code": None}]}, True),
        ([{"currency_iso_code": None}, {"currency_iso_code": None}], False),
        ({}, False),
        (None, False),
        ("", False),
        ([], False),
        ({"currency": {"iso": "CAD"}}, False),
        ({"currency_iso_code": "Canadian dollar"}, False),
        ({"currency_iso_code": {"code": "CAD"}}, False),
        ([{"currency_iso_code": "USD"}, {"currency_iso_code": "CAD"}], False),
    ],
)
def test_only_an_empty_field_says_that_there_is_no_currency(raw: Any, none: bool) -> None:
    """What nobody understands must not pass for "as the company": the project may be in CAD."""
    assert not currency_of(raw)
    assert names_no_currency(raw) is none
