"""The comparer catches what it is there for, each mistake planted into books that were right."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.manufacturing import build
from tests.e2e.comparer import Result, compare
from tests.e2e.target_books import BILLS, KINDS, ORDERS, Kind, Row

Plant = Callable[["Books"], None]


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
    }
    lines = [
        {
            "line_item_id": f"{key}-{n}",
            "account_name": line["account"],
            "item_total": line["amount"],
            "tax_name": line["tax"],
        }
        for n, line in enumerate(want["lines"])
    ]
    return row | {"line_items": lines}


def _link(bill: Row, line: Row, order: Row | None) -> None:
    if order is None:
        return
    fitting = (one for one in order["line_items"] if one["account_name"] == line["account_name"])
    line["purchaseorder_item_id"] = next(fitting)["line_item_id"]
    bill["purchaseorder_ids"].append(order["purchaseorder_id"])


@pytest.fixture(scope="module")
def company() -> Company:
    return build(orders=90, bills=150)


@pytest.mark.parametrize("mapped", [False, True])
def test_right_books_are_right(company: Company, mapped: bool) -> None:
    result = Books(company, mapped=mapped).judged()
    assert result.ok, str(result)
    assert result.counts["bill"]["total"] == 150


def lose_a_bill(books: Books) -> None:
    row = next(row for row in books.ledger if row["kind"] == "bill" and row["state"] == "posted")
    books.ledger.remove(row)


def post_twice(books: Books) -> None:
    books.target["bills"].append(copy.deepcopy(books.bill))


def post_twice_under_another_reference(books: Books) -> None:
    books.target["bills"].append(books.bill | {"reference_number": "mlc:cascadia-works:bill:1"})


def post_twice_without_reference(books: Books) -> None:
    books.target["purchaseorders"].append(books.order | {"reference_number": ""})


def add_a_cent(books: Books) -> None:
    cents = int(books.order["total"].replace(".", "")) + 1
    books.order["total"] = f"{cents // 100}.{cents % 100:02d}"


def move_to_another_account(books: Books) -> None:
    books.order["line_items"][0]["account_name"] = "Utilities (old)"


def lose_the_tax(books: Books) -> None:
    lines = (line for bill in books.target["bills"] for line in bill["line_items"])
    next(line for line in lines if line.get("tax_name"))["tax_name"] = ""


def lose_the_link(books: Books) -> None:
    books.bill["line_items"][0]["purchaseorder_item_id"] = ""


def lose_the_header_link(books: Books) -> None:
    books.bill["purchaseorder_ids"] = []


def leave_as_draft(books: Books) -> None:
    books.order["status"] = "draft"


def shift_the_day(books: Books) -> None:
    books.bill["date"] = "2026-01-01"


def take_the_wrong_vendor(books: Books) -> None:
    books.bill["vendor_name"] = "Pacific Crating"


def forget_to_post(books: Books) -> None:
    books.target["bills"].remove(books.bill)


def post_what_should_wait(books: Books) -> None:
    waiting = next(row for row in books.ledger if row["state"] == "waiting")
    waiting["state"] = "posted"


def hold_for_the_wrong_reason(books: Books) -> None:
    held = next(row for row in books.ledger if row["class"] == "number_missing")
    held["class"] = "refused"


def hold_what_is_fine(books: Books) -> None:
    next(row for row in books.ledger if row["state"] == "posted")["state"] = "held"


def overwrite_a_typed_bill(books: Books) -> None:
    bills = books.target["bills"]
    bills.remove(next(bill for bill in bills if bill["bill_number"] == "HT-2201"))


MISTAKES: list[tuple[Plant, str]] = [
    (lose_a_bill, "lost: bill"),
    (post_twice, "2 bills at the target"),
    (post_twice_under_another_reference, "2 bills at the target"),
    (post_twice_without_reference, "carries no reference"),
    (add_a_cent, ": total "),
    (move_to_another_account, "Utilities (old)"),
    (lose_the_tax, "lines lack"),
    (lose_the_link, "PO-"),
    (lose_the_header_link, "not in the bill's header"),
    (leave_as_draft, "status draft, not open"),
    (shift_the_day, "date 2026-01-01"),
    (take_the_wrong_vendor, "vendor Pacific Crating"),
    (forget_to_post, "is not at the target"),
    (post_what_should_wait, "should be waiting"),
    (hold_for_the_wrong_reason, "not number_missing"),
    (hold_what_is_fine, "unplanned"),
    (overwrite_a_typed_bill, "hand-typed bill HT-2201 is gone"),
]


@pytest.mark.parametrize(("plant", "said"), MISTAKES, ids=[p.__name__ for p, _ in MISTAKES])
def test_a_mistake_is_found(company: Company, plant: Plant, said: str) -> None:
    books = Books(company)
    plant(books)
    result = books.judged()
    assert not result.ok
    assert said in str(result)


def test_cents_are_counted_by_total_and_by_account(company: Company) -> None:
    books = Books(company)
    add_a_cent(books)
    assert books.judged().cents_off == 1
    line = books.order["line_items"][0]
    cents = int(line["item_total"].replace(".", "")) - 3
    line["item_total"] = f"{cents // 100}.{cents % 100:02d}"
    assert books.judged().cents_off == 4


def test_several_classes_of_one_record_may_be_named_if_all_are_planted(company: Company) -> None:
    books = Books(company)
    both = next(row for row in books.wanted["waiting"] if row["also"])
    row = next(row for row in books.ledger if row["source_key"] == both["source_key"])
    row["class"] = ["order_missing", "vendor_missing"]
    assert books.judged().ok
    row["class"] = ["order_missing", "tax_missing"]
    assert not books.judged().ok


def test_an_order_that_bills_cover_counts_as_open(company: Company) -> None:
    books = Books(company)
    books.order.update(status="billed", billed_status="billed")
    assert books.judged().ok
    books.order["billed_status"] = "partially_billed"
    assert not books.judged().ok
