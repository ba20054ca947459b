"""What posted documents would become under today's mappings or options; and marking them for it.

A wish enters, a preview leaves: which documents would change, field by field, and which cannot.
Pure decisions on what is stored; nothing is read from a provider, and nothing is written there.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    Nothing,
    ReadTarget,
    Waiting,
)
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import Context
from connectors.core.references import MappingKey
from connectors.core.states import State
from connectors.engine.decide import asking_of, decide_by
from connectors.engine.facts import Asking, kept_options, load
from connectors.engine.job import Job
from connectors.engine.links import as_linked
from connectors.models import Document, Link

_BATCH = 200
# What is only ours in a payload, or follows from the rest of it.
_UNSHOWN = frozenset(
    {"lines", "mappings", "currency_code", "key", "net", "title_limit", "text_limit"}
    | {"fiscal_year", "without_orders", "renumbered", "doubted", "said", "worded"}
)
_OURS = "source_"
_SHOWN_STATES = (State.POSTED, State.HELD, State.WAITING, State.DUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to hold for posted documents too: one mapping by its target, or today's options."""

    key: MappingKey | None = None
    target_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of a posted record; ``line`` is the line's name, empty for the record itself."""

    line: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One posted document: what would change of it, or why it cannot."""

    document: Document
    target_number: str
    changes: tuple[Change, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``digest`` stands for exactly these changes, so that no others are confirmed with them."""

    changing: tuple[Outlook, ...]
    standing: tuple[Outlook, ...]
    digest: str

    @property
    def sums(self) -> dict[str, Decimal]:
        """What the documents that would change come to, by currency."""
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for outlook in self.changing:
            if outlook.document.total is not None:
                found[outlook.document.currency] += outlook.document.total
        return dict(found)


def preview(job: Job, wish: Wish) -> Preview:
    """Decide on every posted document that the wish is about; call inside the scope."""
    outlooks = [outlook for batch in _batches(job, wish) for outlook in _judge(job, wish, batch)]
    changing = tuple(one for one in outlooks if one.changes)
    said = [(one.document.pk, to_plain(list(one.changes))) for one in changing]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return Preview(
        changing=changing,
        standing=tuple(one for one in outlooks if one.obstacle),
        digest=digest,
    )


def renew(job: Job, wish: Wish, documents: Sequence[Document]) -> None:
    """Have the links of these documents go by the wish from their next decision on."""
    links = Link.objects.select_for_update().filter(document__in=documents).order_by("pk")
    for link in links:
        if wish.key is None:
            link.options = {**link.options, **job.flow.kept_options(job.context.options)}
        else:
            others = [row for row in link.renewed if _key(row) != wish.key]
            link.renewed = [*others, _row(wish)]
        link.save(update_fields=["options", "renewed"])


def _row(wish: Wish) -> dict[str, str]:
    assert wish.key is not None  # noqa: S101 - only asked of a mapping
    return {
        "kind": wish.key.kind,
        "source_key": wish.key.source_key,
        "target_key": wish.target_key,
    }


def _key(row: Mapping[str, str]) -> MappingKey:
    return MappingKey(row["kind"], row["source_key"])


def _batches(job: Job, wish: Wish) -> Iterator[list[Document]]:
    """The posted documents that rest on the mapping, or on other options than today's."""
    links = Link.objects.filter(
        document__integration=job.integration,
        document__stream__in=[stream.name for stream in job.flow.streams if not stream.upkeep],
        document__state__in=_SHOWN_STATES,
    )
    if wish.key is not None:
        used = {"kind": wish.key.kind, "source_key": wish.key.source_key}
        found = links.filter(mappings__contains=[used]).values_list("document", flat=True)
        ids = list(found)
    else:
        now = job.flow.kept_options(job.context.options)
        ids = [
            document
            for document, options in links.values_list("document", "options")
            if {**now, **job.flow.kept_options(options)} != now
        ]
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _BATCH):
        yield list(Document.objects.filter(pk__in=wanted[start : start + _BATCH]).order_by("pk"))


def _judge(job: Job, wish: Wish, documents: Sequence[Document]) -> Iterator[Outlook]:
    kept = kept_options(job, documents)
    asking = []
    for document in documents:
        own = kept.get(document.pk, job.context)
        ask = asking_of(job, document, job.context if wish.key is None else own)
        if isinstance(ask, Asking):
            asking.append(ask)
    facts = load(job, asking)
    for ask in asking:
        own = kept.get(ask.document.pk, job.context)
        outlook = _outlook(job, wish, ask, facts[ask.document.pk], own)
        if outlook is not None:
            yield outlook


def _outlook(job: Job, wish: Wish, ask: Asking, facts: Facts, own: Context) -> Outlook | None:
    """What would become of the document; None where nothing would. ``own`` are its options now."""
    number = ", ".join(link.target_number for link in facts.links.values())
    decision = _without_a_call(job, ask, _as_wished(facts, wish))
    if isinstance(decision, Held | Waiting):
        before = _without_a_call(job, replace(ask, context=own), facts)
        if type(before) is type(decision):
            return None  # it stands still for reasons of its own
        return Outlook(document=ask.document, target_number=number, obstacle=decision.words)
    if isinstance(decision, Nothing) and ask.document.state != State.POSTED:
        return _goes_on(job, replace(ask, context=own), facts, number)
    if not isinstance(decision, Deliver):
        return None
    changes = tuple(_changes(facts.links, decision))
    if not changes:
        return None
    return Outlook(document=ask.document, target_number=number, changes=changes)


def _goes_on(job: Job, ask: Asking, facts: Facts, number: str) -> Outlook | None:
    """What was applied before and stands in the way of something is taken back by the wish."""
    if isinstance(_without_a_call(job, ask, facts), Nothing):
        return None
    change = Change(line="", field="state", before="to be changed", after="as it was posted")
    return Outlook(document=ask.document, target_number=number, changes=(change,))


def _as_wished(facts: Facts, wish: Wish) -> Facts:
    if wish.key is None:
        return facts
    chosen = {wish.key: wish.target_key}
    links = {
        part: replace(link, renewed={**link.renewed, **chosen})
        for part, link in facts.links.items()
    }
    return replace(facts, links=links)


def _without_a_call(job: Job, ask: Asking, facts: Facts) -> Decision | None:
    """The decision as far as it goes by what is stored: records are taken to stand as linked."""
    try:
        decision = decide_by(job.flow, ask, facts)
        if isinstance(decision, ReadTarget):
            live = {part: as_linked(facts.links[part]) for part in decision.parts}
            decision = decide_by(job.flow, ask, replace(facts, live=live))
    except BadInputError as error:
        return Waiting(words=str(error))
    return decision


def _changes(links: Mapping[str, LinkState], decision: Deliver) -> Iterator[Change]:
    """Field by field, what each part's payload says otherwise than was posted."""
    for part in {part.part: part for part in decision.parts}.values():
        posted = links[part.part].payload if part.part in links else {}
        yield from _fields("", posted, part.payload)
        before = {str(line["key"]): line for line in posted.get("lines", ())}
        after = {str(line["key"]): line for line in part.payload.get("lines", ())}
        for key in {**before, **after}:
            line = after.get(key) or before[key]
            name = str(line.get("name") or line.get("description") or key)
            yield from _fields(name, before.get(key, {}), after.get(key, {}))


def _fields(line: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({**before, **after}.keys() - _UNSHOWN):
        old, new = (_text(side.get(name)) for side in (before, after))
        if old != new and not name.startswith(_OURS):
            yield Change(line=line, field=name, before=old, after=new)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
