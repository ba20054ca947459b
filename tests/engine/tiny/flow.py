"""The tiny flow: parents are created and opened one by one, children are created in batches.

A child waits for its parent, every document for its vendor's mapping; what has changed is updated,
what is gone is cancelled. Its decisions are pure, like those of a real flow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Nothing,
    PartPlan,
    ReadTarget,
    Step,
    Waiting,
)
from connectors.core.errors import BadInputError
from connectors.core.flow import (
    Context,
    FieldDifference,
    Flow,
    Listing,
    Option,
    ReferenceStream,
    Stream,
    TargetIndex,
)
from connectors.core.names import normalise_number
from connectors.core.reading import Fields
from connectors.core.records import Page, Raw, TargetState
from connectors.core.references import (
    AutomaticLink,
    MappingKey,
    MissingMapping,
    ReferenceRow,
    Suggestion,
)
from connectors.core.states import Over, Reason, State
from tests.engine.tiny import source, target
from tests.engine.tiny.source import TinySource
from tests.engine.tiny.target import TinyTarget

KEY = "tiny"
PARENTS, CHILDREN = "parents", "children"
OPEN, CANCELLED = "open", "cancelled"
_INERT = frozenset({State.NOT_APPLICABLE, State.DISMISSED, State.CANCELLED})
# The target's word for parents in its webhooks.
WATCHED = "Parents"


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyRecord:
    """What a parent or a child says."""

    key: str
    number: str
    version: str
    total: Decimal
    party: str
    parent: str
    status: str
    currency: str = "USD"
    day: date | None = None


def parse(raw: Raw) -> TinyRecord:
    fields = Fields(raw, f"record {raw['id']}")
    return TinyRecord(
        key=fields.required_text("id"),
        number=fields.text("number"),
        version=fields.text("version"),
        total=fields.number("total"),
        party=fields.text("party"),
        parent=fields.text("parent"),
        status=fields.text("status"),
        day=fields.day("day"),
    )


def needs(stream: str, record: Any, context: Context) -> Needs:
    if record.status == "needs fail":
        raise BadInputError(f"nobody knows what {record.number} needs")
    return Needs(
        mappings=frozenset({MappingKey("vendor", record.party)}),
        documents=frozenset({DocumentKey(PARENTS, record.parent)} if record.parent else ()),
        dependants=stream == PARENTS,
        twins=frozenset({normalise_number(record.number)}),
    )


def decide(stream: str, record: Any, facts: Facts, context: Context) -> Decision:
    link = facts.links.get("")
    if facts.gone:
        return _withdraw(link)
    if record.status == "draft":
        return NotApplicable(words="Drafts are not posted.")
    if facts.only_named and link is None:
        return NotApplicable(words="It is older than the start.")
    if record.status == "poison":
        raise BadInputError(f"{record.number} makes no sense")
    return _stop(record, facts) or _doubt(record, facts, link) or _plan(stream, record, facts, link)


def _withdraw(link: LinkState | None) -> Decision:
    if link is None:
        return NotApplicable(words="It is gone and was never posted.")
    if link.status in (CANCELLED, *Over):
        return Nothing(final=State.CANCELLED)
    part = PartPlan(
        part="",
        target_kind=link.target_kind,
        reference=link.reference,
        payload=link.payload,
        steps=(Step(action="cancel", status=CANCELLED, ends=True),),
        total=None,
        currency="USD",
        number=link.target_number,
    )
    return Deliver(parts=(part,), final=State.CANCELLED)


def _stop(record: TinyRecord, facts: Facts) -> Decision | None:
    closed = facts.locked_until
    if record.day and closed and record.day <= closed:
        return Held(reason=Reason.PERIOD_CLOSED, words=f"The period up to {closed} is closed.")
    twins = [t.key for t in facts.twins if t.state not in _INERT and t.key < record.key]
    # Only invoices are taken for one another, so that most tests need not care.
    if record.number.startswith("INV") and twins and not facts.links:
        words = f"{record.number} is also that of {min(twins)}."
        return Held(reason=Reason.DUPLICATE_SUSPECTED, words=words)
    key = MappingKey("vendor", record.party)
    if key not in facts.mappings:
        missing = MissingMapping(key=key, label=f"Vendor {record.party}", reason="not mapped")
        return Waiting(missing=(missing,), words=f"Vendor {record.party} is not mapped.")
    if record.parent:
        parent = DocumentKey(PARENTS, record.parent)
        if parent not in facts.documents or not facts.documents[parent].links:
            return Waiting(
                documents=(parent,),
                reason=Reason.ORDER_MISSING,
                words=f"Its parent {record.parent} is not posted yet.",
            )
    return None


def _doubt(record: TinyRecord, facts: Facts, link: LinkState | None) -> Decision | None:
    """What stands there with another total stays held until the target says the right one."""
    if link is None or link.total == record.total or _body(record) != link.payload:
        return None
    live = facts.live.get("")
    if live is None:
        return ReadTarget(parts=("",))
    if live.total == record.total:
        return None
    words = f"{live.number} says {live.total} instead of {record.total}."
    return Held(reason=Reason.TOTAL_DIFFERS, words=words)


def _plan(stream: str, record: TinyRecord, facts: Facts, link: LinkState | None) -> Decision:
    generation = ""
    if link is not None and link.status in set(Over):
        generation, link = f"{link.reference}+"[len(f"tiny:{stream}:{record.number}") :], None
    steps = _steps(stream, record, link)
    nudges = (DocumentKey(PARENTS, record.parent),) if record.parent else ()
    if not steps:
        return Nothing(nudges=nudges)
    part = PartPlan(
        part="",
        target_kind=stream,
        reference=link.reference if link else f"tiny:{stream}:{record.number}{generation}",
        payload=_body(record),
        steps=steps,
        total=record.total,
        currency=record.currency,
        number=record.number,
        vendor_key=facts.mappings[MappingKey("vendor", record.party)].key,
    )
    return Deliver(parts=(part,), nudges=nudges)


def _steps(stream: str, record: TinyRecord, link: LinkState | None) -> tuple[Step, ...]:
    body, steps = _body(record), []
    if link is None:
        batch = "create children" if stream == CHILDREN else ""
        steps.append(Step(action="create", body=body, creates=True, batch=batch))
    elif link.payload != body:
        steps.append(Step(action="update", body=body))
    if stream == PARENTS and (link is None or link.status != OPEN):
        steps.append(Step(action="open", status=OPEN))
    return tuple(steps)


def _body(record: TinyRecord) -> dict[str, Any]:
    return {"number": record.number, "party": record.party, "total": str(record.total)}


def autolink(
    rows: Iterable[ReferenceRow], targets: Iterable[ReferenceRow], linked: Any
) -> list[AutomaticLink]:
    """Every target vendor is the source's vendor of the same name."""
    known = {source_key for source_key, _ in linked}
    return [
        AutomaticLink(
            kind="vendor", source_key=row.name, target_key=row.key, evidence="the same name"
        )
        for row in targets
        if row.name not in known
    ]


