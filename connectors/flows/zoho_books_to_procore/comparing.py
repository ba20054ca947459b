"""Compares what we meant with what Procore reports: line by line, and field by field for drift.

A payload and a commitment's state enter; whether lines agree leaves, or the differences in words
that people read. Only fields that we posted count.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.errors import BadInputError
from connectors.core.flow import FieldDifference
from connectors.core.money import parse_decimal
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore.payloads import HEADER, line_content
from connectors.flows.zoho_books_to_procore.words import (
    CLOSED,
    DELETED,
    DRAFT,
    VENDOR,
    line_key,
)

_NUMBERS = ("quantity", "unit_cost", "amount")
_IDS = ("wbs_code_id",)
# Procore may reformat these texts; nobody is told of that.
_SHOWN = tuple(name for name in HEADER if name not in ("description", "origin_code"))
_LABELS = {
    "vendor_id": "vendor",
    "wbs_code_id": "budget code",
    "accounting_method": "accounting method",
    "contract_date": "contract date",
    "delivery_date": "delivery date",
    "unit_cost": "unit cost",
}


def lines_by_key(
    state: TargetState, reference: str, project_id: str
) -> tuple[dict[str, Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The commitment's lines: ours by our key, and those that somebody typed in."""
    ours: dict[str, Mapping[str, Any]] = {}
    others = []
    for line in state.content.get("lines", ()):
        key = line_key(str(line.get("origin_id", "")), reference, project_id)
        if key:
            ours[key] = line
        else:
            others.append(line)
    return ours, others


def lines_agree(payload: Mapping[str, Any], theirs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every line of the payload stands there as we mean it; there may be more."""
    return all(
        key in theirs and not changed_fields(line, theirs[key])
        for key, line in line_content(payload).items()
    )


def changed_fields(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The fields in which a line says something else than we posted."""
    return [name for name, value in ours.items() if not _same(name, value, theirs.get(name))]


def differences(
    kind: str, payload: Mapping[str, Any], state: TargetState
) -> Sequence[FieldDifference]:
    """What somebody changed on a commitment since it was posted."""
    del kind
    if not payload:
        return []
    if state.status == DELETED:
        # Of what was withdrawn nothing needs to be there.
        if payload["status"] == CLOSED:
            return []
        return [FieldDifference(field="status", ours=str(payload["status"]), theirs=DELETED)]
    return [*_status(payload, state), *_header(payload, state), *_lines(payload, state)]


def says_all(payload: Mapping[str, Any], header: Mapping[str, Any], state: TargetState) -> bool:
    """Whether somebody has made the change there by hand; ``header`` is what it would change.

    What cannot be compared, or is to be emptied, is told all the same.
    """
    compared = all(name in _SHOWN and value is not None for name, value in header.items())
    return compared and not differences("", payload, state)


def _status(payload: Mapping[str, Any], state: TargetState) -> list[FieldDifference]:
    """What goes on with an approved commitment (received, say) is not somebody's change."""
    meant = str(payload["status"])
    if state.status == meant or (meant != CLOSED and state.status not in (DRAFT, CLOSED)):
        return []
    return [FieldDifference(field="status", ours=meant, theirs=state.status)]


def _header(payload: Mapping[str, Any], state: TargetState) -> list[FieldDifference]:
    found = [
        FieldDifference(
            field=_LABELS.get(name, name),
            ours=str(payload[name]),
            theirs=_shown(state, name),
            kind=VENDOR if name == "vendor_id" else "",
        )
        for name in _SHOWN
        if name in payload and _shown(state, name) != str(payload[name])
    ]
    ours = str(payload.get("currency", ""))
    if ours and state.currency and state.currency != ours:
        found.append(FieldDifference(field="currency", ours=ours, theirs=state.currency))
    return found


def _shown(state: TargetState, name: str) -> str:
    return str(state.content.get(name, ""))


def _lines(payload: Mapping[str, Any], state: TargetState) -> list[FieldDifference]:
    if "lines" not in state.content:
        return []
    ours, others = lines_by_key(state, state.reference, str(payload["project_id"]))
    found = []
    meant = line_content(payload)
    for key, line in meant.items():
        label = f"line {line.get('description') or key}"
        if key not in ours:
            found.append(FieldDifference(field=label, ours=line["amount"], theirs="removed"))
            continue
        for name in changed_fields(line, ours[key]):
            field = f"{label}: {_LABELS.get(name, name)}"
            theirs = str(ours[key].get(name, ""))
            found.append(FieldDifference(field=field, ours=str(line[name]), theirs=theirs))
    added = [*(ours[key] for key in ours.keys() - meant.keys()), *others]
    for extra in sorted(added, key=lambda row: str(row["id"])):
        label = f"line {extra.get('description') or extra['id']}"
        found.append(
            FieldDifference(field=label, ours="not ours", theirs=str(extra.get("amount", "")))
        )
    return found


def _same(name: str, ours: Any, theirs: Any) -> bool:
    if name in _NUMBERS:
        try:
            return parse_decimal(ours) == parse_decimal(theirs)
        except BadInputError:
            return False
    if name in _IDS:
        return str(ours) == str(theirs)
    return " ".join(str(ours or "").split()) == " ".join(str(theirs or "").split())
