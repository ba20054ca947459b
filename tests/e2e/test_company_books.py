"""The company's expected books, typed into Zoho Books' simulator by hand, come out as written.

So the author's arithmetic and the simulator's agree before any sync has run, and the comparer
reads the simulator's real books.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from connectors.sandbox import procurify, zoho_books
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.world import SimulatorFactory, World
from tests.e2e.comparer import compare
from tests.e2e.right_books import Books
from tests.e2e.target_books import Row

SIMULATORS: dict[str, SimulatorFactory] = {
    "procurify": procurify.Simulator,
    "zoho_books": zoho_books.Simulator,
}
CENT = Decimal("0.01")


class Typist:
    """Types expected records into Zoho's pages, as somebody without this service would."""

    def __init__(self, world: World) -> None:
        self.zoho = world.simulators["zoho_books"]
        books = self.zoho.books()
        self.vendors = {row["contact_name"]: row for row in books["contacts"]}
        self.accounts = {row["account_name"]: row["account_id"] for row in books["chartofaccounts"]}
        self.taxes = {row["tax_name"]: row["tax_id"] for row in books["taxes"]} | {"": ""}
        self.currencies = {row["currency_code"]: row["currency_id"] for row in books["currencies"]}
        self.orders: dict[str, Row] = {}

    def type_in(self, books: Row) -> None:
        for want in books["purchase_orders"]:
            self.orders[want["number"]] = self.order(want)
        for want in books["bills"]:
            self.bill(want)

    def order(self, want: Row) -> Row:
        body = self._head(want) | {
            "purchaseorder_number": want["number"],
            "delivery_date": want["delivery_date"],
            "discount": want["discount"],
            "line_items": [self._line(line) for line in want["lines"]],
        }
        choices = [{"is_discount_before_tax": first} for first in (True, False)]
        return self._matching("purchaseorders", "purchaseorder_id", body, choices, want)

    def bill(self, want: Row) -> Row:
        orders = dict.fromkeys(line["order"] for line in want["lines"] if line["order"])
        body = self._head(want) | {
            "bill_number": want["number"],
            "due_date": want["due_date"],
            "is_inclusive_tax": want["inclusive"],
            "purchaseorder_ids": [self.orders[number]["purchaseorder_id"] for number in orders],
            "line_items": [self._line(line) | self._link(line) for line in want["lines"]],
        }
        choices = [{"is_item_level_tax_calc": per_line} for per_line in (False, True)]
        return self._matching("bills", "bill_id", body, choices, want)

    def _matching(self, kind: str, key: str, body: Row, choices: list[Row], want: Row) -> Row:
        """The record in the first of two ways that comes to the written total."""
        totals = []
        for choice in choices:
            record = self.zoho.add(kind, body | choice)
            if Decimal(record["total"]) == Decimal(want["total"]):
                return record
            self.zoho.delete(kind, record[key])
            totals.append(record["total"])
        raise AssertionError(f"{kind} {want['number']}: {totals}, not {want['total']}")

    def _head(self, want: Row) -> Row:
        return {
            "reference_number": want["reference"],
            "vendor_id": self.vendors[want["vendor"]]["contact_id"],
            "currency_id": self.currencies[want["currency"]],
            "exchange_rate": want["exchange_rate"],
            "date": want["date"],
            "status": want["status"],
        }

    def _line(self, line: Row) -> Row:
        quantity = Decimal(line["quantity"])
        rate = Decimal(line["amount"]) / quantity
        return {
            "account_id": self.accounts[line["account"]],
            "tax_id": self.taxes[line["tax"]],
            "quantity": line["quantity"],
            # Amounts of one piece may be finer than cents, in currencies that have such.
            "rate": rate if quantity == 1 else rate.quantize(CENT, rounding=ROUND_HALF_UP),
        }

    def _link(self, line: Row) -> Row:
        if not line["order"]:
            return {}
        order_lines = self.orders[line["order"]]["line_items"]
        fitting = (one for one in order_lines if one["account_name"] == line["account"])
        return {"purchaseorder_item_id": next(fitting)["line_item_id"]}


@pytest.fixture
def world() -> World:
    made = World(SIMULATORS, COMPANIES)
    made.load_company("manufacturing")
    return made


def ledger(world: World, *, mapped: bool = False) -> list[Row]:
    assert world.company is not None
    return Books(world.company, mapped=mapped).ledger


def source(world: World) -> Any:
    return world.simulators["procurify"].books()


def target(world: World) -> Any:
    return world.simulators["zoho_books"].books()


@pytest.mark.parametrize("mapped", [False, True])
def test_the_expected_books_can_be_kept_in_zoho_to_the_cent(world: World, mapped: bool) -> None:
    expected = world.expected()
    Typist(world).type_in(expected["after_mapping"] if mapped else expected)
    rows = ledger(world, mapped=mapped)
    result = compare(source(world), target(world), expected, rows, mapped=mapped)
    assert result.ok, str(result)


def test_books_that_did_not_follow_a_week_of_edits_are_found_out(world: World) -> None:
    Typist(world).type_in(world.expected())
    rows = ledger(world)
    world.play_next_act()
    result = compare(source(world), target(world), world.expected(), rows)
    text = str(result)
    # Five new orders and ten new bills are unknown to the ledger; nobody lost the others.
    assert len(result.lost) == 15
    # Nobody has linked the one that was typed in by hand.
    assert result.duplicates == ["bill HT-3301 at the target carries no reference"]
    assert result.cents_off > 0
    for class_name in ("below_billed", "paid", "withdrawn"):
        assert f"should be held ({class_name})" in text
    assert "status open, not cancelled" in text
    assert "status open, not billed" in text
    # What people paid in Zoho is paid there, as written.
    assert "status open, not paid" not in text
