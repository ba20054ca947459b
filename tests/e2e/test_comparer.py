"""The comparer catches what it is there for, each mistake planted into books that were right."""

import copy
from collections.abc import Callable

import pytest

from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.manufacturing import build
from tests.e2e.right_books import Books

Plant = Callable[[Books], None]


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
