"""Procurify's JSON for tests: a small order and a small bill, changed as a test needs them."""

from typing import Any

Json = dict[str, Any]


def account(code: str, name: str = "") -> Json:
    return {"id": 9, "account_code": {"id": 5, "code": code, "description": name}}


def order_item(key: int = 501, **changes: Any) -> Json:
    """Four bearing blocks at 12.50, on 5030."""
    return {
        "id": key,
        "name": "Bearing block",
        "sku": "BB-4",
        "unit": "each",
        "quantity": "4.00000",
        "price": "12.50000000",
        "total_cost": "50.00",
        "tax_amount": "0.00",
        "shipping_amount": "0.00",
        "taxes": [],
        "account": account("5030", "Components"),
        "spend_allocation": [],
        "po_note": "",
    } | changes


def percent(name: str, rate: str) -> Json:
    return {"id": 1, "type": "percent", "value": rate, "name": name}


def shares(*pairs: tuple[str, str], where: str = "account") -> list[Json]:
    """Allocations as (account code, amount), with ids from 71 on."""
    return [
        {"id": 71 + at, "amount": amount, where: account(code)}
        for at, (code, amount) in enumerate(pairs)
    ]


def order(*items: Json, **changes: Any) -> Json:
    """PO-812 of Acme over 50.00 USD."""
    return {
        "procurify_PO": 812,
        "uuid": "3cda5ef4-ac1a-401b-b661-9e4a5d87c10d",
        "number": "PO-812",
        "date": "2026-01-31T23:30:00-08:00",
        "promise_date": "2026-02-14T09:00:00-08:00",
        "pref_vendor": {"id": 10, "name": "Acme Inc."},
        "purchased_currency": {"id": 3, "name": "USD", "rate": "1.000000", "base": True},
        "purchased_currency_rate": "1.000000",
        "subtotal": "50.00",
        "freight": "0.000000",
        "other": "0.000000",
        "tax": {"value": "0", "type": "amount"},
        "discount": {"value": "0", "type": "amount"},
        "total": "50.00",
        "comment": "",
        "state": 0,
        "version": 1,
        "last_modified": "2026-02-01T08:00:00.000000Z",
        "order_items": list(items) or [order_item()],
    } | changes


def bill_item(key: int = 901, **changes: Any) -> Json:
    """Four bearing blocks at 12.50, on 5030."""
    return {
        "id": key,
        "description": "Bearing block",
        "sku": "",
        "unit": "each",
        "quantity": "4.00000",
        "unit_cost": 12.5,
        "total_cost": 50.0,
        "total_cost_with_tax": 50.0,
        "tax_name": "",
        "tax_percentage": None,
        "tax_amount": 0.0,
        "tax_is_inclusive": False,
        "shipping_amount": 0,
        "po": None,
        "orderitem": None,
        "cost_allocations": shares(("5030", "50.00000000"), where="budget"),
    } | changes


def of_order(item: Json, *, order_key: int = 812, order_item_key: int = 501) -> Json:
    """The bill's item as one that bills an order's item."""
    return item | {
        "po": {"id": order_key, "uuid": "u", "number": f"PO-{order_key}"},
        "orderitem": order_item(order_item_key),
    }


def bill(*items: Json, **changes: Any) -> Json:
    """INV-7 of Acme over 50.00 USD, group 77."""
    return {
        "id": 8112,
        "uuid": "aaaa5ef4-ac1a-401b-b661-9e4a5d87c10d",
        "group": 77,
        "version": 1,
        "status": 2,
        "type": 0,
        "vendor": {"id": 10, "name": "Acme Inc."},
        "currency": {"id": 3, "name": "USD", "rate": "1.000000"},
        "invoice_number": "INV-7",
        "invoice_date": "2026-02-05T10:00:00-08:00",
        "due_date": "2026-03-07T10:00:00-08:00",
        "gl_post_date": None,
        "total_cost_with_tax": 50.0,
        "note": "",
        "last_modified_datetime": "2026-02-06T10:00:00Z",
        "items": list(items) or [bill_item()],
        "costs": [],
    } | changes
