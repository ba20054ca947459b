"""Master data that is kept as its owner has it: the record, what it needs, and what to do about it.

An owner's cached row with the keys that it is linked to enters; the steps that make the other side
say the same leave. Linked rows are followed, missing ones made only where somebody wanted that and
nothing there looks like them. Which fields count, and how they are written, is a flow's matter.
"""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Agreed,
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
    Sibling,
    Step,
)
from connectors.core.errors import BadInputError
from connectors.core.flow import Context, Stream, Upkeep
from connectors.core.names import alike_name
from connectors.core.reading import Fields
from connectors.core.records import Raw, Record
from connectors.core.references import ReferenceRow
from connectors.core.states import Reason, State

ATTACH, UPDATE, CREATE = "attach", "update", "create"


class Creates:
    """When what the other side lacks is made there: never, when a document waits for it, always."""

    NEVER, NEEDED, ALWAYS = "never", "needed", "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepRecord:
    """A row of its owner's master data. ``linked`` are keys of the other side, ``followed`` says
    whether what is linked is to be kept up, ``shared`` are those that other rows lead to as well,
    ``unconfirmed`` those that no person and no id has said of that they are the same.
    ``wanted`` says that it is to be made there if it is linked to none; ``needed`` are the missing
    mappings.
    """

    key: str
    name: str
    number: str
    active: bool
    attributes: Mapping[str, Any]
    linked: tuple[str, ...]
    wanted: bool
    needed: tuple[str, ...]
    followed: bool = True
    shared: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
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
    so that what agrees already costs no call; ``same`` says whether two spellings of a field mean
    the same. ``reference`` names our part of a record, by the other side's key, empty for one that
    is made. ``leaves`` says in words why a row that was never written to is left as it is.
    """

    target_kind: str
    title: str
    payload: Callable[[UpkeepRecord, MappedTarget | None], Mapping[str, Any]]
    fields: Callable[[MappedTarget], Mapping[str, Any]]
    reference: Callable[[UpkeepRecord, str], str]
    batch: str = ""
    same: Callable[[str, Any, Any], bool] = lambda _, ours, theirs: operator.eq(ours, theirs)
    leaves: Callable[[UpkeepRecord, MappedTarget], str] = lambda _, row: ""


def upkeep_stream(
    *, name: str, title: str, rank: int, target_kind: str, upkeep: Upkeep, path: str = ""
) -> Stream:
    """The stream of a kind that is kept up: nothing of it is listed or read one by one."""
    return Stream(
        name=name,
        title=title,
        rank=rank,
        target_kind=target_kind,
        listings=(),
        sweep=(),
        read=_not_read_alone,
        parse=parse_upkeep,
        content=content,
        twin_number=lambda record: alike_name(record.party),
        party_key=lambda record: record.key,
        path=path,
        upkeep=upkeep,
    )


def by_options(upkeep: Upkeep | None, record: Record, context: Context) -> Record:
    """The record with the wishes that the options of now still have: they may be switched off
    between the reading of the list and the decision.
    """
    if upkeep is None or not isinstance(record, UpkeepRecord):
        return record
    wanted = record.wanted and upkeep.creates(context) != Creates.NEVER
    return replace(record, wanted=wanted, followed=record.followed and upkeep.enabled(context))


def _not_read_alone(client: Any, key: str, locator: str) -> Raw:
    raise BadInputError(f"{key} is read with its list only")


def content(record: Record) -> dict[str, Any]:
    """What matters of a row: all of it but when it was touched."""
    said = {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
    del said["version"]
    attributes = {name: value for name, value in said["attributes"].items() if name != "modified"}
    return said | {"attributes": attributes}


def record_of(
    row: ReferenceRow,
    linked: Sequence[str],
    *,
    wanted: bool,
    needed: Sequence[str],
    followed: bool = True,
    shared: Sequence[str] = (),
    unconfirmed: Collection[str] = (),
) -> Raw:
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
        "followed": followed,
        "shared": sorted(shared),
        "unconfirmed": sorted(unconfirmed),
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
        followed=fields.flag("followed", default=True),
        shared=tuple(raw.get("shared") or ()),
        unconfirmed=tuple(raw.get("unconfirmed") or ()),
        version=str((raw.get("attributes") or {}).get("modified", "")),
    )


def upkeep_needs(kind: str, record: UpkeepRecord) -> Needs:
    """The rows that it is linked to; what is to be made must not look like anything there is."""
    rows = frozenset((kind, key) for key in record.linked)
    name = alike_name(record.name)
    if record.linked or not record.wanted or not name:
        return Needs(rows=rows)
    return Needs(rows=rows, alike=frozenset({(kind, name)}), twins=frozenset({name}))


def decide_upkeep(record: UpkeepRecord, facts: Facts, rules: Rules) -> Decision:
    """Make what is linked say what its owner says; make what is missing, if that is wanted."""
    if not record.linked:
        return _missing(record, facts, rules)
    if not record.followed:
        return NotApplicable(words=f"This integration does not keep {rules.title}s up.")
    links = {link.target_id: link for link in facts.links.values()}
    agreed: list[Agreed] = []
    plans: list[PartPlan] = []
    left: list[str] = []
    for key in record.linked:
        link, row = links.get(key), facts.rows.get(key)
        why = _left(record, row, link, rules)
        if why or row is None:
            left.append(why)
        elif link is not None:
            plans += _follow(record, row, link, rules)
        elif _says_all(rules.payload(record, row), row, rules):
            agreed.append(_agreed(record, row, rules))
        else:
            plans.append(_attach(record, row, rules))
    if plans:
        return Deliver(parts=tuple(plans), agreed=tuple(agreed))
    if left and not agreed and not links:
        return NotApplicable(words=" ".join(sorted(set(left))))
    return Nothing(agreed=tuple(agreed))


def _left(
    record: UpkeepRecord, row: MappedTarget | None, link: LinkState | None, rules: Rules
) -> str:
    """Why this row is not written to; empty where it may be."""
    if row is None:
        return f"The {rules.title} that it is linked to is not in the other side's list."
    if row.shared:
        return (
            f"{_called(row)} is linked to several {rules.title}s, so that no single one says what "
            "it is called. It is left as it is."
        )
    if row.key in record.unconfirmed:
        return not_confirmed(_called(row))
    return "" if link is not None else rules.leaves(record, row)


def not_confirmed(names: str) -> str:
    """Why something is used, but never renamed."""
    return (
        f"{names} was linked because it looks the same, which no person has confirmed. Documents "
        "are posted to it, and it keeps what it is called. Confirm the pair on the page “Side by "
        "side” to have it follow."
    )


def _missing(record: UpkeepRecord, facts: Facts, rules: Rules) -> Decision:
    if facts.links:
        return Nothing()  # made already; the list that will show it has not been read again yet
    if not record.wanted:
        return NotApplicable(words=f"This {rules.title} is not linked to the other side.")
    rivals = (str(twin.record.get("name")) for twin in facts.twins if _rivals(twin))
    found = sorted({*map(_called, facts.alike), *rivals})
    if found:
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"There is a {rules.title} of that name already: {', '.join(found)}. "
            "Link the two in the mapping, or dismiss this.",
        )
    payload = rules.payload(record, None)
    step = Step(action=CREATE, body={"row": dict(payload)}, creates=True, batch=rules.batch)
    return Deliver(parts=(_part(record, "", payload, step, rules),))


def _rivals(twin: Sibling) -> bool:
    """Whether another row of the same name has been made there, or is about to be."""
    about_to_be = bool(twin.record.get("wanted")) and twin.state is not State.DISMISSED
    return bool(twin.links) or about_to_be


def _follow(
    record: UpkeepRecord, row: MappedTarget, link: LinkState, rules: Rules
) -> list[PartPlan]:
    """Write the fields that changed since they were written last."""
    payload = rules.payload(record, row)
    changed = {name: new for name, new in payload.items() if link.payload.get(name) != new}
    if not changed:
        return []
    step = Step(action=UPDATE, body={"id": row.key, "row": changed}, batch=rules.batch)
    return [_part(record, link.part, payload, step, rules, link.reference)]


def _attach(record: UpkeepRecord, row: MappedTarget, rules: Rules) -> PartPlan:
    payload = rules.payload(record, row)
    body = {"id": row.key, "row": dict(payload)}
    step = Step(action=ATTACH, body=body, batch=rules.batch)
    return _part(record, row.key, payload, step, rules)


def _agreed(record: UpkeepRecord, row: MappedTarget, rules: Rules) -> Agreed:
    return Agreed(
        part=row.key,
        target_kind=rules.target_kind,
        target_id=row.key,
        number=row.name or row.number,
        reference=rules.reference(record, row.key),
        payload=rules.payload(record, row),
    )


def _says_all(payload: Mapping[str, Any], row: MappedTarget, rules: Rules) -> bool:
    there = rules.fields(row)
    return all(rules.same(name, value, there.get(name)) for name, value in payload.items())


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


def _called(row: MappedTarget) -> str:
    return f"{row.number} {row.name}".strip()
