"""Has lines that say the same as they did stay in the very quantities that were posted.

Fresh lines and the payload as posted enter, the lines to post leave. In which quantities an amount
is told depends on what else is known, so that the same source may come to others later: no posted
record, paid perhaps, is touched for that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors.core.money import ONE, ZERO, parse_decimal, share, to_cents
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.payloads import line_place
from connectors.flows.procurify_to_zoho_books.quantities import measured
from connectors.flows.procurify_to_zoho_books.taken import Taken

Row = Mapping[str, Any]


def as_posted(lines: Sequence[Line], posted: Row, currency: str) -> list[Line]:
    """Lines of one item and account that say what was posted of it, as they were posted."""
    before: dict[str, list[Row]] = {}
    for row in posted.get("lines", ()):
        before.setdefault(_whole(row["key"]), []).append(row)
    ours: dict[str, list[Line]] = {}
    for line in lines:
        ours.setdefault(_whole(line.key), []).append(line)
    renumbered = [rows for key, rows in before.items() if key not in ours]
    found: list[Line] = []
    for key, fresh in ours.items():
        choices = [before[key]] if key in before else renumbered
        same = next((rows for rows in choices if _says_the_same(fresh, rows, currency)), None)
        if same is None:
            found += fresh
            continue
        if key not in before:
            renumbered.remove(same)
        found += [_posted(fresh[0], row, at) for at, row in enumerate(same)]
    return found


def in_billed_rows(
    lines: Sequence[Line], posted: Row, taken: Taken, order: str, currency: str, digits: int
) -> list[Line]:
    """A line that was posted in two rows stays in two where both are billed in part.

    Zoho Books takes no row away of which something is billed.
    """
    before: dict[str, list[Row]] = {}
    for row in posted.get("lines", ()):
        before.setdefault(_whole(row["key"]), []).append(row)
    keys = [_whole(line.key) for line in lines]
    found: list[Line] = []
    for line, key in zip(lines, keys, strict=True):
        billed = [
            _sum(taken.quantities.get((order, str(row["key"])), ())) for row in before.get(key, ())
        ]
        alone = keys.count(key) == 1 and len(billed) > 1 and any(billed[1:])
        rows = _parted(line, billed, currency, digits) if alone else []
        found += rows or [line]
    return found


def _parted(line: Line, billed: Sequence[Decimal], currency: str, digits: int) -> list[Line]:
    """What is billed of each row, the rest on the first; nothing where no price tells it."""
    quantities = [line.quantity - _sum(billed[1:]), *billed[1:]]
    if quantities[0] < billed[0]:
        return []
    amounts = share(line.amount(currency), quantities, currency)
    told = [
        measured(amount, quantity, line.rate, digits)
        for amount, quantity in zip(amounts, quantities, strict=True)
        if quantity
    ]
    if any(len(rows) != 1 for rows in told):
        return []
    return [
        replace(line, key=f"{line.key}{'+' * at}", quantity=quantity, rate=rate)
        for at, ((quantity, rate),) in enumerate(told)
    ]


def is_posted(line: Line, posted: Row) -> bool:
    """Whether this line stands at the target just so."""
    return any(
        row["key"] == line.key
        and parse_decimal(row["quantity"]) == line.quantity
        and parse_decimal(row["rate"]) == line.rate
        for row in posted.get("lines", ())
    )


def _whole(key: str) -> str:
    return key.rstrip("+")


def _says_the_same(fresh: Sequence[Line], rows: Sequence[Row], currency: str) -> bool:
    first = fresh[0]
    place = {"key": first.key, "source_account": first.account}
    if line_place(rows[0]) != line_place(place) or rows[0].get("source_tax", "") != first.tax:
        return False
    amounts = (
        to_cents(parse_decimal(row["quantity"]) * parse_decimal(row["rate"]), currency)
        for row in rows
    )
    if sum(amounts, ZERO) != _sum(line.amount(currency) for line in fresh):
        return False
    return _is_bare(first, rows) or _said(rows) == _sum(line.quantity for line in fresh)


def _is_bare(line: Line, rows: Sequence[Row]) -> bool:
    """Posted as an amount without quantity, with the same quantity in its text as now."""
    (row, *more) = rows
    bare = not more and "said" not in row and parse_decimal(row["quantity"]) == ONE
    return bare and row.get("description", "") == line.in_words


def _said(rows: Sequence[Row]) -> Decimal:
    return _sum(parse_decimal(row.get("said", row["quantity"])) for row in rows)


def _posted(line: Line, row: Row, at: int) -> Line:
    quantity, text = parse_decimal(row["quantity"]), str(row.get("description", ""))
    return replace(
        line,
        key=f"{_whole(line.key)}{'+' * at}",
        quantity=quantity,
        rate=parse_decimal(row["rate"]),
        description=text if text == line.in_words else line.description,
        said=parse_decimal(row["said"]) if "said" in row else None,
        worded=parse_decimal(row["worded"]) if "worded" in row else None,
    )


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, ZERO)
