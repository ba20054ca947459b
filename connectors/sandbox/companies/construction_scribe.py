"""Writes an order down: Zoho's record with its ids on one side, Procore's commitments on the other.

Shapes, vendors and days enter; state records, expected commitments and stages leave. Amounts are
copied from the shapes, never worked out here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.companies.cases import UNREAD
from connectors.sandbox.companies.construction_codes import ACCOUNTS, wbs
from connectors.sandbox.companies.construction_projects import (
    FEWEST_PROJECTS,
    ORGANIZATION_ID,
    procore_project_id,
    zoho_id,
    zoho_project_id,
)
from connectors.sandbox.companies.construction_script import (
    Commitments,
    Document,
    Script,
    Stage,
)
from connectors.sandbox.companies.construction_shapes import TAX_RATES, Line, Part, Shape
from connectors.sandbox.companies.construction_vendors import Cast, Vendor
from connectors.sandbox.companies.parts import text

POSTED_STATUSES = (
    "open", "open", "issued", "open", "approved", "billed", "open", "partially_billed",
    "received", "open", "partially_received", "closed",
)  # fmt: skip
ACCOUNT_IDS = {account.code: zoho_id(1, n) for n, account in enumerate(ACCOUNTS, start=1)}
TAX_IDS = {name: zoho_id(2, n) for n, name in enumerate(TAX_RATES, start=1)}


@dataclass
class Order:
    """A purchase order as it stands: what is in it, whose it is, and what is written of it."""

    key: str
    number: str
    vendor: Vendor
    shape: Shape
    day: date
    delivery: date
    document: Document | None = None
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[Part]:
        return self.shape.parts

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts for line in part.lines]

    def commitments(self) -> Commitments:
        """What Procore must hold of the order as it stands now."""
        return [self._commitment(n, part) for n, part in enumerate(self.parts, start=1)]

    def _commitment(self, number: int, part: Part) -> dict[str, Any]:
        amounts = [(line.code, line.cents) for line in part.lines] + list(part.charges.items())
        lines = [{"wbs": wbs(part.project, code), "amount": text(cents)} for code, cents in amounts]
        if any(line.unit != "ea" for line in part.lines):
            told = zip(lines, part.lines, strict=True)
            lines = [row | {"unit": line.uom} for row, line in told]
        return {
            "project": procore_project_id(part.project),
            "number": f"{self.number}{part.suffix}",
            "origin": f"mlc:{ORGANIZATION_ID}:{self.key}:{number}:1",
            "vendor_id": self.vendor.procore_id,
            "vendor": self.vendor.procore_name,
            "status": "Approved",
            "accounting_method": part.method,
            "contract_date": self.day.isoformat(),
            "delivery_date": self.delivery.isoformat(),
            "total": text(part.total),
            "lines": lines,
        }


@dataclass
class Scribe:
    """Keeps the numbering and the pile of orders."""

    rng: random.Random
    cast: Cast
    projects: int
    start: date
    days: int
    script: Script = field(default_factory=Script)
    orders: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    # Commitments that people typed into Procore, and in which act one becomes an order's.
    typed: list[dict[str, Any]] = field(default_factory=list)
    linked: dict[str, int] = field(default_factory=dict)

    def next(self, name: str) -> int:
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return self.numbers[name]

    def project(self) -> int:
        """The projects in turn, so that every one has orders."""
        return self.next("project") % self.projects + 1

    def several_projects(self) -> list[int]:
        """Three different ones, in an order of their own."""
        first = self.project()
        steps = (0, 4, 9) if self.projects >= FEWEST_PROJECTS else (0, 1, 2)
        return [(first + step - 1) % self.projects + 1 for step in steps]

    def vendor(self) -> Vendor:
        return self.rng.choice(self.cast.settled)

    def order(
        self,
        shape: Shape,
        vendor: Vendor | None = None,
        status: str = "open",
        *,
        day: date | None = None,
        number: str = "",
        listed: bool = True,
    ) -> Order:
        """One order on both sides; the caller says what becomes of it."""
        serial = self.next("order")
        day = day or self.start + timedelta(days=self.rng.randrange(self.days))
        order = Order(
            key=zoho_id(10, serial),
            number=number or f"PO-{serial:05d}",
            vendor=vendor or self.vendor(),
            shape=shape,
            day=day,
            delivery=day + timedelta(days=self.rng.randint(3, 40)),
        )
        order.record = self._record(order, status)
        if listed:
            self.orders.append(order.record)
        return order

    def posted(self, order: Order) -> Order:
        return self._document(order, Stage(0, "posted", order.commitments()))

    def not_applicable(self, order: Order) -> Order:
        return self._document(order, Stage(0, "not_applicable"))

    def unread(self, order: Order) -> Order:
        return self._document(order, Stage(0, UNREAD))

    def held(self, order: Order, why: str) -> Order:
        return self._document(order, Stage(0, "held", held=why))

    def waiting(self, order: Order, *reasons: tuple[str, str]) -> Order:
        """Written with the commitments that it has once nothing is missing any more."""
        return self._document(order, Stage(0, "waiting", order.commitments(), reasons))

    def zoho_line(self, part: Part, line: Line) -> dict[str, Any]:
        """The line as Zoho Books takes it; a new one gets its id here."""
        line.key = line.key or zoho_id(11, self.next("line"))
        row = {
            "line_item_id": line.key,
            "account_id": ACCOUNT_IDS[line.code],
            "name": line.name,
            "quantity": line.quantity,
            "rate": line.rate,
            "description": line.description,
            "unit": line.unit,
            "tax_id": TAX_IDS.get(line.tax, ""),
        }
        if part.of_zoho:
            row["project_id"] = zoho_project_id(part.of_zoho)
        return row

    def _document(self, order: Order, stage: Stage) -> Order:
        order.document = self.script.add(order.key, order.number, stage)
        return order

    def _record(self, order: Order, status: str) -> dict[str, Any]:
        return {
            "purchaseorder_id": order.key,
            "purchaseorder_number": order.number,
            "vendor_id": order.vendor.contact_id,
            "date": order.day.isoformat(),
            "delivery_date": order.delivery.isoformat(),
            "status": status,
            "reference_number": f"REQ-{int(order.key[-6:]) * 7 % 9973:04d}",
            "created_time": f"{order.day.isoformat()}T09:{int(order.key[-2:]) % 60:02d}:00-06:00",
            "line_items": self._zoho_lines(order.shape),
        } | order.shape.header

    def _zoho_lines(self, shape: Shape) -> list[dict[str, Any]]:
        """First lines of the parts before second ones: people do not sort by project."""
        deepest = max(len(part.lines) for part in shape.parts)
        return [
            self.zoho_line(part, part.lines[depth])
            for depth in range(deepest)
            for part in shape.parts
            if depth < len(part.lines)
        ]
