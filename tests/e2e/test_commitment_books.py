"""The comparer catches what it is there for, each mistake planted into right commitments."""

import copy
from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.construction import build
from tests.e2e.right_commitments import Commitments
from tests.e2e.verdict import Row

Plant = Callable[[Commitments], None]


@pytest.fixture(scope="module")
def company() -> Company:
    return build(orders=160, edited=80)


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("act", [0, 1, 2])
def test_right_books_are_right(company: Company, act: int, mapped: bool) -> None:
    books = Commitments(company, act, mapped=mapped)
    result = books.judged()
    assert result.ok, str(result)
    unread = sum(row["state"] == "unread" for row in books.wanted["cases"])
    assert result.counts["purchase_order"]["total"] == len(books.source["purchaseorders"]) - unread
    assert result.counts["commitment"]["total"] == len(books.wanted["commitments"])
    lines = [line for row in books.wanted["commitments"] for line in row["lines"]]
    assert result.compared["commitments"] == len(books.wanted["commitments"])
    assert result.compared["projects"] == 15
    assert result.compared["zoho_projects"] == 17
    assert 15 < result.compared["cost_codes"] <= len(lines)


def lose_an_order(books: Commitments) -> None:
    books.ledger.remove(next(row for row in books.ledger if row["state"] == "posted"))


def post_twice(books: Commitments) -> None:
    books.target["purchase_order_contracts"].append(copy.deepcopy(books.contract))


def post_twice_in_another_generation(books: Commitments) -> None:
    origin = books.contract["origin_id"].removesuffix(":1") + ":2"
    again = books.contract | {"id": 1, "number": "PO-99999", "origin_id": origin}
    books.target["purchase_order_contracts"].append(again)


def post_twice_without_origin(books: Commitments) -> None:
    again = books.contract | {"id": 1, "origin_id": None}
    books.target["purchase_order_contracts"].append(again)


def post_a_line_twice(books: Commitments) -> None:
    lines = books.contract["line_items"]
    lines.append(copy.deepcopy(lines[0]))


def add_a_cent(books: Commitments) -> None:
    line = books.contract["line_items"][0]
    line["amount"] = str(Decimal(line["amount"]) + Decimal("0.01"))


def add_a_cent_to_the_total(books: Commitments) -> None:
    total = Decimal(books.contract["grand_total"])
    books.contract["grand_total"] = str(total + Decimal("0.01"))


def take_the_wrong_code(books: Commitments) -> None:
    books.contract["line_items"][0]["wbs_code"] = {"flat_code": "01-590.M"}


def take_the_wrong_project(books: Commitments) -> None:
    books.contract["project"]["id"] = 310_093


def leave_in_draft(books: Commitments) -> None:
    books.contract["status"] = "Draft"


def leave_a_removed_line(books: Commitments) -> None:
    lines = books.contract["line_items"]
    lines.append(lines[0] | {"amount": "12.00", "origin_id": f"{lines[0]['origin_id']}0"})


def forget_a_line(books: Commitments) -> None:
    del books.contract["line_items"][0]


def forget_to_post(books: Commitments) -> None:
    books.target["purchase_order_contracts"].remove(books.contract)


def post_what_should_wait(books: Commitments) -> None:
    extra = books.contract | {"id": 1, "number": "PO-00001", "origin_id": "mlc:1:1:1:1"}
    books.target["purchase_order_contracts"].append(extra)


def take_the_wrong_vendor(books: Commitments) -> None:
    books.contract["vendor"] = {"id": 1, "company": "Orchard Title Company"}


def leave_a_vendors_old_name(books: Commitments) -> None:
    books.target["vendors"][0]["name"] = "RMP Structures Group"


def switch_a_vendor_off(books: Commitments) -> None:
    books.target["vendors"][1]["is_active"] = False


def make_a_second_vendor(books: Commitments) -> None:
    books.target["vendors"].append(books.target["vendors"][2] | {"id": 1})


def leave_a_projects_old_name(books: Commitments) -> None:
    books.source["projects"][0]["project_name"] = "Alder Elementary Addition"


def make_a_second_project(books: Commitments) -> None:
    books.source["projects"].append(books.source["projects"][1] | {"project_id": "1"})


def forget_the_vendor(books: Commitments) -> None:
    books.contract["vendor"] = None


def forget_the_directory(books: Commitments) -> None:
    entry = {
        "project_id": books.contract["project"]["id"],
        "vendor_id": books.contract["vendor"]["id"],
    }
    directory = books.target["project_vendors"]
    books.target["project_vendors"] = [row for row in directory if row != entry]


def take_another_orders_origin(books: Commitments) -> None:
    organization = books.contract["origin_id"].split(":")[1]
    books.contract["origin_id"] = f"mlc:{organization}:770000010099999:1:1"


