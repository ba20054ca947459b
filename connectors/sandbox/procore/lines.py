"""Line items of purchase order contracts: the schedule of values.

Bodies and sync rows enter, records leave. On unit contracts a calculated line's amount is quantity
times unit cost to the cent, whatever amount was sent; on amount contracts the amount stands as
sent. Options: procore_inactive_codes (false) lets lines use inactive WBS codes;
procore_longest_line (1000) are the characters that a line's description may have;
procore_unit_cost_decimals (4) are those that a unit cost keeps; procore_extended_type is the kind
of amount that new lines get which name none, by the contract's method unless it is set;
procore_line_sync_prunes (false) takes lines off that a sync does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox.procore import fields, sync, wbs
from connectors.sandbox.procore.answers import money
from connectors.sandbox.procore.errors import invalid
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

KIND = "line_items"
CENT = Decimal("0.01")
LONGEST = 1000
KINDS_OF_AMOUNT = ("calculated", "manual")


def build(books: Books, contract: Record, sent: Mapping[str, Any], old: Record | None) -> Record:
    """A line of this contract, new or changed."""
    if old is not None and old["contract_id"] != contract["id"]:
        raise invalid(origin_id=sync.TAKEN)
    record: Record = dict(old or {"id": sent.get("id") or books.next_id()})
    record |= {"contract_id": contract["id"], "project_id": contract["project_id"]}
    record["wbs_code_id"] = _wbs_code(books, record, sent)
    most = int(books.options.get("procore_longest_line", LONGEST))
    record["description"] = fields.limited(sent, "description", most, record.get("description"))
    for name in ("uom", "origin_id", "origin_data"):
        record[name] = fields.text(sent, name, record.get(name))
    record["tax_code_id"] = fields.key(sent, "tax_code_id", record.get("tax_code_id"))
    for name in ("quantity", "unit_cost", "amount"):
        record[name] = fields.number(sent, name, record.get(name))
    if record["unit_cost"] is not None:
        decimals = int(books.options.get("procore_unit_cost_decimals", 4))
        finest = Decimal(1).scaleb(-decimals)
        if record["unit_cost"] != record["unit_cost"].quantize(finest):
            record["unit_cost"] = record["unit_cost"].quantize(finest, ROUND_HALF_UP)
    by_method = "calculated" if contract["accounting_method"] == "unit" else "manual"
    default = record.get("extended_type") or books.options.get("procore_extended_type") or by_method
    record["extended_type"] = fields.choice(sent, "extended_type", KINDS_OF_AMOUNT, default)
    if record["uom"] and record["uom"] not in books.uoms:
        raise invalid(uom="is not in the company's list of units")
    record["amount"] = _amount(contract, record)
    record.setdefault("position", len(books[KIND].of(contract["id"])) + 1)
    sync.refuse_taken_origin(books, KIND, record)
    return record


def _wbs_code(books: Books, record: Record, sent: Mapping[str, Any]) -> int:
    """By WBS code, or as older clients do by cost code and cost type."""
    code_id = fields.key(sent, "wbs_code_id", record.get("wbs_code_id"))
    if "wbs_code_id" not in sent and "cost_code_id" in sent:
        pair = (sent["cost_code_id"], sent.get("line_item_type_id"))
        found = wbs.matching(books, record["project_id"], *pair)
        code_id = found["id"] if found else None
    code = books["wbs_codes"].get(code_id or 0)
    if code is None or code["project_id"] != record["project_id"]:
        raise invalid(wbs_code="must exist in this project")
    unchanged = record.get("wbs_code_id") == code["id"]
    allowed = unchanged or books.options.get("procore_inactive_codes")
    if code["status"] != "active" and not allowed:
        raise invalid(wbs_code="is inactive")
    return int(code["id"])


def _amount(contract: Record, record: Record) -> Decimal:
    quantity, unit_cost = record["quantity"], record["unit_cost"]
    calculated = contract["accounting_method"] == "unit" and record["extended_type"] == "calculated"
    if calculated and quantity is not None and unit_cost is not None:
        return Decimal(quantity * unit_cost).quantize(CENT, ROUND_HALF_UP)
    if record["amount"] is None:
        raise invalid(amount="can't be blank")
    return Decimal(record["amount"]).quantize(CENT, ROUND_HALF_UP)


def show(books: Books, record: Record) -> Record:
    code = books["wbs_codes"].need(record["wbs_code_id"])
    cost_code, cost_type = wbs.parts(books, code)
    shown_code = wbs.show(books, code)
    project = books["projects"].need(record["project_id"])
    amount = money(record["amount"])
    return {
        "id": record["id"],
        "amount": amount,
        "extended_amount": amount,
        "total_amount": amount,
        "quantity": money(record["quantity"]),
        "unit_cost": money(record["unit_cost"]),
        "uom": record["uom"],
        "description": record["description"],
        "extended_type": record["extended_type"],
        "position": record["position"],
        "cost_code": _named(cost_code, "full_code"),
        "line_item_type": _named(cost_type, "code"),
        "wbs_code": {name: shown_code[name] for name in ("id", "flat_code", "description")},
        "holder": {"id": record["contract_id"], "holder_type": "PurchaseOrderContract"},
        "project": {"id": project["id"], "name": project["name"]},
        "company": {"id": books.company["id"], "name": books.company["name"]},
        "tax_code_id": record["tax_code_id"],
        "origin_id": record["origin_id"],
        "origin_data": record["origin_data"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
    }


def _named(part: Record | None, code: str) -> Record | None:
    if part is None:
        return None
    return {"id": part["id"], "name": part["name"], code: part[code]}