def suggest(kind: str, row: ReferenceRow, targets: Iterable[ReferenceRow]) -> list[Suggestion]:
    return [
        Suggestion(target_key=t.key, target_name=t.name, score=50, evidence=("it exists",))
        for t in targets
    ]


def differences(kind: str, payload: Mapping[str, Any], state: TargetState) -> list[FieldDifference]:
    """What somebody typed over at the target, field by field."""
    return [
        FieldDifference(field=name, ours=str(ours), theirs=str(state.content.get(name, "")))
        for name, ours in payload.items()
        if state.content.get(name) != ours
    ]


def make_flow(
    origin: TinySource,
    sink: TinyTarget,
    refuses_second: Iterable[str] = (PARENTS, CHILDREN),
    indexed: bool = False,
) -> Flow:
    """The flow between these two systems."""

    def vendors(client: Any, since: str | None) -> Any:
        sink.on_list("vendors")
        rows = [
            ReferenceRow(kind="vendor", key=f"v-{name.lower()}", name=name) for name in sink.vendors
        ]
        yield Page(rows=rows, number=1)

    def heads(client: Any, since: str | None) -> Any:
        sink.on_list("heads")
        yield Page(rows=[], number=1)

    def locks(client: Any, since: str | None) -> Any:
        sink.on_list("locks")
        attributes = {"locked_until": sink.locked_until}
        row = ReferenceRow(kind="period_lock", key="lock", name="lock", attributes=attributes)
        yield Page(rows=[row], number=1)

    return Flow(
        key=KEY,
        title="Tiny source to tiny target",
        source=source.KEY,
        target=target.KEY,
        streams=(_stream(origin, PARENTS, 1), _stream(origin, CHILDREN, 2)),
        references=(
            ReferenceStream(side="target", kind="vendor", every=timedelta(hours=1), fetch=vendors),
            ReferenceStream(
                side="target", kind="period_lock", every=timedelta(days=1), fetch=locks
            ),
        ),
        indexes=(TargetIndex(kind=CHILDREN, fetch=heads),) if indexed else (),
        options=(
            Option(name="strict", label="Strict", help="", default=False),
            Option(name="drift", label="When changed there", help="", default="alert"),
        ),
        needs=needs,
        decide=decide,
        sink=sink,
        autolink=autolink,
        suggest=suggest,
        mapping_kinds={"vendor": "Vendor"},
        refuses_second=frozenset(refuses_second),
        watched={WATCHED: PARENTS},
        differences=differences,
    )


def _content(record: Any) -> TinyRecord:
    """What matters of it: all but the version, which moves with every touch."""
    return replace(record, version="")


def _stream(origin: TinySource, name: str, rank: int) -> Stream:
    listing = Listing(name="changed", facet="head", pages=origin.listing(name))
    return Stream(
        name=name,
        title=name.title(),
        rank=rank,
        target_kind=name,
        listings=(listing,),
        sweep=(replace(listing, name="all"),),
        read=origin.read(name),
        parse=parse,
        content=_content,
        twin_number=lambda record: normalise_number(record.number),
        party_key=lambda record: record.party,
    )
