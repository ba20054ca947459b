"""Projects, whose owner is Procore: what the Zoho projects that are linked to them are told.

A project of Procore with the Zoho projects that it is linked to enters; steps for Zoho Books leave,
each a call of its own. A Zoho project keeps a name that says the same, and a number in front of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.core.alignment import bare_name, same_name
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
    ReadTarget,
    Step,
)
from connectors.core.flow import TARGET, Context, FieldDifference, Upkeep
from connectors.core.names import alike_name
from connectors.core.records import TargetState
from connectors.core.references import ReferenceRow
from connectors.core.states import Reason
from connectors.core.upkeep import CREATE, Creates, UpkeepRecord, not_confirmed, upkeep_stream
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.kept import Kept
from connectors.flows.zoho_books_to_procore.words import (
    PROJECT,
    ZOHO_PROJECT,
    project_mark,
    project_reference,
)

RENAME, ACTIVATE, DEACTIVATE = "rename", "activate", "deactivate"
ACTIVE, INACTIVE = "active", "inactive"
NAME, STATUS = "project_name", "status"
# Every way of billing but this one wants a rate as well.
BILLING = "based_on_task_hours"
_LONGEST_NAME = 100
_LABELS = {NAME: "name", STATUS: "status"}
Content = Mapping[str, Any]


def project_needs(record: UpkeepRecord, context: Context) -> Needs:
    """The Zoho projects that it is linked to; of one that is to be made, those of its name."""
    del context
    rows = frozenset((PROJECT, key) for key in record.linked)
    if record.linked or not record.wanted:
        return Needs(rows=rows)
    names = {record.name, bare_name(record.name, record.number)}
    return Needs(alike=frozenset((PROJECT, alike_name(name)) for name in names if name))


def decide_project(record: UpkeepRecord, facts: Facts, context: Context) -> Decision:
    """Make the Zoho project say what Procore's says; make it, where that is wanted."""
    if not record.linked:
        return _missing(record, facts, context)
    if not record.followed:
        return NotApplicable(words="Zoho projects do not follow Procore in this integration.")
    rows = [facts.rows[key] for key in record.linked if key in facts.rows]
    if len(rows) != 1:
        return NotApplicable(words=_left(rows))
    (row,) = rows
    if row.key in record.unconfirmed:
        return NotApplicable(words=not_confirmed(row.name))
    link = next((one for one in facts.links.values() if one.target_id == row.key), None)
    if row.shared:
        return NotApplicable(words=f"Another document keeps up the Zoho project {row.name}.")
    if link is None and record.active != row.active:
        return NotApplicable(words=_at_odds(record, row))
    if link is not None and not link.payload and link.part not in facts.live:
        return ReadTarget(parts=(link.part,))
    return _followed(record, row, link, _known(row, link, facts), context)


def state_of(row: ReferenceRow, link: LinkState) -> TargetState:
    """A listed Zoho project as a look at it would report it."""
    del link
    status = _status(row.active)
    return TargetState(
        target_id=row.key,
        number=row.name,
        status=status,
        total=None,
        currency="",
        content={NAME: row.name, STATUS: status},
    )


def project_differences(payload: Content, state: TargetState) -> list[FieldDifference]:
    """What somebody changed on a Zoho project; another spelling of the name is not told."""
    found = []
    for field in (NAME, STATUS):
        ours, theirs = str(payload.get(field, "")), str(state.content.get(field, ""))
        if ours and not _same(field, ours, theirs, str(payload.get("number", ""))):
            found.append(FieldDifference(field=_LABELS[field], ours=ours, theirs=theirs))
    return found


def _left(rows: list[MappedTarget]) -> str:
    if not rows:
        return "No Zoho project of the list is linked to it, only values of a custom field."
    names = ", ".join(sorted(row.name for row in rows))
    return f"Several Zoho projects are linked to it, which keep their own names: {names}."


def _at_odds(record: UpkeepRecord, row: MappedTarget) -> str:
    """Nothing is switched on or off at first sight: somebody may have had a reason."""
    return (
        f"{row.name} is {_status(row.active)} in Zoho Books, but {_status(record.active)} in "
        "Procore. It is left as it is until both say the same."
    )


def _status(active: bool) -> str:
    return ACTIVE if active else INACTIVE


def _known(row: MappedTarget, link: LinkState | None, facts: Facts) -> Content:
    """What the Zoho project says: as posted, as seen just now, or as listed."""
    if link is None:
        return {NAME: row.name, STATUS: _status(row.active)}
    return link.payload or facts.live[link.part].content


