"""Compares what we meant with what the target reports: whole payloads, and line by line.

A payload and a target state enter; our line keys with the target's ids leave, or whether the two
say the same. Texts that the target may trim or reformat do not count.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.errors import BadInputError
from connectors.core.flow import PartRef
from connectors.core.money import parse_decimal
from connectors.core.records import TargetState

_HEADER = ("vendor_id", "date", "currency_id", "reference_number")
_LINE = ("account_id", "tax_id")


def line_ids(payload: Mapping[str, Any], state: TargetState) -> dict[str, str]:
    """Our line key -> the target's line id: lines come back in the order in which they were sent.

    Every pair must agree in account, quantity and rate. Where the record was changed by hand the
    lines that still agree keep their ids, in order; the others have none.
    """
    theirs = list(state.content.get("lines", ()))
    found: dict[str, str] = {}
    for line in payload.get("lines", ()):
        at = next((at for at, other in enumerate(theirs) if _same_line(line, other)), None)
        if at is not None:
            found[str(line["key"])] = str(theirs.pop(at)["line_item_id"])
    return found


def says(state: TargetState, part: PartRef) -> bool:
    """Whether the target already says what the payload means."""
    payload = part.payload
    content = state.content
    theirs = list(content.get("lines", ()))
    if len(theirs) != len(payload.get("lines", ())) or len(line_ids(payload, state)) != len(theirs):
        return False
    if any(str(content.get(name, "")) != str(payload[name]) for name in _HEADER if name in payload):
        return False
    return not part.total or state.total == parse_decimal(part.total)


def _same_line(line: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if any(str(line.get(name, "")) != str(other.get(name, "")) for name in _LINE):
        return False
    return all(_same_number(line.get(name), other.get(name)) for name in ("quantity", "rate"))


def _same_number(ours: Any, theirs: Any) -> bool:
    try:
        return parse_decimal(ours) == parse_decimal(theirs)
    except BadInputError:
        return False
