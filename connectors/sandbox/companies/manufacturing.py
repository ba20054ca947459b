"""A manufacturing and distribution company: three places, two currencies, three months of buying.

A seed and sizes enter; the company leaves, with its starting states in both systems, what a tenant
sets up, two acts of later edits, and the books expected before and after each.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.companies import (
    acts,
    bill_shapes,
    cases_of_other_base,
    manufacturing_cases,
    order_shapes,
    planted,
    stories,
)
from connectors.sandbox.companies.accounts import (
    ORGANIZATION_ID,
    SUBDOMAIN,
    account_id,
    later_mappings,
    mappings,
    procurify_state,
    zoho_state,
)
from connectors.sandbox.companies.cases_of_identity import fiscal_year
from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.scribe import Scribe
from connectors.sandbox.companies.vendors import (
    TWICE_IN_PROCURIFY,
    TWICE_IN_ZOHO,
    Cast,
    Vendor,
    build_cast,
)

NAME = "manufacturing"
START = date(2026, 8, 1)
DAYS_PER_MONTH = 31
PROCURIFY_CLIENT = ("cascadia-connector", "procurify-sandbox-secret")
ZOHO_CLIENT = ("1000.CASCADIASANDBOXCLIENT", "zoho-sandbox-secret")
PROCURIFY_BASE = "USD"
REDIRECT_URI = "http://127.0.0.1:8000/connect/zoho-books/callback/"
PAID = 4


def build(
    seed: int = 1,
    orders: int | None = None,
    bills: int | None = None,
    vendors: int = 60,
    months: int = 3,
    plain: bool = False,
    start: str = START.isoformat(),
    zoho_base: str = PROCURIFY_BASE,
) -> Company:
    """The company; `plain` leaves out all that waits or is held and, by default, the orders.

    `zoho_base` is the base currency of Zoho Books; Procurify's is USD. Another one is the case of a
    plain company.
    """
    if zoho_base != PROCURIFY_BASE and not (plain and zoho_base in cases_of_other_base.RATES):
        raise ValueError("Only a plain company can have books in another base, such as CAD.")
    scribe = Scribe(
        random.Random(seed), build_cast(vendors), date.fromisoformat(start), months * DAYS_PER_MONTH
    )
    if plain:
        if zoho_base != PROCURIFY_BASE:
            cases_of_other_base.plant(scribe)
        _fill_plainly(scribe, orders or 0, 430 if bills is None else bills)
        if zoho_base != PROCURIFY_BASE:
            cases_of_other_base.rate_as_zoho_books(scribe, zoho_base)
    else:
        planted.plant(scribe)
        acts.prepare(scribe)
        manufacturing_cases.plant(scribe)
        _fill(scribe, 320 if orders is None else orders, 430 if bills is None else bills)
    last_act = max(scribe.script.acts, default=0)
    return Company(
        name=NAME,
        procurify=_procurify(scribe),
        zoho_books=_zoho(scribe, zoho_base),
        connect=_connect(scribe),
        expected=[
            scribe.script.expected(act)
            | {
                "hand_typed": _hand_typed(scribe, act),
                "fiscal_year_begins": fiscal_year(scribe.start).month,
            }
            for act in range(last_act + 1)
        ],
        acts=[_named(scribe, act) for act in range(1, last_act + 1)],
    )


def _fill(scribe: Scribe, orders: int, bills: int) -> None:
    _check_sizes(scribe, orders, bills)
    stories.fill(scribe, orders, bills)


def _check_sizes(scribe: Scribe, orders: int, bills: int) -> None:
    if len(scribe.orders) > orders or len(scribe.bills) > bills:
        raise ValueError(
            f"This company needs at least orders={len(scribe.orders)} and "
            f"bills={len(scribe.bills)}, or plain=true."
        )


def _fill_plainly(scribe: Scribe, orders: int, bills: int) -> None:
    _check_sizes(scribe, orders, bills)
    while len(scribe.orders) < orders:
        ordered = order_shapes.plain(scribe.rng)
        stories.post_order(scribe, scribe.order(scribe.vendor(), ordered))
    while len(scribe.bills) < bills:
        billed = bill_shapes.plain(scribe.rng)
        stories.post_bill(scribe, scribe.bill(scribe.vendor(), billed))


def _procurify(scribe: Scribe) -> dict[str, Any]:
    client_id, secret = PROCURIFY_CLIENT
    return procurify_state() | {
        "subdomain": SUBDOMAIN,
        "client_id": client_id,
        "client_secret": secret,
        "offset_hours": -8,
        "vendors": scribe.cast.procurify,
        "purchase_orders": scribe.orders,
        "bills": scribe.bills,
        "requested_items": [_requested(scribe, n) for n in range(3)],
        "payments": list(_payments(scribe)),
    }


def _zoho(scribe: Scribe, base: str) -> dict[str, Any]:
    client_id, secret = ZOHO_CLIENT
    state = zoho_state(base)
    begins = fiscal_year(scribe.start).strftime("%B").casefold()
    state["organizations"][0]["fiscal_year_start_month"] = begins
    return (
        state
        | {
            "region": "us",
            "clients": [{"client_id": client_id, "client_secret": secret, "redirect_uris": ["*"]}],
            "contacts": scribe.cast.contacts,
            "transactionlocks": {"purchase": (scribe.start - timedelta(days=1)).isoformat()},
        }
        | scribe.hand_typed
    )


def _connect(scribe: Scribe) -> dict[str, Any]:
    """What the tenant types in when connecting, maps beforehand, and would resolve later."""
    procurify_id, procurify_secret = PROCURIFY_CLIENT
    zoho_id, zoho_secret = ZOHO_CLIENT
    return {
        "procurify": {
            "subdomain": SUBDOMAIN,
            "client_id": procurify_id,
            "client_secret": procurify_secret,
        },
        "zoho_books": {
            "region": "us",
            "client_id": zoho_id,
            "client_secret": zoho_secret,
            "organization_id": ORGANIZATION_ID,
            "redirect_uri": REDIRECT_URI,
        },
        "history_start": (scribe.start - timedelta(days=31)).isoformat(),
        "mappings": [*mappings(), _old_account(scribe.cast)],
        "deeds": scribe.script.deeds,
        "resolutions": later_mappings() + _vendor_resolutions(scribe.cast),
    }


def _old_account(cast: Cast) -> dict[str, str]:
    """A vendor that is a second account of a contact."""
    return _vendor_choice(cast, cast.once_more, cast.once_more.zoho_name)


def _vendor_choice(cast: Cast, vendor: Vendor, contact: str) -> dict[str, str]:
    return {
        "kind": "vendor",
        "source_key": str(vendor.id),
        "source_label": vendor.name,
        "target_name": contact,
        "target_id": cast.contact_id(contact),
    }


def _vendor_resolutions(cast: Cast) -> list[dict[str, str]]:
    """Which contact a person would pick where a name occurs twice."""
    picks = [(cast.twice_in_zoho, TWICE_IN_ZOHO[1])]
    picks += [(vendor, TWICE_IN_PROCURIFY[2]) for vendor in cast.twice_in_procurify]
    return [_vendor_choice(cast, vendor, contact) for vendor, contact in picks]


def _requested(scribe: Scribe, number: int) -> dict[str, Any]:
    """Something approved that nobody has purchased yet, so that no order has it."""
    return {
        "id": 19_001 + number,
        "name": "Torque wrench",
        "quantity": "2",
        "price": "145.00",
        "total_cost": "290.00",
        "tax_amount": "0.00",
        "shipping_amount": "0.00",
        "account": account_id("6020", 1),
        "status": 0,
        "last_modified": f"{(scribe.start + timedelta(days=number)).isoformat()}T18:00:00.000000Z",
    }


def _payments(scribe: Scribe) -> Iterator[dict[str, Any]]:
    """One payment for each bill that Procurify calls paid."""
    names = {vendor["id"]: vendor["name"] for vendor in scribe.cast.procurify}
    paid = [bill for bill in scribe.bills if bill["status"] == PAID]
    for number, bill in enumerate(paid, start=1):
        modified, day = bill["last_modified_datetime"], bill["last_modified_datetime"][:10]
        bill["bill_payment"] = {
            "id": number,
            "payment": {"id": number, "status": "paid", "amount": bill["total"]},
            "payment_method": None,
            "amount": bill["total"],
            "transaction": None,
        }
        yield {
            "id": number,
            "uuid": f"00000000-0000-4000-8000-{number:012d}",
            "status": "paid",
            "amount": bill["total"],
            "currency": bill["currency"],
            "vendor_name": names[bill["vendor"]],
            "created_at": modified,
            "updated_at": modified,
            "processing_date": day,
            "posted_date": day,
            "payment_source_name": "Operating account",
            "gl_code": "1010",
            "bill_groups": [bill["group"]],
        }


def _hand_typed(scribe: Scribe, act: int) -> dict[str, list[str]]:
    """Numbers of the records that people typed into Zoho Books themselves and nobody linked yet."""
    piles = scribe.hand_typed
    numbers = {
        "purchase_orders": [row["purchaseorder_number"] for row in piles["purchaseorders"]],
        "bills": [row["bill_number"] for row in piles["bills"]],
    }
    return {
        kind: [number for number in of_kind if scribe.linked.get(number, act + 1) > act]
        for kind, of_kind in numbers.items()
    }


def _named(scribe: Scribe, act: int) -> list[dict[str, Any]]:
    first, *others = scribe.script.acts[act]
    return [{"name": acts.NAMES[act]} | first, *others]