def take_the_wrong_method(books: Commitments) -> None:
    row = next(row for row in books.contracts if row["accounting_method"] == "amount")
    row["accounting_method"] = "unit"


def shift_the_day(books: Commitments) -> None:
    books.contract["contract_date"] = "2026-01-01"


def overwrite_a_typed_commitment(books: Commitments) -> None:
    rows = books.target["purchase_order_contracts"]
    rows.remove(next(row for row in rows if row["number"] == "FIELD-05"))


def let_a_line_go_unmarked(books: Commitments) -> None:
    books.contract["line_items"][0]["origin_id"] = None


def hold_what_is_fine(books: Commitments) -> None:
    next(row for row in books.ledger if row["state"] == "posted")["state"] = "held"


def wait_for_the_wrong_reason(books: Commitments) -> None:
    waiting = next(row for row in books.ledger if row["class"] == "project_missing")
    waiting["class"] = "vendor_missing"


MISTAKES: list[tuple[Plant, str]] = [
    (lose_an_order, "lost: purchase_order PO-"),
    (post_twice, "2 commitments in Procore for origin id"),
    (post_twice_in_another_generation, "2 commitments in Procore for order and project"),
    (post_twice_without_origin, "carries no origin id"),
    (post_a_line_twice, "2 lines in Procore for origin id"),
    (add_a_cent, "lines lack"),
    (add_a_cent_to_the_total, ": total "),
    (take_the_wrong_code, "01-590.M"),
    (take_the_wrong_project, ": project 310093, not "),
    (leave_in_draft, "status Draft, not Approved"),
    (leave_a_removed_line, " 12.00]"),
    (forget_a_line, "and have []"),
    (forget_to_post, "is not in Procore"),
    (post_what_should_wait, "should not be in Procore"),
    (take_the_wrong_vendor, ": vendor_id 1, not "),
    (leave_a_vendors_old_name, ": name 'RMP Structures Group', not 'Rocky Mtn Precast'"),
    (switch_a_vendor_off, ": is_active False, not True"),
    (make_a_second_vendor, "should not be in Procore"),
    (leave_a_projects_old_name, "name 'Alder Elementary Addition', not 'Alder Elementary School"),
    (make_a_second_project, "is in Zoho Books too many"),
    (forget_the_vendor, ": vendor_id nobody, not "),
    (forget_the_directory, "not in the project's directory"),
    (take_another_orders_origin, "is another order's"),
    (take_the_wrong_method, "accounting_method unit, not amount"),
    (shift_the_day, "contract_date 2026-01-01"),
    (overwrite_a_typed_commitment, "hand-typed commitment FIELD-05"),
    (let_a_line_go_unmarked, "1 lines of ours in Procore carry no origin id"),
    (hold_what_is_fine, "unplanned"),
    (wait_for_the_wrong_reason, "not project_missing"),
]


@pytest.mark.parametrize(("plant", "said"), MISTAKES, ids=[p.__name__ for p, _ in MISTAKES])
def test_a_mistake_is_found(company: Company, plant: Plant, said: str) -> None:
    books = Commitments(company)
    plant(books)
    result = books.judged()
    assert not result.ok
    assert said in str(result)


def test_cents_are_counted_by_total_and_by_project_and_code(company: Company) -> None:
    books = Commitments(company)
    add_a_cent_to_the_total(books)
    assert books.judged().cents_off == 1
    add_a_cent(books)
    assert books.judged().cents_off == 2


def test_a_line_on_the_wrong_code_is_off_on_both_codes(company: Company) -> None:
    books = Commitments(company)
    amount = Decimal(books.contract["line_items"][0]["amount"])
    take_the_wrong_code(books)
    assert books.judged().cents_off == 2 * int(amount * 100)


def test_cents_that_cancel_out_between_commitments_are_found_all_the_same(
    company: Company,
) -> None:
    books = Commitments(company)
    by_code: dict[tuple[int, str], list[tuple[int, Row]]] = {}
    for contract in books.contracts:
        for line in contract["line_items"]:
            name = contract["project"]["id"], line["wbs_code"]["flat_code"]
            by_code.setdefault(name, []).append((contract["id"], line))
    shared = next(rows for rows in by_code.values() if len({key for key, _ in rows}) > 1)
    (_, first), (_, second) = shared[0], shared[-1]
    first["amount"] = str(Decimal(first["amount"]) + 1)
    second["amount"] = str(Decimal(second["amount"]) - 1)
    result = books.judged()
    assert result.cents_off == 0
    # A planted case may be among them, and says so once more.
    assert len([one for one in result.mismatches if not one.startswith("case ")]) == 2
