"""Foresees what would become of each document, by the decisions that a real run makes.

Documents of a paused integration enter in order of delivery; rows that say their outcome leave, a
chunk at a time. Both sides are only read, and no document leaves its state.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    NotApplicable,
    PartPlan,
    Sibling,
    Waiting,
)
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import to_plain
from connectors.core.money import parse_decimal
from connectors.core.states import Reason, State
from connectors.engine import causes, existing
from connectors.engine.decide import Postponed, asking_of, decide_asked, explained
from connectors.engine.extract import Guard
from connectors.engine.facts import Asking, kept_options, load
from connectors.engine.heads import as_state
from connectors.engine.job import Job
from connectors.engine.sessions import LazyTarget, open_client
from connectors.models import Document, FitReport, Foreseen, Run

_AT_ONCE = 100
_O = Foreseen.Outcome
_STATES = {
    _O.POST: State.POSTED,
    _O.CHANGE: State.POSTED,
    _O.CANCEL: State.CANCELLED,
    _O.WAIT: State.WAITING,
    _O.HOLD: State.HELD,
}
# A person has said no, or a write is under way: nothing is foreseen.
_LEFT_OUT = (State.DISMISSED, State.DELIVERING, State.UNCONFIRMED)
# What a document was when it was decided on.
_KEPT = ("stream", "number", "party", "day", "total", "currency", "version")
# How many existing records are shown for a part of a document.
_MOST_EXISTING = 3


def foresee(job: Job, run: Run, guard: Guard) -> dict[str, int]:
    """Decide what this run has not foreseen yet; a later slice goes on where this one ended.

    Returns how many documents have which outcome.
    """
    with job.scope():
        _forget_unkept(job, run)
    for view in job.views():
        with ExitStack() as stack:
            target = LazyTarget(view, stack, open_client)
            while chunk := _next(view, run):
                guard()
                rows = _Chunk(view, run, target).decided(chunk)
                with view.scope():
                    # A worker that was paused may have foreseen some of them already.
                    Foreseen.objects.bulk_create(rows, ignore_conflicts=True)
    with job.scope():
        return counts(run)


def _forget_unkept(job: Job, run: Run) -> None:
    """Delete what earlier dry runs foresaw and no report keeps."""
    kept = FitReport.objects.filter(integration=job.integration).values("run")
    rows = Foreseen.objects.filter(integration=job.integration)
    rows.exclude(run=run).exclude(run__in=kept).delete()


def counts(run: Run) -> dict[str, int]:
    """How many documents have which outcome, inside the scope."""
    rows = Foreseen.objects.filter(run=run).values_list("outcome")
    return dict(rows.annotate(number=Count("pk")))


def in_words(numbers: Mapping[str, int]) -> str:
    """“212 would be posted, 3 would be held. Nothing was written.”"""
    parts = [f"{numbers[o]:,} {o.label}" for o in _O if numbers.get(o)]
    found = ", ".join(parts) if parts else "No document was found since the history start"
    return f"Dry run: {found}. Nothing was written."


def _next(job: Job, run: Run) -> list[Document]:
    with job.scope():
        return list(
            Document.objects.filter(integration=job.integration, stream__in=job.stream_names)
            .exclude(state__in=_LEFT_OUT)
            .exclude(foreseen__run=run)
            .order_by("rank", "pk")[:_AT_ONCE]
        )


@dataclass(slots=True)
class _Chunk:
    """Some documents that are decided one after the other, each knowing what became of earlier."""

    job: Job
    run: Run
    target: LazyTarget

    def decided(self, documents: Sequence[Document]) -> list[Foreseen]:
        asking: list[Asking] = []
        rows: dict[int, Foreseen] = {}
        with self.job.scope():
            contexts = kept_options(self.job, documents)
            for document in documents:
                ask = asking_of(self.job, document, contexts.get(document.pk, self.job.context))
                if isinstance(ask, Asking):
                    asking.append(ask)
                else:
                    rows[document.pk] = self._row(document, ask)
            facts = load(self.job, asking)
            before = self._before(facts.values())
            troubles = causes.load(self.job)
        for ask in asking:
            known = _with(facts[ask.document.pk], {**before, **rows})
            found = decide_asked(self.job, ask, known, self.target.read)
            decision = explained(found, troubles).decision
            row = rows[ask.document.pk] = self._row(ask.document, decision)
            if isinstance(decision, Held) and decision.reason is Reason.DUPLICATE_SUSPECTED:
                self._compare(row, ask.document, {**before, **rows})
        return list(rows.values())

    def _compare(self, row: Foreseen, document: Document, before: Mapping[int, Foreseen]) -> None:
        """Find the records at the target that the document may stand for, from their heads."""
        with self.job.reading():
            try:
                plans = existing.planned_parts(self.job, document, lambda f: _with(f, before))
            except BadInputError:
                return
            found = [(plan, self._pairs(plan)) for plan in plans]
        row.existing = [
            {
                "part": plan.part,
                "target_id": pair.state.target_id,
                "number": pair.state.number,
                "exact": pair.exact,
                "rows": [[one.field, one.ours, one.theirs] for one in pair.rows if one.theirs],
            }
            for plan, pairs in found
            for pair in pairs[:_MOST_EXISTING]
        ]
        # Where two are the same, a person says which one it is.
        row.linkable = all(sum(pair.exact for pair in pairs) == 1 for _, pairs in found)

    def _pairs(self, plan: PartPlan) -> list[existing.Pair]:
        records = existing.candidates(self.job, plan)
        # Where a list tells no currency, it is that of the document.
        states = [replace(s, currency=s.currency or plan.currency) for s in map(as_state, records)]
        pairs = [existing.pair(self.job, plan, state) for state in states]
        return sorted(pairs, key=lambda pair: not pair.exact)

    def _before(self, facts: Iterable[Facts]) -> dict[int, Foreseen]:
        """What was foreseen in earlier chunks for whoever these decisions look at."""
        ids = {one.id for fact in facts for one in _siblings(fact)}
        rows = Foreseen.objects.filter(run=self.run, document__in=ids)
        return {row.document_id: row for row in rows}

    def _row(self, document: Document, decision: Decision | Postponed) -> Foreseen:
        return Foreseen(
            tenant_id=self.job.tenant_id,
            integration=self.job.integration,
            document=document,
            run=self.run,
            **{name: getattr(document, name) for name in _KEPT},
            **_outcome(decision),
        )


def _outcome(decision: Decision | Postponed) -> dict[str, Any]:
    if isinstance(decision, Deliver):
        return _delivered(decision)
    if isinstance(decision, Waiting):
        return {"outcome": _O.WAIT, "words": decision.words, "waits": _waits(decision)}
    if isinstance(decision, Held):
        return {"outcome": _O.HOLD, "group": decision.reason, "words": decision.words}
    if isinstance(decision, Postponed):
        return {"outcome": _O.LATER, "words": str(decision.error)}
    if isinstance(decision, NotApplicable):
        return {"outcome": _O.NOTHING, "group": decision.words[:120], "words": decision.words}
    words = getattr(decision, "words", "") or "It stands as it should."
    return {"outcome": _O.STANDS, "group": words[:120], "words": words}


def _delivered(decision: Deliver) -> dict[str, Any]:
    creates = any(step.creates for part in decision.parts for step in part.steps)
    outcome = _O.CANCEL if decision.final is State.CANCELLED else _O.CHANGE
    return {
        "outcome": _O.POST if creates else outcome,
        "words": decision.words,
        "parts": [_plain(part) for part in decision.parts],
        "calls": sum(len(part.steps) for part in decision.parts),
    }


def _waits(decision: Waiting) -> list[dict[str, str]]:
    """Everything that is waited for, by a key that is the same for whoever waits for it."""
    missing = [
        {
            "key": f"{one.key.kind}:{one.key.source_key}",
            "label": one.label,
            "kind": one.key.kind,
        }
        for one in decision.missing
    ]
    documents = [
        {"key": f"document:{one.stream}:{one.key}", "label": decision.words, "kind": ""}
        for one in decision.documents
    ]
    return missing or documents or [{"key": decision.reason, "label": decision.words, "kind": ""}]


def _plain(part: PartPlan) -> dict[str, Any]:
    """What would be linked of a part, as JSON."""
    return {
        "part": part.part,
        "target_kind": part.target_kind,
        "target_number": part.number,
        "reference": part.reference,
        "status": next((step.status for step in reversed(part.steps) if step.status), ""),
        "payload": to_plain(part.payload),
        "total": None if part.total is None else str(part.total),
        "currency": part.currency,
    }


def _link(part: Mapping[str, Any]) -> LinkState:
    """The link as it would be: ids that nobody has seen yet, told apart by our reference."""
    keys = [str(line["key"]) for line in part["payload"].get("lines", ()) if "key" in line]
    total = part["total"]
    return LinkState(
        **{**part, "total": None if total is None else parse_decimal(total)},
        target_id=f"foreseen {part['reference']}",
        lines={key: f"foreseen {key}" for key in keys},
        version="",
    )


def _siblings(facts: Facts) -> Iterable[Sibling]:
    return (*facts.documents.values(), *facts.twins, *facts.dependants, *facts.neighbours)


def _with(facts: Facts, rows: Mapping[int, Foreseen]) -> Facts:
    """The facts as they would be once what comes earlier had been carried out."""

    def seen(one: Sibling) -> Sibling:
        row = rows.get(one.id)
        return one if row is None else _become(one, row)

    return replace(
        facts,
        documents={key: seen(one) for key, one in facts.documents.items()},
        twins=tuple(map(seen, facts.twins)),
        dependants=tuple(map(seen, facts.dependants)),
        neighbours=tuple(map(seen, facts.neighbours)),
    )


def _become(one: Sibling, row: Foreseen) -> Sibling:
    if row.outcome == _O.LATER:
        return one
    state = _STATES.get(_O(row.outcome))
    if state is None:
        # Nothing to do: it rests, where it stands at the target as posted.
        state = State.POSTED if one.links else State.NOT_APPLICABLE
    links = {part["part"]: _link(part) for part in row.parts if row.outcome == _O.POST}
    return replace(one, state=state, words=row.words, links={**one.links, **links})
