"""Writes a scene down: Procurify's record with its ids on one side, the Zoho record on the other.

Shapes, vendors and days enter; state records, expected records and script entries leave. Amounts
are copied from the shapes, never worked out here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.sandbox.companies.accounts import SUBDOMAIN, account_id
from connectors.sandbox.companies.bill_shapes import BillShape
from connectors.sandbox.companies.order_shapes import OrderShape
from connectors.sandbox.companies.parts import Part, text
from connectors.sandbox.companies.script import Script
from connectors.sandbox.companies.vendors import Cast, Vendor

FIRST_ORDER, FIRST_ITEM, FIRST_BILL, FIRST_SHARE = 1001, 20_001, 3001, 700_001
RATES = {
    "USD": ("1.000000",),
    "CAD": ("0.769231", "0.741235", "0.735294"),
    "GBP": ("1.265823",),
    "JPY": ("0.006700",),
    "KWD": ("3.250000",),
}
# Where people were when they typed a date; the day that counts is the one they typed.
OFFSETS = ("-08:00", "-07:00", "-08:00", "+00:00")
LATE_WEST, EARLY_EAST = "23:30:00-08:00", "00:15:00+14:00"
PURCHASED, APPROVED = 0, 2


@dataclass
class Order:
    """A purchase order as written down: its record, its vendor, and its parts by item id."""

    record: dict[str, Any]
    vendor: Vendor
    parts: dict[int, Part]
    target: dict[str, Any]

    @property
    def key(self) -> int:
        return int(self.record["procurify_PO"])

    @property
    def number(self) -> str:
        return str(self.record["number"])


@dataclass
class Bill:
    record: dict[str, Any]
    vendor: Vendor
    target: dict[str, Any]

    @property
    def key(self) -> int:
        return int(self.record["group"])

    @property
    def number(self) -> str:
        return str(self.record["invoice_number"])


@dataclass(frozen=True)
class Billed:
    """A bill's part for an item of an order; the Zoho line is to point at the order's line."""

    part: Part
    order: Order
    item: int


@dataclass
class Scribe:
    """Keeps the numbering and the piles of records."""

    rng: random.Random
    cast: Cast
    start: date
    days: int
    script: Script = field(default_factory=Script)
    orders: list[dict[str, Any]] = field(default_factory=list)
    bills: list[dict[str, Any]] = field(default_factory=list)
    hand_typed: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"purchaseorders": [], "bills": []}
    )
    # Numbers of those that become ours, by the act in which a person links them.
    linked: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def next(self, name: str, first: int) -> int:
        self.numbers[name] = self.numbers.get(name, first - 1) + 1
        return self.numbers[name]

    # Days and vendors

    def day(self, *, leave: int = 21) -> date:
        """A day of the period, with some days left for what follows from it."""
        return self.start + timedelta(days=self.rng.randrange(max(1, self.days - leave)))

    def vendor(self, currency: str | None = None) -> Vendor:
        if currency is None:
            currency = self.rng.choice(("USD", "USD", "USD", "CAD"))
        return self.rng.choice(self.cast.of_currency(currency))

    def moment(self, day: date, clock: str | None = None) -> str:
        """A date-time of that day in some offset; by default in working hours."""
        if clock is None:
            hour, offset = self.rng.randint(8, 16), self.rng.choice(OFFSETS)
            clock = f"{hour:02d}:{self.rng.randint(0, 59):02d}:00{offset}"
        return f"{day.isoformat()}T{clock}"

    # Purchase orders

    def order(
        self,
        vendor: Vendor,
        shape: OrderShape,
        day: date | None = None,
        *,
        state: int = PURCHASED,
        clock: str | None = None,
        listed: bool = True,
    ) -> Order:
        """One order on both sides; the caller says what becomes of it."""
        day = day or self.day()
        key = self.next("order", FIRST_ORDER)
        rate = self.rng.choice(RATES[vendor.currency])
        date_text = self.moment(day, clock)
        modified = _after(date_text, hours=2)
        promised = day + timedelta(days=14)
        parts = {self.next("item", FIRST_ITEM): part for part in shape.parts}
        department = self.rng.randint(1, 3)
        record: dict[str, Any] = {
            "procurify_PO": key,
            "number": f"PO-{key}",
            "date": date_text,
            "vendor": vendor.id,
            "currency": vendor.currency,
            "rate": rate,
            "state": state,
            "version": 1,
            "promise_date": self.moment(promised),
            "freight": "0",
            "other": "0",
            "tax": {"value": "0", "type": "amount"},
            "discount": {"value": "0", "type": "amount"},
            "subtotal": text(shape.subtotal),
            "total": text(shape.total),
            "last_modified": modified,
            "items": [
                self.order_item(item, part, position, department, modified)
                for position, (item, part) in enumerate(parts.items(), start=1)
            ],
        } | shape.header
        if listed:
            self.orders.append(record)
        target = _order_target(vendor, shape, key, day, promised, rate)
        return Order(record, vendor, parts, target)

    def order_item(
        self, key: int, part: Part, position: int, department: int, modified: str
    ) -> dict[str, Any]:
        item = part.order_item()
        code, shares = item.pop("code"), item.pop("shares")
        return item | {
            "id": key,
            "position": position,
            "sku": f"SKU-{key % 997:03d}",
            "unit": "each",
            "account": account_id(code, department),
            "allocations": self._shares(shares, department),
            "last_modified": modified,
        }

    # Bills

    def bill(
        self,
        vendor: Vendor,
        shape: BillShape,
        day: date | None = None,
        *,
        status: int = APPROVED,
        kind: int = 0,
        number: str | None = None,
        clock: str | None = None,
        posting: date | None = None,
        links: dict[int, Billed] | None = None,
        rate: str | None = None,
        listed: bool = True,
    ) -> Bill:
        """One bill on both sides; `links` are the parts, by position, that bill an order's item."""
        day = day or self.day(leave=1)
        links = links or {}
        key = self.next("bill", FIRST_BILL)
        rate = rate or self.rng.choice(RATES[vendor.currency])
        due = day + timedelta(days=30)
        date_text = self.moment(day, clock)
        department = self.rng.randint(1, 3)
        items = [
            self.bill_item(key, position, part, department, links.get(position))
            for position, part in enumerate(shape.parts)
        ]
        record: dict[str, Any] = {
            "id": 500_000 + key,
            "group": key,
            "version": 1,
            "status": status,
            "type": kind,
            "vendor": vendor.id,
            "currency": vendor.currency,
            "rate": rate,
            "invoice_number": f"INV-{vendor.id:03d}-{key}" if number is None else number,
            "invoice_date": date_text,
            "due_date": self.moment(due, clock),
            "gl_post_date": self.moment(posting) if posting else None,
            "submitted_date": _after(date_text, hours=1),
            "note": f"Received by post, {day.isoformat()}",
            "items": items,
            "costs": [self._cost(key, n, cost) for n, cost in enumerate(shape.costs, start=51)],
            "total": text(shape.total),
            "last_modified_datetime": _after(date_text, hours=3),
        }
        if listed:
            self.bills.append(record)
        target = _bill_target(vendor, shape, key, posting or day, due, rate)
        target["lines"] = _linked_lines(shape, links)
        return Bill(record, vendor, target)

    def bill_item(
        self, bill: int, position: int, part: Part, department: int, billed: Billed | None
    ) -> dict[str, Any]:
        item = part.bill_item()
        shares = item.pop("shares")
        return item | {
            "id": bill * 100 + position,
            "order_item": billed.item if billed else None,
            "allocations": self._shares(shares, department),
        }

    def _cost(self, bill: int, number: int, cost: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": bill * 100 + number,
            "name": cost["name"],
            "amount": cost["amount"],
            "account": account_id(cost["code"], 1),
        }

    def _shares(self, shares: list[tuple[str, str]], department: int) -> list[dict[str, Any]]:
        return [
            {
                "id": self.next("share", FIRST_SHARE),
                "account": account_id(code, department),
                "amount": amount,
            }
            for code, amount in shares
        ]


