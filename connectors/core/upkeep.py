"""Master data that is kept as its owner has it: the record, what it needs, and what to do about it.

An owner's cached row with the keys that it is linked to enters; the steps that make the other side
say the same leave. Linked rows are followed, missing ones made only where somebody wanted that and
nothing there looks like them. Which fields count, and how they are written, is a flow's matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    MappedTarget,
    Needs,
    NotApplicable,
    Nothing,
    PartPlan,
    Step,
)
from connectors.core.names import normalise_name
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.core.references import ReferenceRow
from connectors.core.states import Reason

ATTACH, UPDATE, CREATE = "attach", "update", "create"


class Creates:
    """When what the other side lacks is made there: never, when a document waits for it, always."""

    NEVER, NEEDED, ALWAYS = "never", "needed", "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepRecord:
    """A row of its owner's master data. ``linked`` are keys of the other side; ``wanted`` says
    that it is to be made there if it is linked to none; ``needed`` are the missing mappings.
    """

    key: str
    name: str
    number: str
    active: bool
    attributes: Mapping[str, Any]
    linked: tuple[str, ...]
    wanted: bool
    needed: tuple[str, ...]
    version: str = ""
    total: Decimal | None = None
    currency: str = ""
    day: date | None = None

    @property
    def party(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one kind is kept up.

    ``payload`` gives the fields that the other side shall have, from the record and, where there
    is one, from the row as it is there now. ``fields`` reads those of them that a cached row says,
    so that what agrees already costs no call. ``reference`` names our part of a record, by the
    other side's key, empty for one that is made.
    """

    target_kind: str
    title: str
    payload: Callable[[UpkeepRecord, MappedTarget | None], Mapping[str, Any]]
    fields: Callable[[MappedTarget], Mapping[str, Any]]
    reference: Callable[[UpkeepRecord, str], str]
    batch: str = ""


def record_of(row: ReferenceRow, linked: list[str], *, wanted: bool, needed: list[str]) -> Raw:
    """A cached row as a document's record."""
    return {
        "key": row.key,
        "name": row.name,
        "number": row.number,
        "active": row.active,
        "attributes": dict(row.attributes),
        "linked": sorted(linked),
        "wanted": wanted,
        "needed": sorted(needed),
    }


def parse_upkeep(raw: Raw) -> UpkeepRecord:
    fields = Fields(raw, f"master data {raw.get('name') or raw.get('key')}")
    return UpkeepRecord(
        key=fields.required_text("key"),
        name=fields.text("name"),
        number=fields.text("number"),
        active=fields.flag("active", default=True),
        attributes=dict(raw.get("attributes") or {}),
        linked=tuple(raw.get("linked") or ()),
        wanted=fields.flag("wanted"),
        needed=tuple(raw.get("needed") or ()),
        version=str((raw.get("attributes") or {}).get("modified", "")),
    )


def upkeep_needs(kind: str, record: UpkeepRecord) -> Needs:
    """The rows that it is linked to; what is to be made must not look like what is there."""
    rows = frozenset((kind, key) for key in record.linked)
    making = record.wanted and not record.linked
    name = normalise_name(record.name)
    return Needs(rows=rows, alike=frozenset({(kind, name)}) if making and name else frozenset())


def decide_upkeep(record: UpkeepRecord, facts: Facts, rules: Rules) -> Decision:
    """Make what is linked say what its owner says; make what is missing, if that is wanted."""
    links = {link.target_id: link for link in facts.links.values()}
    if not record.linked:
        return _missing(record, facts, rules)
    plans, shared = [], []
    for key in record.linked:
        row = facts.rows.get(key)
        if row is None:
            continue
        if row.shared:
            shared.append(row)
            continue
        plans += _follow(record, row, links.get(key), rules)
    if plans:
        return Deliver(parts=tuple(plans))
    if shared and not links:
        return NotApplicable(words=_shared(shared, rules))
    return Nothing()


def _missing(record: UpkeepRecord, facts: Facts, rules: Rules) -> Decision:
    if facts.links:
        return Nothing()  # made already; the list that will show it has not been read again yet
    if not record.wanted:
        return NotApplicable(words=f"This {rules.title} is not linked to the other side.")
    if facts.alike:
        found = ", ".join(sorted(_called(row) for row in facts.alike))
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"There is a {rules.title} of that name on the other side already: {found}. "
            "Link the two in the mapping, or dismiss this.",
        )
    payload = rules.payload(record, None)
    step = Step(action=CREATE, body={"row": dict(payload)}, creates=True, batch=rules.batch)
    return Deliver(parts=(_part(record, "", payload, step, rules),))


def _follow(
    record: UpkeepRecord, row: MappedTarget, link: LinkState | None, rules: Rules
) -> list[PartPlan]:
    """What is left to write to one linked row: nothing, the fields that changed, or all."""
    payload = rules.payload(record, row)
    if link is None:
        there = rules.fields(row)
        if all(there.get(name) == value for name, value in payload.items()):
            return []
        body = {"id": row.key, "row": dict(payload)}
        return [_part(record, row.key, payload, _step(ATTACH, body, rules), rules)]
    changed = {name: new for name, new in payload.items() if link.payload.get(name) != new}
    if not changed:
        return []
    body = {"id": row.key, "row": changed}
    plan = _part(record, link.part, payload, _step(UPDATE, body, rules), rules, link.reference)
    return [plan]


def _step(action: str, body: Mapping[str, Any], rules: Rules) -> Step:
    return Step(action=action, body=body, batch=rules.batch)


def _part(
    record: UpkeepRecord,
    part: str,
    payload: Mapping[str, Any],
    step: Step,
    rules: Rules,
    reference: str = "",
) -> PartPlan:
    return PartPlan(
        part=part,
        target_kind=rules.target_kind,
        reference=reference or rules.reference(record, part),
        payload=payload,
        steps=(step,),
        total=None,
        currency="",
        number=record.number or record.name,
    )


def _shared(rows: list[MappedTarget], rules: Rules) -> str:
    names = ", ".join(sorted(_called(row) for row in rows))
    return (
        f"{names} is linked to several {rules.title}s, so that no single one says what it is "
        "called. It is left as it is."
    )


def _called(row: MappedTarget) -> str:
    return f"{row.number} {row.name}".strip()
