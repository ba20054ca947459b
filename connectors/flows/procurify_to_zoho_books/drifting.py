"""What somebody changed in Zoho Books on an order or bill that we posted, field by field.

A payload as posted and the record's state enter; differences in words that people read leave. Only
what we posted counts, and the total; what goes on with a record there (billed, paid) is no change.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.flow import FieldDifference
from connectors.core.money import Money, parse_decimal, plain
from connectors.core.records import TargetState
from connectors.flows.procurify_to_zoho_books.comparing import same
from connectors.flows.procurify_to_zoho_books.payloads import body_of, line_body
from connectors.flows.procurify_to_zoho_books.words import BILLS, DEAD, ORDERS, VENDOR

# Notes are people's own place to write in; orders follow their bills by themselves.
_HEADER = {
    "vendor_id": "vendor",
    "purchaseorder_number": "number",
    "bill_number": "number",
    "reference_number": "our reference",
    "date": "date",
    "due_date": "due date",
    "delivery_date": "delivery date",
    "exchange_rate": "exchange rate",
    "discount": "discount",
}
_LINE = {
    "account_id": "account",
    "tax_id": "tax",
    "quantity": "quantity",
    "rate": "price",
    "name": "name",
    "description": "description",
}


def differences(
    kind: str, payload: Mapping[str, Any], state: TargetState
) -> Sequence[FieldDifference]:
    """What the record says otherwise than it was posted; a dead one says just that."""
    if kind not in (ORDERS, BILLS) or not payload:
        return []
    if state.status in DEAD:
        return [FieldDifference(field="status", ours="in force", theirs=state.status)]
    return [*_total(payload, state), *_header(payload, state), *_lines(payload, state)]


def _total(payload: Mapping[str, Any], state: TargetState) -> Iterator[FieldDifference]:
    currency = str(payload.get("currency_code", ""))
    if "total" not in payload or state.total is None:
        return
    ours = Money(parse_decimal(payload["total"]), currency)
    theirs = Money(state.total, state.currency or currency)
    if ours != theirs:
        yield FieldDifference(field="total", ours=str(ours), theirs=str(theirs))


def _header(payload: Mapping[str, Any], state: TargetState) -> Iterator[FieldDifference]:
    body = body_of(payload)
    for name, label in _HEADER.items():
        if (
            name in body
            and name in state.content
            and not same(name, body[name], state.content[name])
        ):
            theirs = str(state.content[name])
            kind = VENDOR if name == "vendor_id" else ""
            yield FieldDifference(field=label, ours=str(body[name]), theirs=theirs, kind=kind)


def _lines(payload: Mapping[str, Any], state: TargetState) -> Iterator[FieldDifference]:
    """Our lines by the target's ids; what is left over there was typed in by somebody."""
    if "lines" not in state.content:
        return
    theirs = {str(row["line_item_id"]): row for row in state.content["lines"]}
    for line in payload.get("lines", ()):
        row = theirs.pop(state.lines.get(str(line["key"]), ""), None)
        if row is None:
            yield FieldDifference(field=_named(line), ours=_amount(line), theirs="removed")
        else:
            yield from _line(line, row)
    for row in theirs.values():
        yield FieldDifference(field=_named(row), ours="not ours", theirs=_amount(row))


def _line(line: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[FieldDifference]:
    body = line_body(line)
    for name, label in _LINE.items():
        # A tax that was not sent may not stand there either: it would change the total.
        ours = str(body.get(name, ""))
        if (name in body or name == "tax_id") and not same(name, ours, row.get(name)):
            theirs = str(row.get(name, ""))
            yield FieldDifference(field=f"{_named(line)}: {label}", ours=ours, theirs=theirs)


def _named(line: Mapping[str, Any]) -> str:
    text = str(line.get("name") or line.get("description") or line.get("line_item_id") or "")
    return f"line {text}".strip()


def _amount(line: Mapping[str, Any]) -> str:
    quantity = parse_decimal(line.get("quantity") or 0)
    return f"{plain(quantity)} at {plain(parse_decimal(line.get('rate') or 0))}"


def doubted(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was posted and does not stand there any more: the next decision writes all of it anew.

    What a posted record keeps (its lines, orders and rate) is still known by it.
    """
    return {**payload, "doubted": True}
