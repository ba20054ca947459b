"""Orders and bills in outline: as Procurify has them, and as they were posted to Zoho Books.

A record or a payload enters, the same fields and columns leave.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.money import optional_decimal, plain, to_cents
from connectors.core.outlines import VENDOR as VENDOR_FIELD
from connectors.core.outlines import Field, Named, Outline
from connectors.core.outlines import Line as Shown
from connectors.core.records import Record
from connectors.core.references import MappingKey
from connectors.flows.procurify_to_zoho_books.bills import bill_lines
from connectors.flows.procurify_to_zoho_books.lines import DoesNotAddUpError, Line
from connectors.flows.procurify_to_zoho_books.orders import order_lines
from connectors.flows.procurify_to_zoho_books.words import (
    ACCOUNT,
    FREIGHT,
    OTHER,
    TAX,
    TAX_CHARGE,
    VENDOR,
    account_label,
    tax_label,
)
from connectors.providers.procurify.records import Bill, PurchaseOrder

_CHARGES = frozenset({FREIGHT, OTHER, TAX_CHARGE})


class ZohoBooksOutlines:
    """Procurify's orders and bills, and what Zoho Books was told of them."""

    def source(self, stream: str, record: Record, options: Mapping[str, Any]) -> Outline:
        del stream, options
        if isinstance(record, PurchaseOrder):
            return _outline(record, lambda: order_lines(record), ("Delivery", record.promise_day))
        if isinstance(record, Bill):
            return _outline(record, lambda: bill_lines(record), ("Due", record.due_day))
        return Outline()

    def posted(self, kind: str, payload: Mapping[str, Any]) -> Outline:
        del kind
        currency = str(payload.get("currency_code", ""))
        number = payload.get("bill_number") or payload.get("purchaseorder_number", "")
        vendor = Named(kind=VENDOR, key=str(payload.get("vendor_id", "")))
        texts = {
            "Number": number,
            "Date": payload.get("date", ""),
            "Delivery": payload.get("delivery_date", ""),
            "Due": payload.get("due_date", ""),
            "Currency": currency,
        }
        discount = str(payload.get("discount", ""))
        return Outline(
            fields=(
                Field(label=VENDOR_FIELD, named=vendor),
                *(Field(label=label, text=str(text)) for label, text in texts.items() if text),
                *([Field(label="Discount", text=discount, compared=False)] if discount else ()),
            ),
            lines=tuple(_posted_line(line, currency) for line in payload.get("lines", ())),
            total=optional_decimal(payload.get("total")),
            currency=currency,
        )


def _outline(
    record: PurchaseOrder | Bill, read: Callable[[], list[Line]], day: tuple[str, date | None]
) -> Outline:
    try:
        lines, trouble = read(), ""
    except DoesNotAddUpError as error:
        lines, trouble = [], str(error)
    meant = tuple(_meant(line, record.currency) for line in lines)
    items = _order_items(record) if isinstance(record, PurchaseOrder) else _bill_items(record)
    known = {item.of for item in items}
    # Freight, other costs and bare taxes stand in the header; they are lines when posted.
    extra = [line for line in meant if line.of not in known]
    return Outline(
        fields=(
            Field(label="Number", text=record.number),
            Field(label=VENDOR_FIELD, named=_vendor(record)),
            *(
                Field(label=label, text=value.isoformat())
                for label, value in (("Date", record.day), day)
                if value
            ),
            Field(label="Currency", text=record.currency),
            *_discount(record),
        ),
        lines=(*items, *extra),
        meant=meant,
        total=record.total,
        currency=record.currency,
        trouble=trouble,
    )


def _discount(record: PurchaseOrder | Bill) -> list[Field]:
    if isinstance(record, Bill) or not record.discount.value:
        return []
    sign = "%" if record.discount.percent else ""
    text = f"{plain(record.discount.value)}{sign}"
    return [Field(label="Discount", text=text, compared=False)]


def _vendor(record: PurchaseOrder | Bill) -> Named:
    looked_up = (MappingKey(VENDOR, record.vendor_id),)
    return Named(kind=VENDOR, key=record.vendor_id, label=record.party, looked_up=looked_up)


def _order_items(order: PurchaseOrder) -> list[Shown]:
    return [
        Shown(
            of=item.id,
            name=item.name,
            account=_accounts([item.account_code, *(a.account_code for a in item.allocations)]),
            tax=_taxes([tax.name for tax in item.taxes if tax.value]),
            quantity=item.quantity,
            price=item.price,
            amount=item.total_cost,
        )
        for item in order.items
    ]


def _bill_items(bill: Bill) -> list[Shown]:
    return [
        Shown(
            of=item.id,
            name=item.description,
            account=_accounts([item.account_code, *(a.account_code for a in item.allocations)]),
            tax=_taxes([item.tax_name or "Tax"] if item.tax_percentage else []),
            quantity=item.quantity,
            price=item.unit_cost,
            # What is posted has its tax in it where Procurify's price has.
            amount=item.total_cost_with_tax if item.tax_is_inclusive else item.total_cost,
        )
        for item in bill.items
    ]


def _accounts(codes: Sequence[str]) -> Named | None:
    """The accounts that the allocations name, or the item's own where there are none."""
    named = list(dict.fromkeys(code for code in codes[1:] or codes if code))
    if not named:
        return None
    return Named(kind=ACCOUNT, key=named[0] if len(named) == 1 else "", label=", ".join(named))


def _taxes(names: Sequence[str]) -> Named | None:
    return Named(kind=TAX, key="", label=" + ".join(names)) if names else None


def _meant(line: Line, currency: str) -> Shown:
    account = Named(
        kind=ACCOUNT,
        key=line.account,
        label=line.account_label or account_label(line.account),
        looked_up=(MappingKey(ACCOUNT, line.account),),
    )
    tax = Named(
        kind=TAX, key=line.tax, label=tax_label(line.tax), looked_up=(MappingKey(TAX, line.tax),)
    )
    return Shown(
        of=_of(line.key),
        key=line.key,
        name=line.name,
        text=line.description,
        account=account,
        tax=tax if line.tax else None,
        quantity=line.quantity,
        price=line.rate,
        amount=line.amount(currency),
    )


def _of(key: str) -> str:
    """The item of a line: keys are item:allocation, and bare for charges and other costs."""
    return key if key in _CHARGES or key.startswith("cost:") else key.rpartition(":")[0]


def _posted_line(line: Mapping[str, Any], currency: str) -> Shown:
    quantity, price = optional_decimal(line.get("quantity")), optional_decimal(line.get("rate"))
    amount: Decimal | None = None
    if quantity is not None and price is not None:
        amount = to_cents(quantity * price, currency)
    tax = str(line.get("tax_id", ""))
    return Shown(
        of=_of(str(line["key"])),
        key=str(line["key"]),
        name=str(line.get("name", "")),
        text=str(line.get("description", "")),
        account=Named(kind=ACCOUNT, key=str(line.get("account_id", ""))),
        tax=Named(kind=TAX, key=tax) if tax else None,
        quantity=quantity,
        price=price,
        amount=amount,
        words=f"line {line.get('name') or line.get('description') or ''}".strip(),
    )
