"""Sends needs, decisions and comparisons to the stream or target kind that they are about.

Purchase orders have modules of their own; each kind of master data that is kept up is one entry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.decisions import Decision, Facts, Needs
from connectors.core.flow import Context, FieldDifference
from connectors.core.records import Record, TargetState
from connectors.core.upkeep import UpkeepRecord, upkeep_needs
from connectors.flows.zoho_books_to_procore import comparing
from connectors.flows.zoho_books_to_procore import decide as orders
from connectors.flows.zoho_books_to_procore.kept import Kept
from connectors.flows.zoho_books_to_procore.upkeep_codes import CODES
from connectors.flows.zoho_books_to_procore.upkeep_projects import PROJECTS
from connectors.flows.zoho_books_to_procore.upkeep_vendors import VENDORS

KEPT: tuple[Kept, ...] = (PROJECTS, VENDORS, CODES)

_OF_STREAM = {kept.stream.name: kept for kept in KEPT}
_OF_KIND = {kept.stream.target_kind: kept for kept in KEPT}


def needs(stream: str, record: Record, context: Context) -> Needs:
    """What the record's decision will look at."""
    kept = _OF_STREAM.get(stream)
    if kept is None or kept.stream.upkeep is None:
        return orders.needs(stream, record, context)
    if kept.needs is not None:
        return kept.needs(_row(stream, record), context)
    return upkeep_needs(kept.stream.upkeep.kind, _row(stream, record))


def decide(stream: str, record: Record, facts: Facts, context: Context) -> Decision:
    """What shall happen to the record, given these facts."""
    kept = _OF_STREAM.get(stream)
    if kept is None:
        return orders.decide(stream, record, facts, context)
    return kept.decide(_row(stream, record), facts, context)


def differences(
    kind: str, payload: Mapping[str, Any], state: TargetState
) -> Sequence[FieldDifference]:
    """What somebody changed on a record of this kind since it was written."""
    kept = _OF_KIND.get(kind)
    if kept is None:
        return comparing.differences(kind, payload, state)
    return kept.differences(payload, state)


def _row(stream: str, record: Record) -> UpkeepRecord:
    if isinstance(record, UpkeepRecord):
        return record
    raise TypeError(f"no stream {stream!r} of {type(record).__name__} in this flow")
