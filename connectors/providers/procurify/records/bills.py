"""Bills as Procurify returns them in detail, with their items, cost allocations and other costs.

The detail's JSON enters, a frozen record leaves. The key is the bill's group, which stays the
same over versions; id and UUID belong to one version. Statuses and types stay integers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.core.money import without_dust
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.providers.procurify.records.common import (
    Allocation,
    read_account,
    read_allocation,
    read_currency,
    read_party,
)

DRAFT, CONFIRMED, APPROVED, DENIED, PAID, WITHDRAWN = range(6)
PAYMENT_CONFIRMED, PAYMENT_APPROVED, PAYMENT_LIMBO = 6, 7, 8

ORDER_BILL, EXPENSE_BILL, CARD_BILL = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillItem:
    """One line of a bill. ``total_cost`` is without tax; quantity is None when billed by cost.

    ``ordered_quantity`` and ``ordered_cost`` are those of the order's item that it bills.
    """

    id: str
    description: str
    sku: str
    unit: str
    quantity: Decimal | None
    unit_cost: Decimal | None
    total_cost: Decimal
    total_cost_with_tax: Decimal
    tax_name: str
    tax_percentage: Decimal
    tax_amount: Decimal
    tax_is_inclusive: bool
    shipping_amount: Decimal
    order_key: str
    order_number: str
    order_item_id: str
    ordered_quantity: Decimal | None
    ordered_cost: Decimal | None
    account_code: str
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MiscCost:
    """A cost that is on no item (customs, a fee), with its own account."""

    id: str
    name: str
    amount: Decimal
    account_code: str
    account_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill; ``number`` is the vendor's invoice number.

    ``total`` includes everything, as Procurify says it: a float, freed from the dust of its own
    additions but never rounded.
    """

    key: str
    uuid: str
    number: str
    version: str
    status: int
    type: int
    invoice_day: date | None
    posting_day: date | None
    due_day: date | None
    vendor_id: str
    party: str
    currency: str
    rate: Decimal | None
    total: Decimal
    note: str
    modified: datetime | None
    items: tuple[BillItem, ...]
    costs: tuple[MiscCost, ...]

    @property
    def day(self) -> date | None:
        """The day it counts for: the posting date where one is given, else the invoice's."""
        return self.posting_day or self.invoice_day


def parse_bill(raw: Raw) -> Bill:
    """Read a bill's detail."""
    bill = Fields(raw, "a bill")
    # The group may be null; then its UUID is what it is known by.
    key = bill.text("group") or bill.required_text("uuid")
    fields = Fields(raw, f"bill {raw.get('invoice_number') or key}")
    currency = read_currency(fields, "currency")
    vendor_id, party = read_party(fields, "vendor")
    return Bill(
        key=key,
        uuid=fields.text("uuid"),
        number=fields.text("invoice_number"),
        version=fields.text("version"),
        status=fields.integer("status"),
        type=fields.integer("type", ORDER_BILL),
        invoice_day=fields.day("invoice_date"),
        posting_day=fields.day("gl_post_date"),
        due_day=fields.day("due_date"),
        vendor_id=vendor_id,
        party=party,
        currency=currency,
        rate=_rate(fields),
        total=without_dust(fields.number("total_cost_with_tax"), currency),
        note=fields.text("note"),
        modified=fields.instant("last_modified_datetime"),
        items=tuple(_item(row, fields.what, currency) for row in fields.objects("items")),
        costs=tuple(_cost(row, fields.what, currency) for row in fields.objects("costs")),
    )


def _rate(fields: Fields) -> Decimal | None:
    currency = fields.object("currency")
    return currency.optional_number("rate") if currency else None


def _item(row: Fields, bill: str, currency: str) -> BillItem:
    key = row.required_text("id")
    fields = Fields(row.raw, f"item {key} of {bill}")
    cost = without_dust(fields.number("total_cost"), currency)
    tax = without_dust(fields.amount("tax_amount"), currency)
    with_tax = fields.optional_number("total_cost_with_tax")
    order = fields.object("po")
    ordered = fields.object("orderitem")
    return BillItem(
        id=key,
        description=fields.text("description"),
        sku=fields.text("sku"),
        unit=fields.text("unit"),
        quantity=fields.optional_number("quantity"),
        unit_cost=fields.optional_number("unit_cost"),
        total_cost=cost,
        total_cost_with_tax=(cost + tax if with_tax is None else without_dust(with_tax, currency)),
        tax_name=fields.text("tax_name"),
        tax_percentage=fields.amount("tax_percentage"),
        tax_amount=tax,
        tax_is_inclusive=fields.flag("tax_is_inclusive"),
        shipping_amount=without_dust(fields.amount("shipping_amount"), currency),
        order_key=fields.id_of("po") or (ordered.id_of("purchase_order") if ordered else ""),
        order_number=order.text("number") if order else "",
        order_item_id=fields.id_of("orderitem"),
        ordered_quantity=ordered.optional_number("quantity") if ordered else None,
        ordered_cost=ordered.optional_number("total_cost") if ordered else None,
        account_code=_ordered_account(ordered),
        allocations=tuple(
            read_allocation(share, "budget") for share in fields.objects("cost_allocations")
        ),
    )


def _ordered_account(ordered: Fields | None) -> str:
    if ordered is None:
        return ""
    return read_account(ordered, "account")[0] or ordered.text("accountCode")


def _cost(row: Fields, bill: str, currency: str) -> MiscCost:
    key = row.required_text("id")
    fields = Fields(row.raw, f"cost {key} of {bill}")
    share = fields.object("cost_allocation")
    if share is None and (shares := fields.objects("cost_allocations")):
        share = shares[0]
    code, name = read_account(share, "budget") if share else ("", "")
    return MiscCost(
        id=key,
        name=fields.text("name"),
        amount=without_dust(fields.number("amount"), currency),
        account_code=code,
        account_name=name,
    )
