"""Procore's books that are right: what a run without any mistake would leave behind.

The construction company's expected books enter; Procore's records and a ledger that agree with
them leave, for tests to spoil.
"""

import copy
from collections.abc import Iterator
from typing import Any

from connectors.sandbox.companies.company import Company
from tests.e2e.commitment_books import compare
from tests.e2e.verdict import Result, Row


class Commitments:
    """Both sides and the ledger, as they are after a run without any mistake."""

    def __init__(self, company: Company, act: int = 0, *, mapped: bool = False) -> None:
        self.mapped = mapped
        self.source = copy.deepcopy(company.zoho_books)
        self.expected = copy.deepcopy(company.expected[act])
        self.wanted = self.expected["after_mapping"] if mapped else self.expected
        for step in (step for played in company.acts[:act] for step in played):
            if (step["op"], step.get("kind")) == ("add", "purchaseorders"):
                self.source["purchaseorders"].append(step["record"])
        self.source["projects"] = [
            {"project_id": row["project_id"], "project_name": row["name"]}
            for row in self.wanted["projects"]
        ]
        typed = {
            (row["project"], row["number"]) for row in self.expected["hand_typed"]["commitments"]
        }
        self.target = _procore(company.procore, typed) | {
            "vendors": copy.deepcopy(self.wanted["vendors"])
        }
        for number, want in enumerate(self.wanted["commitments"], start=1):
            self._post(want, 700_000_000 + number)
        self.ledger = list(self._ledger())

    def judged(self) -> Result:
        return compare(self.source, self.target, self.expected, self.ledger, mapped=self.mapped)

    @property
    def contracts(self) -> list[Row]:
        """Commitments of ours."""
        rows: list[Row] = self.target["purchase_order_contracts"]
        return [row for row in rows if row["origin_id"]]

    @property
    def contract(self) -> Row:
        """One of several lines."""
        return next(row for row in self.contracts if len(row["line_items"]) > 2)

    def _post(self, want: Row, key: int) -> None:
        lines = [
            {
                "wbs_code": {"flat_code": line["wbs"]},
                "amount": line["amount"],
                "uom": line.get("unit"),
                "description": line.get("text"),
                "origin_id": f"{want['origin']}:{want['project']}:{number}",
            }
            for number, line in enumerate(want["lines"], start=1)
        ]
        self.target["purchase_order_contracts"].append(
            {
                "id": key,
                "project": {"id": want["project"]},
                "number": want["number"],
                "vendor": {"id": want["vendor_id"], "company": want["vendor"]},
                "status": want["status"],
                "accounting_method": want["accounting_method"],
                "contract_date": want["contract_date"],
                "delivery_date": want["delivery_date"],
                "grand_total": want["total"],
                "origin_id": want["origin"],
                "line_items": lines,
            }
        )
        self.target["project_vendors"].append(
            {"project_id": want["project"], "vendor_id": want["vendor_id"]}
        )

    def _ledger(self) -> Iterator[Row]:
        rest = {row["purchaseorder_id"]: "not applicable" for row in self.source["purchaseorders"]}
        for row in self.wanted["commitments"]:
            closed = row["status"] == "Closed"
            if rest[row["source_key"]] != "posted":
                rest[row["source_key"]] = "cancelled" if closed else "posted"
        for row in self.wanted["cases"]:
            if row["state"] == "unread":
                del rest[row["source_key"]]
        dismissed = (row for row in self.wanted["cases"] if row["state"] == "dismissed")
        rest |= {row["source_key"]: "dismissed" for row in dismissed}
        reasons = {}
        for state in ("waiting", "held"):
            for row in self.wanted[state]:
                rest[row["source_key"]] = state
                reasons[row["source_key"]] = row["class"]
        for key, state in rest.items():
            row = {"kind": "purchase_order", "source_key": key, "number": "n", "state": state}
            yield row | {"class": reasons.get(key, "")}


def _procore(state: dict[str, Any], typed_in: set[tuple[int, str]]) -> Row:
    """The starting state as the books show it, with what is nobody's yet of what people typed."""
    typed = [
        {
            "project": {"id": row["project_id"]},
            "number": row["number"],
            "origin_id": None,
            "line_items": [],
        }
        for row in state["purchase_order_contracts"]
        if (row["project_id"], row["number"]) in typed_in
    ]
    directory = [
        {"project_id": project["id"], "vendor_id": vendor}
        for project in state["projects"]
        for vendor in project["vendors"]
    ]
    return {"purchase_order_contracts": typed, "project_vendors": directory}