def _order_target(
    vendor: Vendor, shape: OrderShape, key: int, day: date, promised: date, rate: str
) -> dict[str, Any]:
    return {
        "reference": f"mlc:{SUBDOMAIN}:po:{key}",
        "vendor": vendor.zoho_name,
        "date": day.isoformat(),
        "delivery_date": promised.isoformat(),
        "currency": vendor.currency,
        "exchange_rate": rate,
        "status": "open",
        "discount": text(shape.discount),
        "total": text(shape.total),
        "lines": shape.lines(),
    }


def _bill_target(
    vendor: Vendor, shape: BillShape, key: int, day: date, due: date, rate: str
) -> dict[str, Any]:
    return {
        "reference": f"mlc:{SUBDOMAIN}:bill:{key}",
        "vendor": vendor.zoho_name,
        "date": day.isoformat(),
        "due_date": due.isoformat(),
        "currency": vendor.currency,
        "exchange_rate": rate,
        "status": "open",
        "inclusive": shape.inclusive,
        "total": text(shape.total),
    }


def _linked_lines(shape: BillShape, links: dict[int, Billed]) -> list[dict[str, str]]:
    """The shape's lines, those that bill an order's item with that order's number."""
    lines: list[dict[str, str]] = []
    for position, part in enumerate(shape.parts):
        order = links[position].order.number if position in links else ""
        lines += [line | {"order": order} for line in part.lines()]
    return lines + [line | {"order": ""} for line in shape.extra_lines]


def _after(date_text: str, hours: int) -> str:
    """A UTC time some hours after a moment."""
    moment = datetime.fromisoformat(date_text) + timedelta(hours=hours)
    utc = moment - (moment.utcoffset() or timedelta())
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
