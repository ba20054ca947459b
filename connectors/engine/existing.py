"""Existing target records, typed in by people: what a document would be there, side by side.

A document and a record as the target has it now enter; differences leave, or the link that has the
document stand for that record. Nothing is written at the target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from connectors.core import clock
from connectors.core.decisions import Deliver, Facts, PartPlan, ReadTarget
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint, to_plain
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import State
from connectors.engine import trail
from connectors.engine.decide import asking_of
from connectors.engine.facts import Asking, load
from connectors.engine.job import Job
from connectors.engine.links import as_linked, matched
from connectors.models import Document, Link, ReferenceItem, TargetRecord

LINKABLE = frozenset({State.WAITING, State.HELD, State.NOT_APPLICABLE, State.DISMISSED})
_DAYS = ("date", "contract_date")
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field of both sides, as people read it."""

    field: str
    ours: str
    theirs: str

    @property
    def same(self) -> bool:
        return self.ours == self.theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A part of a document beside the existing record that it may be linked to.

    ``exact`` says that vendor, folded number, total and currency are all the same.
    """

    plan: PartPlan
    state: TargetState
    rows: tuple[Row, ...]
    exact: bool

    @property
    def digest(self) -> str:
        """What a person has seen: the same as long as neither side says anything else."""
        return fingerprint([[row.field, row.ours, row.theirs] for row in self.rows])


def open_parts(job: Job, document: Document) -> list[PartPlan]:
    """What would be created for the document; call inside the scope.

    Duplicates, closed periods and missing orders do not count: nothing is going to be written.
    """
    if job.flow.stream(document.stream).upkeep is not None:
        raise BadInputError("Master data is linked on its mapping page.")
    if State(document.state) not in LINKABLE:
        raise BadInputError(
            f"A document that is {document.get_state_display()} cannot be linked. Only one that "
            "waits, is held, dismissed or not applicable can."
        )
    return planned_parts(job, document)


def planned_parts(
    job: Job, document: Document, foreseen: Callable[[Facts], Facts] = lambda facts: facts
) -> list[PartPlan]:
    """As ``open_parts``, whatever the document's state; ``foreseen`` may add to what is known."""
    stream = job.flow.stream(document.stream)
    options = {**job.context.options, **job.flow.linking_options}
    lenient = replace(job, context=replace(job.context, options=options))
    asking = asking_of(lenient, document, lenient.context)
    if not isinstance(asking, Asking):
        raise BadInputError(f"It cannot be linked yet. {asking.words}")
    facts = replace(
        foreseen(load(lenient, [asking])[document.pk]),
        twins=(),
        target_suspects=(),
        locked_until=None,
        only_named=False,
    )
    decision = job.flow.decide(stream.name, asking.record, facts, lenient.context)
    if isinstance(decision, ReadTarget):
        # Its other parts are linked: they are taken to stand as they do, and nothing is asked.
        facts = replace(facts, live={p: as_linked(facts.links[p]) for p in decision.parts})
        decision = job.flow.decide(stream.name, asking.record, facts, lenient.context)
    if isinstance(decision, Deliver):
        parts = [p for p in decision.parts if any(step.creates for step in p.steps)]
        if parts:
            kept = job.flow.kept_options(job.context.options)
            return [replace(part, options=kept) for part in parts]
    if isinstance(decision, Deliver | ReadTarget) or document.links.exists():
        raise BadInputError("It stands for a record already. Replay it instead.")
    raise BadInputError(f"It cannot be linked yet. {getattr(decision, 'words', '')}".strip())


def candidates(job: Job, plan: PartPlan) -> list[TargetRecord]:
    """Records with its number, or with its vendor and total, that no document stands for."""
    wanted = Q(twin_number=normalise_number(plan.number))
    if plan.vendor_key:
        wanted |= Q(vendor_key=plan.vendor_key, total=plan.total, currency=plan.currency)
    taken = Link.objects.filter(connection=job.target, target_kind=plan.target_kind)
    return list(
        _heads(job, plan)
        .filter(wanted)
        .exclude(target_id__in=taken.values("target_id"))
        .order_by("number", "pk")[:_MOST]
    )


def _heads(job: Job, plan: PartPlan) -> Any:
    """The cached records that the part may stand for; it is of one project, where there are any."""
    return TargetRecord.objects.filter(
        connection=job.target, kind=plan.target_kind, part__in=("", plan.part)
    )


def found_by(job: Job, plan: PartPlan, text: str) -> str:
    """The id of the record that a person means: by its number where that is unique, or its id."""
    heads = _heads(job, plan)
    by_number = list(
        heads.filter(twin_number=normalise_number(text)).values_list("target_id", flat=True)[:2]
    )
    if heads.filter(target_id=text).exists() or not by_number:
        return text
    if len(by_number) > 1:
        raise BadInputError(
            f"{job.resolved.target.title} has several records with the number {text}. Enter the id "
            "of the one that you mean; it stands in its address."
        )
    return str(by_number[0])


