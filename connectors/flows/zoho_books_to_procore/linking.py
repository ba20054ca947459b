"""Links orders to commitments that people typed into Procore: which may be linked, line by line."""

from collections.abc import Mapping
from typing import Any

from connectors.core.money import parse_decimal
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore.payloads import line_content
from connectors.flows.zoho_books_to_procore.words import CLOSED, DELETED, DRAFT


def unlinkable(kind: str, state: TargetState, reference: str) -> str:
    """Why a commitment cannot stand for an order."""
    del kind
    if state.status in (DRAFT, CLOSED, DELETED):
        return (
            f"{state.number} is {state.status} in Procore. Approve it there first, or choose "
            "another record."
        )
    if state.reference not in ("", reference):
        return (
            f"{state.number} carries the origin id {state.reference}: another record or another "
            "program owns it. Choose another record."
        )
    return ""


def linked_lines(payload: Mapping[str, Any], state: TargetState) -> dict[str, str]:
    """Our line key -> Procore's line id, by budget code and amount; empty for one without.

    A line without an id counts as known, too: until the order changes nothing is written.
    """
    theirs = list(state.content.get("lines", ()))
    found = {}
    for key, line in line_content(payload).items():
        at = next((at for at, other in enumerate(theirs) if _same(line, other)), None)
        found[key] = "" if at is None else str(theirs.pop(at)["id"])
    return found


def _same(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    return str(ours.get("wbs_code_id", "")) == str(theirs.get("wbs_code_id", "")) and parse_decimal(
        ours.get("amount") or 0
    ) == parse_decimal(theirs.get("amount") or 0)
