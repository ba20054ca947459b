"""The spelling of payloads: plain JSON with amounts as text, and our own keys beside the target's.

Lines and their resolution enter, payload pieces leave; a payload becomes a request body by leaving
our keys out. What orders and bills say differently is not known here.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from connectors.core.money import plain
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.resolve import Payable, Resolution
from connectors.flows.procurify_to_zoho_books.totals import Priced
from connectors.flows.procurify_to_zoho_books.words import ACCOUNT, CURRENCY, TAX, VENDOR

# What we keep in a payload for ourselves: source keys, rates, and which order a line takes from.
_OWN = frozenset(
    {"lines", "source_vendor", "currency_code", "total", "mappings", "without_orders"}
    | {"fiscal_year", "doubted", "renumbered"}
)
_OWN_OF_LINES = frozenset(
    {"key", "source_account", "source_tax", "tax_rate", "order", "order_line", "net", "said"}
    | {"worded"}
)


class Dated(Payable, Protocol):
    """A payable document with the rate of its currency."""

    @property
    def rate(self) -> Decimal | None: ...


def header(document: Dated, resolution: Resolution) -> dict[str, Any]:
    """Vendor and currency; the exchange rate only where the currency is not the target's own."""
    foreign = resolution.foreign and document.rate is not None
    return {
        "vendor_id": resolution.vendor_id,
        "source_vendor": document.vendor_id,
        "currency_id": resolution.currency_id,
        "currency_code": document.currency,
        "exchange_rate": plain(document.rate) if foreign and document.rate else "",
    }


def mappings_of(
    document: Payable, lines: Sequence[Line], resolution: Resolution
) -> list[dict[str, str]]:
    """Which mapping led where, each once: with the payload they are kept as it was posted."""
    targets = [(line, resolution.lines[line.key]) for line in lines]
    pairs = {
        (VENDOR, document.vendor_id, resolution.vendor_id),
        (CURRENCY, document.currency, resolution.currency_id),
        *((ACCOUNT, line.account, target.account_id) for line, target in targets),
        *((TAX, line.tax, target.tax_id) for line, target in targets if line.tax),
    }
    return [
        {"kind": kind, "source_key": source_key, "target_key": target_key}
        for kind, source_key, target_key in sorted(pairs)
    ]


def line_payloads(lines: Sequence[Line], resolution: Resolution) -> list[dict[str, Any]]:
    return [_line_payload(line, resolution) for line in lines]


def _line_payload(line: Line, resolution: Resolution) -> dict[str, Any]:
    target = resolution.lines[line.key]
    fields = {
        "key": line.key,
        "source_account": line.account,
        "source_tax": line.tax,
        "tax_rate": plain(target.tax_rate) if line.tax else "",
        "said": "" if line.said is None else plain(line.said),
        "worded": "" if line.worded is None else plain(line.worded),
        "name": line.name,
        "description": line.description,
        "account_id": target.account_id,
        "tax_id": target.tax_id,
    }
    return without_empty(fields) | {"quantity": plain(line.quantity), "rate": plain(line.rate)}


def priced(lines: Sequence[Line], resolution: Resolution, currency: str) -> list[Priced]:
    """The lines as the target will add them up."""
    return [
        Priced(
            amount=line.amount(currency),
            tax_id=resolution.lines[line.key].tax_id,
            rate=resolution.lines[line.key].tax_rate,
        )
        for line in lines
    ]


def without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != ""}


def body_of(
    payload: Mapping[str, Any], line_ids: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The payload as a request body, lines with the target's ids where it has them already."""
    ids = line_ids or {}
    body = {name: value for name, value in payload.items() if name not in _OWN}
    body["line_items"] = [line_body(line, ids) for line in payload.get("lines", ())]
    return body


def update_body(
    payload: Mapping[str, Any], posted: Mapping[str, Any], posted_ids: Mapping[str, str]
) -> dict[str, Any]:
    """A body that also takes back what was posted before and is not said any more.

    The target keeps every field that an update does not name, of lines too.
    """
    ids = known_line_ids(payload, posted, posted_ids)
    before = {posted_ids.get(str(line["key"])): line for line in posted.get("lines", ())}
    typed_in, typed_in_lines = _typed_in(payload) if posted.get("doubted") else ({}, {})
    rows = []
    for line in payload["lines"]:
        old = before.get(ids.get(str(line["key"]), "new"), {})
        rows.append(typed_in_lines | _cleared(line_body(old)) | line_body(line, ids))
    return typed_in | _cleared(body_of(posted)) | body_of(payload) | {"line_items": rows}


def _typed_in(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What somebody may have added to header and lines that changes a total, taken back."""
    # A bill has no discount of its own, and an order's adjustment is not among what may be sent.
    header = {"adjustment": "0"} if "bill_number" in payload else {"discount": ""}
    return header, {"tax_id": ""}


def _cleared(body: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a body emptied; a rate of exchange cannot be, it falls back by itself."""
    return {name: _nothing(value) for name, value in body.items() if name != "exchange_rate"}


def line_body(line: Mapping[str, Any], ids: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the target is told of a line, with its id where the target has it already."""
    body = {name: value for name, value in line.items() if name not in _OWN_OF_LINES}
    line_id = (ids or {}).get(str(line.get("key")))
    return {"line_item_id": line_id, **body} if line_id else body


def _nothing(value: Any) -> Any:
    """How a field of this type is emptied."""
    if isinstance(value, bool):
        return False
    return [] if isinstance(value, list) else ""


def known_line_ids(
    payload: Mapping[str, Any], posted: Mapping[str, Any], line_ids: Mapping[str, str]
) -> dict[str, str]:
    """Our line key -> the target's line id, for the lines of a changed payload.

    A line whose allocation got a new id is still the line of the same item and account; anything
    else without an id is new, and ids that nobody claims are lines to remove.
    """
    keys = {str(line["key"]) for line in payload["lines"]}
    claimed = {key: line_ids[key] for key in keys if key in line_ids}
    free: dict[tuple[str, str], list[str]] = {}
    for line in posted.get("lines", ()):
        key = str(line["key"])
        if key in line_ids and key not in keys:
            free.setdefault(line_place(line), []).append(line_ids[key])
    for line in payload["lines"]:
        key = str(line["key"])
        if key not in claimed and free.get(line_place(line)):
            claimed[key] = free[line_place(line)].pop(0)
    return claimed


def line_place(line: Mapping[str, Any]) -> tuple[str, str]:
    """What stays the same of a line when allocations are renumbered: item and source account."""
    return str(line["key"]).rpartition(":")[0], str(line.get("source_account", ""))
