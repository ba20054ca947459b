"""Writes to one commitment by itself: its lines, what is taken off it, its end.

A client and a part enter, the state that is known afterwards leaves. Errors are Procore's own, but
that of several refused lines becomes one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.money import ZERO
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.flows.zoho_books_to_procore.long_texts import is_too_long, quoted, way_out
from connectors.flows.zoho_books_to_procore.payloads import line_rows
from connectors.flows.zoho_books_to_procore.words import DELETED, DRAFT, line_key
from connectors.providers.procore.records import contract_state

_SHOWN = 5


def put_lines(client: Any, part: PartRef) -> TargetState:
    """All lines in one call, each under its origin id, so that a second time changes nothing."""
    rows = line_rows(part.payload, part.reference)
    results = client.sync_lines(part.part, part.target_id, rows)
    refused = {
        number: result
        for number, result in enumerate(results, start=1)
        if isinstance(result, ProviderError)
    }
    if refused:
        raise _together(part, rows, refused)
    keys = [str(line["key"]) for line in part.payload["lines"]]
    try:
        ids = [Fields(row, "a Procore line").required_text("id") for row in results]
        total = sum((Fields(row, "a Procore line").number("amount") for row in results), ZERO)
    except BadInputError as error:
        raise unreadable(error) from error
    return TargetState(
        target_id=part.target_id,
        number=part.number,
        status=DRAFT,
        # Of these lines; what else there is shows in the commitment's own total at the end.
        total=total,
        currency=currency(part),
        reference=part.reference,
        vendor_key=part.vendor_key,
        lines=dict(zip(keys, ids, strict=True)),
    )


def mark(client: Any, part: PartRef) -> TargetState:
    """Give a commitment that people typed in our origin id; nothing else of it changes."""
    raw = client.patch_contract(part.part, part.target_id, {"origin_id": part.reference})
    try:
        state = contract_state(raw)
    except BadInputError as error:
        raise unreadable(error) from error
    return replace(state, lines={}, total=None)


def prune(client: Any, part: PartRef, *, everything: bool) -> TargetState:
    """Delete the lines that the order does not have: ours, or every one."""
    for line_id in surplus(contract_lines(client, part), part, everything=everything):
        try:
            client.delete_line(part.part, part.target_id, line_id)
        except ProviderError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
    return bare_state(part, status=DRAFT)


def contract_lines(client: Any, part: PartRef) -> list[Raw]:
    pages = client.contract_lines(part.part, part.target_id)
    return [row for page in pages for row in page.rows]


def surplus(rows: Sequence[Raw], part: PartRef, *, everything: bool) -> list[str]:
    """Procore's ids of lines that the payload does not have."""
    meant = {str(line["key"]) for line in part.payload.get("lines", ())}
    found = []
    for row in rows:
        fields = Fields(row, "a Procore line")
        key = line_key(fields.text("origin_id"), part.reference, part.part)
        if key not in meant and (key or everything):
            found.append(fields.required_text("id"))
    return found


def delete(client: Any, part: PartRef) -> TargetState:
    client.delete_contract(part.part, part.target_id)
    return bare_state(part, status=DELETED)


def bare_state(part: PartRef, *, status: str) -> TargetState:
    """What is known after a call that answers with no record."""
    return TargetState(
        target_id=part.target_id,
        number=part.number,
        status=status,
        total=None,
        currency="",
        reference=part.reference,
        vendor_key=part.vendor_key,
    )


def nothing_made(part: PartRef) -> TargetState:
    """After a step that only prepares: there is no target id, so that nothing is linked."""
    return TargetState(
        target_id="",
        number=part.number,
        status="",
        total=None,
        currency="",
        reference=part.reference,
        vendor_key=part.vendor_key,
    )


def currency(part: PartRef) -> str:
    return str(part.payload.get("currency", ""))


def unreadable(error: BadInputError) -> UnknownOutcomeError:
    """The answer to a write that cannot be read leaves the write's fate to a probe."""
    return UnknownOutcomeError(
        ErrorFacts(
            kind=ErrorKind.UNKNOWN_OUTCOME,
            message=f"Procore wrote the record, but its answer is unreadable: {error}",
            provider="procore",
        )
    )


def _together(
    part: PartRef, rows: Sequence[Mapping[str, Any]], refused: Mapping[int, ProviderError]
) -> ProviderError:
    """One error for all refused lines; a fate that is unknown weighs more than a refusal."""
    for error in refused.values():
        if isinstance(error, UnknownOutcomeError) or error.kind is not ErrorKind.REJECTED:
            return error
    said: dict[str, list[str]] = {}
    for number, error in refused.items():
        line = f"line {number} {quoted(str(rows[number - 1].get('description', '')))}"
        said.setdefault(error.facts.message, []).append(line)
    told = "; ".join(f"{words} ({', '.join(named[:_SHOWN])})" for words, named in said.items())
    hints = dict.fromkeys(error.facts.hint for error in refused.values() if error.facts.hint)
    counted = "1 line" if len(refused) == 1 else f"{len(refused)} lines"
    ways = [way_out("description")] if any(is_too_long(error) for error in refused.values()) else []
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"{counted} of commitment {part.number} refused. {told}",
            hint=" ".join([*ways, *hints]),
            provider="procore",
        )
    )
