"""Books that are right: what a run without any mistake would leave behind.

A company's expected books enter; a target's records and a ledger that agree with them leave, for
tests to spoil.
"""

import copy
from typing import Any

from connectors.sandbox.world import Company
from tests.e2e.comparer import Result, compare
from tests.e2e.target_books import BILLS, KINDS, ORDERS, Kind, Row


class Books:
    """Both sides and the ledger, as they are after a run without any mistake."""

    def __init__(self, company: Company, act: int = 0, *, mapped: bool = False) -> None:
        self.mapped = mapped
        self.source = copy.deepcopy(company.procurify)
        self.expected = copy.deepcopy(company.expected[act])
        self.wanted = self.expected["after_mapping"] if mapped else self.expected
        self.target: Row = {"purchaseorders": [], "bills": []}
        self._add_posted(ORDERS)
        self._add_posted(BILLS)
        self._add_typed()
        self.ledger = list(self._ledger())

    def judged(self) -> Result:
        return compare(self.source, self.target, self.expected, self.ledger, mapped=self.mapped)

    @property
    def bill(self) -> Row:
        """A posted bill with a link to an order."""
        return next(b for b in self.target["bills"] if b["purchaseorder_ids"])

    @property
    def order(self) -> Row:
        orders: list[Row] = self.target["purchaseorders"]
        return next(o for o in orders if o["reference_number"])

    def _add_posted(self, kind: Kind) -> None:
        orders = {row["purchaseorder_number"]: row for row in self.target["purchaseorders"]}
        for n, want in enumerate(self.wanted[kind.plural]):
            row = _target_row(kind, want, f"{kind.name}-{n}")
            for line, wanted in zip(row["line_items"], want["lines"], strict=True):
                _link(row, line, orders.get(wanted.get("order", "")))
            self.target[kind.target].append(row)

    def _add_typed(self) -> None:
        for kind in KINDS:
            for number in self.expected["hand_typed"][kind.plural]:
                typed = {"reference_number": "", kind.number: number, "status": "open"}
                self.target[kind.target].append(typed | {"vendor_name": "X", "line_items": []})

    def _ledger(self) -> Any:
        reasons = {
            (row["kind"], row["source_key"]): (state, row)
            for state in ("waiting", "held")
            for row in self.wanted[state]
        }
        posted = {(r["kind"], r["source_key"]): r for k in KINDS for r in self.wanted[k.plural]}
        for kind in KINDS:
            for record in self.source[kind.source]:
                name = (kind.name, str(record[kind.source_key]))
                row = {"kind": name[0], "source_key": name[1], "number": "n", "class": ""}
                state, reason = reasons.get(name, ("", {}))
                if not state:
                    state = "posted" if name in posted else "not applicable"
                yield row | {"state": state, "class": reason.get("class", "")}


def _target_row(kind: Kind, want: Row, key: str) -> Row:
    row = {
        "purchaseorder_id": key,
        "reference_number": want["reference"],
        kind.number: want["number"],
        "vendor_name": want["vendor"],
        "date": want["date"],
        kind.due: want[kind.due],
        "currency_code": want["currency"],
        "exchange_rate": want["exchange_rate"],
        "status": want["status"],
        "total": want["total"],
        "discount_amount": want.get("discount", "0"),
        "is_inclusive_tax": want.get("inclusive", False),
        "purchaseorder_ids": [],
        "billed_status": want.get("billed_status", ""),
    }
    lines = [
        {
            "line_item_id": f"{key}-{n}",
            "account_name": line["account"],
            "item_total": line["amount"],
            "quantity": line["quantity"],
            "tax_name": line["tax"],
        }
        | {name: line[name] for name in ("quantity", "rate") if name in line}
        for n, line in enumerate(want["lines"])
    ]
    return row | {"line_items": lines}


def _link(bill: Row, line: Row, order: Row | None) -> None:
    if order is None:
        return
    fitting = (one for one in order["line_items"] if one["account_name"] == line["account_name"])
    line["purchaseorder_item_id"] = next(fitting)["line_item_id"]
    bill["purchaseorder_ids"].append(order["purchaseorder_id"])
