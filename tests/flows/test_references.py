"""Master data of both sides as reference rows, keyed as documents name it."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.core.flow import SOURCE, TARGET
from connectors.core.records import Page, Raw
from connectors.flows.procurify_to_zoho_books import FLOW


class Provider:
    """Answers every list with the same rows and keeps what it was asked."""

    def __init__(self, *rows: Raw) -> None:
        self.rows = rows
        self.since: Any = "never asked"

    def vendors(self, modified_since: str | None = None) -> Iterator[Page[Raw]]:
        self.since = modified_since
        yield Page(rows=self.rows, number=1)

    account_codes = currencies = taxes = chart_of_accounts = contacts = vendors
    purchase_orders = bills = vendors

    def transaction_locks(self) -> Raw:
        return {"transaction_locks": list(self.rows)}


def read(side: str, kind: str, *rows: Raw) -> list[Any]:
    stream = next(one for one in FLOW.references if (one.side, one.kind) == (side, kind))
    return [row for page in stream.fetch(Provider(*rows), None) for row in page.rows]


def test_source_rows_are_keyed_as_documents_name_them() -> None:
    (account,) = read(SOURCE, "account", {"id": 5, "code": "5030", "description": "Parts"})
    (currency,) = read(SOURCE, "currency", {"id": 3, "name": "usd", "base": True})
    (vendor,) = read(SOURCE, "vendor", {"id": 10, "name": "Acme", "external_id": " z9 "})
    assert (account.key, account.name, account.number) == ("5030", "Parts", "5030")
    assert (currency.key, currency.attributes["base"]) == ("USD", True)
    assert (vendor.key, vendor.attributes["external_id"]) == ("10", "z9")


def test_contacts_that_are_customers_are_left_out() -> None:
    rows = [
        {"contact_id": "1", "contact_name": "Acme", "contact_type": "vendor", "status": "active"},
        {"contact_id": "2", "contact_name": "Shop", "contact_type": "customer"},
        {"contact_id": "3", "contact_name": "Old", "contact_type": "vendor", "status": "inactive"},
    ]
    assert [(row.key, row.active) for row in read(TARGET, "vendor", *rows)] == [
        ("1", True),
        ("3", False),
    ]


def test_contacts_are_read_from_the_last_change_on() -> None:
    (stream,) = (one for one in FLOW.references if one.incremental)
    client = Provider({"contact_id": "1", "last_modified_time": "2026-06-09T13:33:42-0400"})
    (page,) = stream.fetch(client, "2026-06-01T00:00:00.000000Z")
    assert client.since == "2026-06-01T00:00:00.000000Z"
    assert page.rows[0].attributes["modified"] == "2026-06-09T17:33:42.000000Z"


def test_one_unreadable_row_does_not_take_the_others_along() -> None:
    rows = read(TARGET, "tax", {"tax_name": "no id"}, {"tax_id": "t", "tax_percentage": 5})
    assert [(row.key, row.attributes["rate"]) for row in rows] == [("t", "5")]


@pytest.mark.parametrize(
    ("locks", "until"),
    [
        ([], ""),
        ([{"transaction_lock_module": "purchase", "transaction_lock_date": "2026-01-31"}],
         "2026-01-31"),
        ([{"transaction_lock_module": "sales", "transaction_lock_date": "2026-01-31"}], ""),
        # Words are in the organisation's language, so the coded fields alone count.
        ([{"lock_scope": 2, "lock_scope_formatted": "Achats",
           "transaction_lock_date": "2026-01-31"}], "2026-01-31"),
        ([{"lock_scope": 0, "lock_scope_formatted": "Tout", "lock_status": "locked",
           "lock_status_formatted": "Verrouillé", "transaction_lock_date": "2026-02-28"}],
         "2026-02-28"),
        # What is not understood, and what spares some, is left to Zoho.
        ([{"lock_scope_formatted": "Purchases", "transaction_lock_date": "2026-01-31"}], ""),
        ([{"lock_scope": 4, "lock_scope_formatted": "Purchases",
           "transaction_lock_date": "2026-01-31"}], ""),
        ([{"lock_scope": 0, "user_exceptions_count": 1,
           "transaction_lock_date": "2026-01-31"}], ""),
        ([{"lock_scope": 0, "account_exceptions_count": "2",
           "transaction_lock_date": "2026-01-31"}], ""),
        ([{"lock_scope": 0, "lock_status": "unlocked",
           "transaction_lock_date": "2026-01-31"}], ""),
        ([{"transaction_lock_module": "all", "transaction_lock_status": "disabled",
           "transaction_lock_date": "2026-01-31"}], ""),
    ],
)  # fmt: skip
def test_locks_come_down_to_the_last_closed_day_of_purchases(locks: list[Raw], until: str) -> None:
    (row,) = read(TARGET, "period_lock", *locks)
    assert (row.key, row.attributes["locked_until"], row.active) == ("purchase", until, bool(until))


def test_a_lock_without_a_day_is_told_and_closes_nothing_here() -> None:
    (found,) = [one for one in FLOW.references if one.kind == "period_lock"]
    lock = {"lock_scope": 0, "lock_status": "locked", "transaction_lock_date": ""}
    dated = {**lock, "transaction_lock_date": "2026-01-31"}
    other = {"transaction_lock_module": "sales", "transaction_lock_date": ""}
    (page,) = found.fetch(Provider(lock, dated, other), None)
    assert page.rows[0].attributes["locked_until"] == "2026-01-31"
    (said,) = page.remarks
    assert "names no day" in said


def test_heads_say_who_holds_a_number() -> None:
    (index,) = (one for one in FLOW.indexes if one.kind == "bill")
    raw = {
        "bill_id": "b1",
        "bill_number": "INV-7",
        "vendor_id": "z1",
        "reference_number": "",
        "status": "Overdue",
        "total": 50.5,
        "currency_code": "USD",
        "last_modified_time": "2026-06-09T13:33:42-0400",
    }
    (page,) = index.fetch(Provider(raw), None)
    (head,) = page.rows
    assert (head.target_id, head.number, head.vendor_key, head.status) == (
        "b1",
        "INV-7",
        "z1",
        "overdue",
    )
    assert head.modified == "2026-06-09T17:33:42.000000Z"


def test_every_kind_of_mapping_has_a_target_list() -> None:
    targets = {one.kind for one in FLOW.references if one.side == TARGET}
    assert FLOW.mapping_kinds.keys() <= targets
