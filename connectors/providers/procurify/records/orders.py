"""Purchase orders as Procurify returns them in detail, with their items and spend allocations.

The detail's JSON enters, a frozen record leaves. States stay integers, known ones named here,
because Procurify adds new ones.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.core.money import without_dust
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.providers.procurify.records.common import (
    Allocation,
    Charge,
    ItemTax,
    read_account,
    read_allocation,
    read_charge,
    read_currency,
    read_party,
    read_taxes,
)

PURCHASED, CANCELLED, LEGACY, CLOSED, PAID, REOPENED = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """One line of an order. ``total_cost`` is without tax and shipping."""

    id: str
    name: str
    sku: str
    unit: str
    quantity: Decimal
    price: Decimal
    total_cost: Decimal
    tax_amount: Decimal
    shipping_amount: Decimal
    note: str
    account_code: str
    account_name: str
    taxes: tuple[ItemTax, ...]
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """An order; ``key`` is the integer that Procurify calls procurify_PO."""

    key: str
    uuid: str
    number: str
    version: str
    state: int
    day: date | None
    promise_day: date | None
    vendor_id: str
    party: str
    currency: str
    rate: Decimal | None
    subtotal: Decimal
    freight: Decimal
    other: Decimal
    tax: Charge
    discount: Charge
    total: Decimal
    comment: str
    modified: datetime | None
    items: tuple[OrderItem, ...]


def parse_purchase_order(raw: Raw) -> PurchaseOrder:
    """Read a purchase order's detail."""
    key = Fields(raw, "a purchase order").required_text("procurify_PO")
    fields = Fields(raw, f"purchase order {raw.get('number') or key}")
    currency = read_currency(fields, "purchased_currency")
    vendor_id, party = read_party(fields, "pref_vendor")
    return PurchaseOrder(
        key=key,
        uuid=fields.text("uuid"),
        number=fields.text("number"),
        version=fields.text("version"),
        state=fields.integer("state"),
        day=fields.day("date"),
        promise_day=fields.day("promise_date"),
        vendor_id=vendor_id,
        party=party,
        currency=currency,
        rate=fields.optional_number("purchased_currency_rate"),
        subtotal=fields.amount("subtotal"),
        freight=without_dust(fields.amount("freight"), currency),
        other=without_dust(fields.amount("other"), currency),
        tax=read_charge(fields, "tax"),
        discount=read_charge(fields, "discount"),
        total=without_dust(fields.number("total"), currency),
        comment=fields.text("comment"),
        modified=fields.instant("last_modified"),
        items=tuple(_item(row, fields.what, currency) for row in fields.objects("order_items")),
    )


def _item(row: Fields, order: str, currency: str) -> OrderItem:
    key = row.required_text("id")
    fields = Fields(row.raw, f"item {key} of {order}")
    code, account_name = read_account(fields, "account")
    return OrderItem(
        id=key,
        name=fields.text("name"),
        sku=fields.text("sku"),
        unit=fields.text("unit"),
        quantity=fields.number("quantity"),
        price=fields.number("price"),
        total_cost=without_dust(fields.number("total_cost"), currency),
        tax_amount=without_dust(fields.amount("tax_amount"), currency),
        shipping_amount=without_dust(fields.amount("shipping_amount"), currency),
        note=fields.text("po_note"),
        account_code=code or fields.text("accountCode"),
        account_name=account_name,
        taxes=read_taxes(fields),
        allocations=tuple(
            read_allocation(share, "account") for share in fields.objects("spend_allocation")
        ),
    )