def _followed(
    record: UpkeepRecord,
    row: MappedTarget,
    link: LinkState | None,
    known: Content,
    context: Context,
) -> Decision:
    wanted = _payload(record, row, known)
    part = row.key if link is None else link.part
    reference = project_reference(record.key, part, context.source_settings)
    stands = {field: known[field] for field in (NAME, STATUS)} | {"number": record.number}
    plans = []
    for action, field in _order(wanted):
        if wanted[field] == stands[field]:
            continue
        # What stands there after this step, and not what later ones will make of it.
        stands = {**stands, field: wanted[field]}
        step = Step(
            action=action, body={"id": row.key, field: wanted[field]}, status=str(stands[STATUS])
        )
        plans.append(_plan(record, part, reference, stands, step))
    if plans:
        return Deliver(parts=tuple(plans))
    return Nothing(agreed=() if link else (_agreed(row, reference, stands),))


def _order(wanted: Content) -> Iterator[tuple[str, str]]:
    """Names are changed while a project is active, in case Zoho would refuse it otherwise."""
    if wanted[STATUS] == ACTIVE:
        yield ACTIVATE, STATUS
    yield RENAME, NAME
    if wanted[STATUS] == INACTIVE:
        yield DEACTIVATE, STATUS


def _payload(record: UpkeepRecord, row: MappedTarget, known: Content) -> Content:
    name = str(known[NAME])
    posted = str(known.get("number") or "")
    return {
        NAME: _name(record, name, row.number, posted),
        STATUS: _status(record.active),
    }


def _name(record: UpkeepRecord, theirs: str, own_number: str, posted_number: str) -> str:
    """Procore's name in the style of the Zoho project, or its own name where that says the same.

    A number in front stays there: Zoho's own as it is, Procore's as it is by now.
    """
    name = bare_name(record.name, record.number)
    numbers = [number for number in (record.number, own_number, posted_number) if number]
    shown = next((one for one in numbers if bare_name(theirs, one) != theirs), "")
    if shown and shown != own_number:
        shown = record.number or shown
    wanted = (f"{shown} - {name}" if shown else name)[:_LONGEST_NAME].strip()
    same = same_name(theirs, wanted, *numbers)
    renumbered = bool(shown) and bare_name(theirs, shown) == theirs
    return theirs if same and not renumbered else wanted


def _same(field: str, ours: str, theirs: str, number: str) -> bool:
    return same_name(ours, theirs, number) if field == NAME else ours == theirs


# --- made --------------------------------------------------------------------------------------


def _missing(record: UpkeepRecord, facts: Facts, context: Context) -> Decision:
    if facts.links:
        return Nothing()  # made already; the list that will show it has not been read again yet
    if not record.wanted:
        return NotApplicable(words="No Zoho project is linked to it.")
    customer = options.text(context, options.PROJECT_CUSTOMER)
    if not customer:
        return Held(
            reason=Reason.REFUSED,
            words="Zoho Books wants a customer for every project: enter its ID under "
            f"“{options.PROJECT_CUSTOMER.label}” in the options, then replay this document.",
        )
    if facts.alike:
        names = ", ".join(sorted(row.name for row in facts.alike))
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"There is a Zoho project of that name already: {names}. Link the two in the "
            "mapping, or dismiss this.",
        )
    reference = project_reference(record.key, "", context.source_settings)
    name = bare_name(record.name, record.number)[:_LONGEST_NAME].strip()
    row = {
        NAME: name,
        "customer_id": customer,
        "billing_type": BILLING,
        "description": project_mark(reference),
    }
    stands = {NAME: name, STATUS: ACTIVE, "number": record.number}
    step = Step(action=CREATE, body={"row": row}, status=ACTIVE, creates=True)
    return Deliver(parts=(_plan(record, "", reference, stands, step),))


def _plan(
    record: UpkeepRecord, part: str, reference: str, payload: Content, step: Step
) -> PartPlan:
    return PartPlan(
        part=part,
        target_kind=ZOHO_PROJECT,
        reference=reference,
        payload=payload,
        steps=(step,),
        total=None,
        currency="",
        number=str(payload[NAME]),
    )


def _agreed(row: MappedTarget, reference: str, payload: Content) -> Agreed:
    return Agreed(
        part=row.key,
        target_kind=ZOHO_PROJECT,
        target_id=row.key,
        number=row.name,
        reference=reference,
        payload=payload,
    )


def _creates(context: Context) -> str:
    return Creates.ALWAYS if options.creates_projects(context) else Creates.NEVER


PROJECTS = Kept(
    stream=upkeep_stream(
        name=PROJECT,
        title="Projects",
        rank=4,
        target_kind=ZOHO_PROJECT,
        upkeep=Upkeep(
            kind=PROJECT,
            owner=TARGET,
            enabled=options.projects_follow,
            creates=_creates,
            state_of=state_of,
        ),
    ),
    needs=project_needs,
    decide=decide_project,
    differences=project_differences,
)
