"""Compares what we meant with what Zoho Books reports: every field that a step sends, line by line.

A request body or payload and a target state enter; our line keys with the target's ids leave, or
whether the two say the same. Only spelling is forgiven: white space around texts, line ends,
numbers as texts, and an absent field where nothing was meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.errors import BadInputError
from connectors.core.flow import PartRef
from connectors.core.money import parse_decimal
from connectors.core.records import TargetState
from connectors.flows.procurify_to_zoho_books.payloads import line_body

_LINES = "line_items"
_NUMBERS = frozenset({"quantity", "rate", "exchange_rate", "adjustment"})
_IDS = frozenset({"purchaseorder_ids"})
# An answer may leave these out where they say nothing.
_MAY_BE_LEFT_OUT = frozenset({"location_id", "is_billable"})
# Emptied, it falls back to a day that Zoho Books chooses by the terms.
_CHOSEN_BY_ZOHO = frozenset({"due_date"})
# What tells a line from its neighbours even where its texts were changed by hand.
_PLACE = ("account_id", "tax_id", "quantity", "rate")


def line_ids(
    payload: Mapping[str, Any], state: TargetState, known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Our line key -> the target's line id, for lines that agree; each id is given once.

    Ids that are known from posting stay, whatever their lines say by now. Of the rest, lines that
    agree in everything sent come first, so that two of one price are never swapped; then those that
    agree in account, tax, quantity and rate, in the order in which they were sent.
    """
    theirs = list(state.content.get("lines", ()))
    bodies = {str(line["key"]): line_body(line) for line in payload.get("lines", ())}
    ids = {str(row["line_item_id"]) for row in theirs}
    found = {key: line_id for key, line_id in (known or {}).items() if line_id in ids}
    theirs = [row for row in theirs if str(row["line_item_id"]) not in found.values()]
    for names in (None, _PLACE):
        for key, body in bodies.items():
            at = next((at for at, row in enumerate(theirs) if _agrees(body, row, names)), None)
            if key not in found and at is not None:
                found[key] = str(theirs.pop(at)["line_item_id"])
    return found


def says(state: TargetState, part: PartRef, body: Mapping[str, Any]) -> bool:
    """Whether the target says everything that the body of a step tells it, and its total."""
    header = {name: value for name, value in body.items() if name != _LINES}
    if not _agrees(header, state.content):
        return False
    if _LINES in body and not _lines_agree(body[_LINES], state.content.get("lines", ())):
        return False
    return not part.total or state.total == parse_decimal(part.total)


def _lines_agree(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> bool:
    """Lines with an id by their ids, new ones by what they say; none may be left over."""
    by_id = {str(row["line_item_id"]): row for row in theirs}
    new = []
    for line in ours:
        if "line_item_id" not in line:
            new.append(line)
        elif not _same_line(line, by_id.pop(str(line["line_item_id"]), {})):
            return False
    rest = list(by_id.values())
    for line in new:
        at = next((at for at, row in enumerate(rest) if _same_line(line, row)), None)
        if at is None:
            return False
        rest.pop(at)
    return not rest


def _same_line(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """A tax that was not sent may not stand there either: it would change the total."""
    return _agrees(ours, theirs) and _agrees(ours, theirs, ("account_id", "tax_id"))


def _agrees(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], names: Sequence[str] | None = None
) -> bool:
    wanted = ours if names is None else {name: ours.get(name) for name in names}
    return all(same(name, value, theirs.get(name)) for name, value in wanted.items())


def same(name: str, ours: Any, theirs: Any) -> bool:
    """Whether a field says the same on both sides, but for its spelling."""
    if name in _CHOSEN_BY_ZOHO and not ours:
        return True
    if name in _MAY_BE_LEFT_OUT and theirs is None:
        return True
    if isinstance(ours, bool):
        return ours == bool(theirs)
    if name in _IDS:
        return sorted(map(str, ours or ())) == sorted(map(str, theirs or ()))
    if name in _NUMBERS:
        return _same_number(ours, theirs)
    if name == "discount":
        return _same_discount(ours, theirs)
    return _text(ours) == _text(theirs)


def _same_number(ours: Any, theirs: Any) -> bool:
    try:
        return parse_decimal(ours or 0) == parse_decimal(theirs or 0)
    except BadInputError:
        return False


def _same_discount(ours: Any, theirs: Any) -> bool:
    """'10%' is never 10, but '10.00%' is '10%'; no discount may be said as nothing or as zero."""
    mine, other = _text(ours), _text(theirs)
    if not _same_number(mine.removesuffix("%"), other.removesuffix("%")):
        return False
    return mine.endswith("%") == other.endswith("%") or _same_number(mine.removesuffix("%"), 0)


def _text(value: Any) -> str:
    """Line ends and the white space around a text are the target's own."""
    return "\n".join(line.rstrip() for line in str(value or "").splitlines()).strip()
