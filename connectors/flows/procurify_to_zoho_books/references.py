"""Master data of both sides, and the heads of Zoho's own records: what is read, and how often.

Clients enter, pages of reference rows leave. Source rows are keyed as documents name them: an
account by its code, a currency by its ISO code.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from connectors.core.flow import SOURCE, TARGET, ReferenceStream, TargetIndex
from connectors.core.records import Page, Raw, TargetState
from connectors.core.references import ReferenceRow
from connectors.core.rows import typed_rows
from connectors.flows.procurify_to_zoho_books.words import (
    ACCOUNT,
    BILLS,
    CURRENCY,
    ORDERS,
    TAX,
    VENDOR,
)
from connectors.providers.procurify import records as procurify
from connectors.providers.zoho_books import records as zoho

PERIOD_LOCK = "period_lock"

_HOURLY = timedelta(hours=1)
_OFTEN = timedelta(minutes=5)
_DAILY = timedelta(days=1)


def source_vendor(raw: Raw) -> ReferenceRow | None:
    vendor = procurify.parse_vendor(raw)
    return ReferenceRow(
        kind=VENDOR,
        key=vendor.key,
        name=vendor.name,
        number=vendor.external_id,
        active=vendor.active,
        attributes={
            "external_id": vendor.external_id,
            "emails": list(vendor.emails),
            "phone": vendor.phone,
            "city": vendor.city,
            "currency": vendor.currency,
            "tax_number": vendor.tax_number,
            "type": vendor.type,
        },
    )


def source_account(raw: Raw) -> ReferenceRow:
    code = procurify.parse_account_code(raw)
    return ReferenceRow(
        kind=ACCOUNT,
        key=code.code,
        name=code.description or code.code,
        number=code.code,
        active=code.active,
    )


def source_currency(raw: Raw) -> ReferenceRow:
    currency = procurify.parse_currency(raw)
    return ReferenceRow(
        kind=CURRENCY,
        key=currency.code,
        name=currency.code,
        number=currency.code,
        active=currency.active,
        attributes={"base": currency.base},
    )


def _target_vendor(raw: Raw) -> ReferenceRow | None:
    return zoho.vendor_row(raw) if zoho.is_vendor(raw) else None


def _source(kind: str, every: timedelta, fetch: Callable[[Any], Any]) -> ReferenceStream:
    return ReferenceStream(
        side=SOURCE, kind=kind, every=every, fetch=lambda client, since: fetch(client)
    )


def _target(kind: str, every: timedelta, fetch: Callable[[Any], Any]) -> ReferenceStream:
    return ReferenceStream(
        side=TARGET, kind=kind, every=every, fetch=lambda client, since: fetch(client)
    )


def _contacts(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    return typed_rows(client.contacts(modified_since=since), _target_vendor)


def _locks(client: Any) -> Iterator[Page[ReferenceRow]]:
    locks = client.transaction_locks()["transaction_locks"]
    yield Page(rows=[zoho.period_lock_row(locks)], number=1, remarks=zoho.undated_locks(locks))


def _order_heads(client: Any, since: str | None) -> Iterator[Page[TargetState]]:
    return typed_rows(client.purchase_orders(modified_since=since), zoho.purchase_order_state)


def _bill_heads(client: Any, since: str | None) -> Iterator[Page[TargetState]]:
    return typed_rows(client.bills(modified_since=since), zoho.bill_state)


REFERENCES = (
    _source(VENDOR, _HOURLY, lambda client: typed_rows(client.vendors(), source_vendor)),
    _source(ACCOUNT, _DAILY, lambda client: typed_rows(client.account_codes(), source_account)),
    _source(CURRENCY, _DAILY, lambda client: typed_rows(client.currencies(), source_currency)),
    ReferenceStream(side=TARGET, kind=VENDOR, every=_OFTEN, fetch=_contacts, incremental=True),
    _target(
        ACCOUNT, _HOURLY, lambda client: typed_rows(client.chart_of_accounts(), zoho.account_row)
    ),
    _target(TAX, _DAILY, lambda client: typed_rows(client.taxes(), zoho.tax_row)),
    _target(CURRENCY, _DAILY, lambda client: typed_rows(client.currencies(), zoho.currency_row)),
    _target(PERIOD_LOCK, _HOURLY, _locks),
)

INDEXES = (
    TargetIndex(kind=ORDERS, fetch=_order_heads),
    TargetIndex(kind=BILLS, fetch=_bill_heads),
)

MAPPING_KINDS = {VENDOR: "Vendor", ACCOUNT: "Account", TAX: "Tax", CURRENCY: "Currency"}