def pair(job: Job, plan: PartPlan, state: TargetState) -> Pair:
    """Both sides, field by field; call inside the scope."""
    vendors = dict(
        ReferenceItem.objects.filter(
            connection=job.target, kind="vendor", key__in=[plan.vendor_key, state.vendor_key]
        ).values_list("key", "name")
    )
    day = next((str(plan.payload[name]) for name in _DAYS if name in plan.payload), "")
    their_day = next((str(state.content[name]) for name in _DAYS if name in state.content), "")
    rows = [
        Row(field="Number", ours=plan.number, theirs=state.number),
        Row(
            field="Vendor",
            ours=vendors.get(plan.vendor_key, plan.vendor_key),
            theirs=vendors.get(state.vendor_key, state.vendor_key),
        ),
        Row(field="Total", ours=_plain(plan.total), theirs=_plain(state.total)),
        Row(field="Currency", ours=plan.currency, theirs=state.currency),
        Row(field="Date", ours=day, theirs=their_day[:10]),
        Row(field="Lines", ours=_count(plan.payload), theirs=_count(state.content)),
    ]
    exact = (
        normalise_number(plan.number) == normalise_number(state.number)
        and plan.vendor_key == state.vendor_key
        and plan.total == state.total
        and plan.currency == state.currency
    )
    return Pair(plan=plan, state=state, rows=tuple(rows), exact=exact)


def _plain(amount: Any) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def _count(content: Mapping[str, Any]) -> str:
    return str(len(content["lines"])) if "lines" in content else ""


def refuse(job: Job, document: Document, one: Pair) -> None:
    """Raise where this record cannot be the document's; call inside the scope."""
    plan, state, there = one.plan, one.state, job.resolved.target.title
    holder = (
        Link.objects.filter(
            Q(target_id=state.target_id) | Q(reference=plan.reference),
            connection=job.target,
            target_kind=plan.target_kind,
        )
        .exclude(document=document)
        .select_related("document")
        .first()
    )
    if holder is not None:
        raise BadInputError(
            f"{state.number or state.target_id} is linked to {holder.document} already. One record "
            "stands for one document."
        )
    if plan.vendor_key and state.vendor_key and plan.vendor_key != state.vendor_key:
        vendors = next(row for row in one.rows if row.field == "Vendor")
        raise BadInputError(
            f"{state.number} is {vendors.theirs}'s in {there}, this document {vendors.ours}'s. "
            "Correct the vendor's mapping or the record first."
        )
    if plan.currency and state.currency and plan.currency != state.currency:
        raise BadInputError(
            f"{state.number} is in {state.currency} in {there}, this document in {plan.currency}."
        )
    if why := job.flow.unlinkable(plan.target_kind, state, plan.reference):
        raise BadInputError(why)


def link(
    job: Job, document: Document, one: Pair, *, actor: str, evidence: str, align: bool
) -> Link:
    """Have the document stand for the record, inside the scope and with the document locked.

    What differs there is accepted as it stands, and later changes are drift; ``align`` has the
    next decision write everything instead.
    """
    plan, state = one.plan, one.state
    fields = _as_posted(job, document, one, align=align)
    row, _ = Link.objects.update_or_create(document=document, part=plan.part, defaults=fields)
    trail.write(
        [
            trail.document_event(
                "target.linked",
                document,
                actor=actor,
                target_kind=plan.target_kind,
                target_id=state.target_id,
                target_number=state.number,
                details={
                    "evidence": evidence,
                    "align": align,
                    "mark": plan.reference,
                    "sides": [[row.field, row.ours, row.theirs] for row in one.rows],
                },
            )
        ]
    )
    return row


def _as_posted(job: Job, document: Document, one: Pair, *, align: bool) -> dict[str, Any]:
    """What the link says of the record: as if it had been posted so, or nothing yet."""
    plan, state, now = one.plan, one.state, clock.now()
    payload = dict(to_plain(plan.payload))
    compare = job.flow.differences
    differs = compare(plan.target_kind, payload, state) if compare else ()
    return {
        "connection": job.target,
        "target_kind": plan.target_kind,
        "target_id": state.target_id,
        "target_number": state.number[:120],
        "reference": plan.reference,
        "status": state.status,
        "payload": {} if align else payload,
        "mappings": payload.get("mappings", []),
        "options": dict(to_plain(plan.options)),
        "lines": dict(job.flow.linked_lines(payload, state)),
        "total": state.total,
        "currency": state.currency,
        "version": document.version,
        "adopted": {} if align else {d.field: d.theirs for d in differs},
        "doubles": [],
        "posted_at": now,
        "confirmed_at": now,
        **matched(state, Link.Matched.TOTAL if plan.total == state.total else ""),
    }


def named(rows: Sequence[Row]) -> str:
    """The fields that differ, for a sentence."""
    return ", ".join(row.field.lower() for row in rows if not row.same)
