"""Loads, for a whole batch of documents at once, everything their decisions may look at.

Documents enter, frozen facts leave: a handful of queries however many documents, no API call.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db.models import Q

from connectors.core.decisions import (
    DocumentKey,
    Facts,
    LinkState,
    MappedTarget,
    Needs,
    Sibling,
)
from connectors.core.flow import SOURCE, Context, Stream
from connectors.core.names import alike_name
from connectors.core.records import Record, TargetState
from connectors.core.references import MappingKey
from connectors.core.states import Over, State
from connectors.engine.job import Job
from connectors.engine.link_states import link_state
from connectors.models import Dependency, Document, Link, ReferenceItem, TargetRecord
from connectors.models import Mapping as MappingRow

PERIOD_LOCK = "period_lock"
# The facet of a document that no list has shown: another one names it.
NAMED = "named"


@dataclass(frozen=True, slots=True)
class Asking:
    """A document with its parsed record, the options that hold for it, and what it needs."""

    document: Document
    stream: Stream
    record: Record
    needs: Needs
    context: Context


@dataclass(slots=True)
class _Loaded:
    mappings: dict[MappingKey, MappedTarget] = field(default_factory=dict)
    named: dict[DocumentKey, Sibling] = field(default_factory=dict)
    twins: dict[tuple[str, str], list[Sibling]] = field(default_factory=dict)
    suspects: dict[tuple[str, str], list[TargetState]] = field(default_factory=dict)
    links: dict[int, dict[str, LinkState]] = field(default_factory=dict)
    dependants: dict[DocumentKey, list[Sibling]] = field(default_factory=dict)
    rows: dict[tuple[str, str], MappedTarget] = field(default_factory=dict)
    pairs: set[tuple[str, str, str]] = field(default_factory=set)
    holders: dict[tuple[str, str], int] = field(default_factory=dict)
    alike: dict[tuple[str, str], list[MappedTarget]] = field(default_factory=dict)
    lists: dict[str, list[MappedTarget]] = field(default_factory=dict)
    lost: dict[tuple[str, str], bool] = field(default_factory=dict)
    locked_until: date | None = None


def load(job: Job, asking: Sequence[Asking]) -> dict[int, Facts]:
    """Facts by document id; call inside the tenant's scope."""
    loaded = _Loaded()
    _load_mappings(job, asking, loaded)
    _load_documents(job, asking, loaded)
    _load_suspects(job, asking, loaded)
    _load_rows(job, asking, loaded)
    _load_alike(job, asking, loaded)
    _load_lists(job, asking, loaded)
    _load_lost(job, loaded)
    loaded.locked_until = _locked_until(job)
    return {ask.document.pk: _facts(job, ask, loaded) for ask in asking}


def _facts(job: Job, ask: Asking, loaded: _Loaded) -> Facts:
    document = ask.document
    me = DocumentKey(document.stream, document.key)
    twins = [
        sibling
        for number in ask.needs.twins
        for sibling in loaded.twins.get((document.stream, number), [])
        if sibling.id != document.pk
    ]
    mine = {link.target_id for link in loaded.links.get(document.pk, {}).values()}
    suspects = [
        suspect
        for number in ask.needs.twins
        for suspect in loaded.suspects.get((ask.stream.target_kind, number), [])
        if suspect.target_id not in mine
    ]
    return Facts(
        mappings={k: loaded.mappings[k] for k in ask.needs.mappings if k in loaded.mappings},
        documents={k: loaded.named[k] for k in ask.needs.documents if k in loaded.named},
        twins=tuple(twins),
        target_suspects=tuple(suspects),
        links=loaded.links.get(document.pk, {}),
        dependants=tuple(loaded.dependants.get(me, [])),
        neighbours=tuple(_neighbours(ask, loaded)),
        source_profile=job.source.profile,
        target_profile=job.target.profile,
        locked_until=loaded.locked_until,
        gone=document.gone,
        only_named=document.sightings.keys() == {NAMED},
        renumbered=document.renumbered,
        rows=_rows(ask, loaded),
        alike=tuple(row for name in ask.needs.alike for row in loaded.alike.get(name, ())),
        lists={kind: tuple(loaded.lists.get(kind, ())) for kind in ask.needs.lists},
        lost={
            place: loaded.lost[place]
            for link in loaded.links.get(document.pk, {}).values()
            for place in _places(link)
            if place in loaded.lost
        },
    )


def _neighbours(ask: Asking, loaded: _Loaded) -> Iterable[Sibling]:
    """Others of its stream that name what it names, each once."""
    if not ask.needs.neighbours:
        return ()
    named = (one for key in ask.needs.documents for one in loaded.dependants.get(key, ()))
    found = {one.id: one for one in named if one.stream == ask.document.stream}
    found.pop(ask.document.pk, None)
    return found.values()


def _rows(ask: Asking, loaded: _Loaded) -> dict[str, MappedTarget]:
    """The rows that it asked for and is linked to still; one that another document has written to
    is shared with that one. Where mappings are rules, what they lead to is the record's to know.
    """
    found = {}
    by_rules = ask.stream.upkeep is not None and ask.stream.upkeep.leads is not None
    for kind, key in ask.needs.rows & loaded.rows.keys():
        if not by_rules and (kind, ask.document.key, key) not in loaded.pairs:
            continue
        row, mine = loaded.rows[kind, key], ask.document.pk
        taken = loaded.holders.get((ask.stream.target_kind, key), mine) != mine
        found[key] = replace(row, shared=True) if taken else row
    return found


def _load_mappings(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    keys = {key for ask in asking for key in ask.needs.mappings}
    rows = MappingRow.objects.filter(
        integration=job.integration,
        kind__in={key.kind for key in keys},
        source_key__in={key.source_key for key in keys},
    )
    targets = {MappingKey(row.kind, row.source_key): row.target_key for row in rows}
    items = ReferenceItem.objects.filter(
        connection=job.target,
        kind__in={key.kind for key in targets},
        key__in=set(targets.values()),
    )
    by_place = {(item.kind, item.key): item for item in items}
    for key, target_key in targets.items():
        item = by_place.get((key.kind, target_key))
        if item is not None:
            loaded.mappings[key] = _mapped(item)


def _mapped(item: ReferenceItem, *, shared: bool = False) -> MappedTarget:
    return MappedTarget(
        key=item.key,
        name=item.name,
        number=item.number,
        active=item.active,
        attributes=item.attributes,
        shared=shared,
    )


def _load_rows(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    """Master data of the other side by key, with whether several of ours lead to it."""
    wanted = {place for ask in asking for place in ask.needs.rows}
    if not wanted:
        return
    kinds, keys = {kind for kind, _ in wanted}, {key for _, key in wanted}
    items = ReferenceItem.objects.filter(connection=job.target, kind__in=kinds, key__in=keys)
    shared = _load_pairs(job, kinds, keys, loaded)
    for item in items:
        place = (item.kind, item.key)
        loaded.rows[place] = _mapped(item, shared=place in shared)
    target_kinds = {ask.stream.target_kind for ask in asking if ask.needs.rows}
    links = Link.objects.filter(
        connection=job.target, target_kind__in=target_kinds, target_id__in=keys
    )
    for kind, key, document in links.values_list("target_kind", "target_id", "document"):
        loaded.holders[kind, key] = document


def _load_pairs(job: Job, kinds: set[str], keys: set[str], loaded: _Loaded) -> set[tuple[str, str]]:
    """Who is linked to these rows, by the mappings of this moment; returns the shared rows."""
    own, other = ("source_key", "target_key")[:: 1 if job.owner == SOURCE else -1]
    rows = MappingRow.objects.filter(
        integration=job.integration, kind__in=kinds, **{f"{other}__in": keys}
    )
    loaded.pairs |= set(rows.values_list("kind", own, other))
    number = Counter((kind, key) for kind, _, key in loaded.pairs)
    return {place for place, times in number.items() if times > 1}


def _load_alike(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    """Names are compared here: how they are normalised is no matter of the database.

    What is inactive there counts too: somebody may want it back rather than have a second one.
    """
    wanted = {place for ask in asking for place in ask.needs.alike}
    if not wanted:
        return
    items = ReferenceItem.objects.filter(
        connection=job.target, kind__in={kind for kind, _ in wanted}, gone=False
    )
    for item in items:
        place = (item.kind, alike_name(item.name))
        if place in wanted:
            loaded.alike.setdefault(place, []).append(_mapped(item))


def _load_lists(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    wanted = {kind for ask in asking for kind in ask.needs.lists}
    if not wanted:
        return
    for item in ReferenceItem.objects.filter(
        connection=job.target, kind__in=wanted, active=True
    ).order_by("pk"):
        loaded.lists.setdefault(item.kind, []).append(_mapped(item))


def _load_lost(job: Job, loaded: _Loaded) -> None:
    """Which targets that posted documents use are not in use at the target any more."""
    places = {
        place
        for links in loaded.links.values()
        for link in links.values()
        for place in _places(link)
    }
    if not places:
        return
    items = ReferenceItem.objects.filter(
        connection=job.target,
        active=False,
        kind__in={kind for kind, _ in places},
        key__in={key for _, key in places},
    )
    loaded.lost = {(item.kind, item.key): item.gone for item in items}


def _places(link: LinkState) -> set[tuple[str, str]]:
    return {(key.kind, target_key) for key, target_key in link.mappings.items()}


def kept_options(job: Job, documents: Sequence[Document]) -> dict[int, Context]:
    """What holds for posted documents: the options that they were posted with, where kept.

    A record that is over binds nobody: what is posted anew is posted as is chosen now.
    """
    rows = (
        Link.objects.filter(document__in=[d.pk for d in documents])
        .exclude(status__in=list(Over))
        .order_by("-pk")
    )
    found = {}
    for document, options in rows.values_list("document", "options"):
        kept = job.flow.kept_options(options)
        found[document] = with_options(job.context, kept) if kept else job.context
    return found


def with_options(context: Context, kept: Mapping[str, Any]) -> Context:
    """The context of a document that keeps these options."""
    return replace(context, options={**context.options, **kept}, current=context.options)


def _load_documents(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    """Siblings by name, by number and by dependency, in one go with their links."""
    named = {key for ask in asking for key in ask.needs.documents}
    twins = {(ask.document.stream, number) for ask in asking for number in ask.needs.twins}
    shared = {key for ask in asking if ask.needs.neighbours for key in ask.needs.documents}
    shared |= {
        DocumentKey(ask.document.stream, ask.document.key) for ask in asking if ask.needs.dependants
    }
    reverse = _dependants(job, shared)
    wanted = Q(pk__in=[ask.document.pk for ask in asking])
    wanted |= _by_stream("key", ((key.stream, key.key) for key in named))
    wanted |= _by_stream("twin_number", twins)
    wanted |= Q(pk__in={pk for ids in reverse.values() for pk in ids})
    rows = list(Document.objects.filter(wanted, integration=job.integration))
    links = _links(rows)
    loaded.links = links
    parties = _parties(job, asking, rows, twins)
    siblings = {
        row.pk: _sibling(row, links.get(row.pk, {}), parties.get(row.party_key, "")) for row in rows
    }
    for row in rows:
        key = DocumentKey(row.stream, row.key)
        if key in named:
            loaded.named[key] = siblings[row.pk]
        if row.twin_number and (row.stream, row.twin_number) in twins:
            loaded.twins.setdefault((row.stream, row.twin_number), []).append(siblings[row.pk])
    for key, ids in reverse.items():
        loaded.dependants[key] = [siblings[pk] for pk in ids if pk in siblings]


def _parties(
    job: Job,
    asking: Sequence[Asking],
    rows: Sequence[Document],
    twins: set[tuple[str, str]],
) -> dict[str, str]:
    """What the parties of twins are mapped to: two of the source's may be one of the target's."""
    kinds = {ask.needs.party_kind for ask in asking} - {""}
    keys = {row.party_key for row in rows if (row.stream, row.twin_number) in twins}
    if not kinds or not keys:
        return {}
    found = MappingRow.objects.filter(
        integration=job.integration, kind__in=kinds, source_key__in=keys
    )
    return dict(found.values_list("source_key", "target_key"))


def _by_stream(field_name: str, pairs: Iterable[tuple[str, str]]) -> Q:
    values: dict[str, set[str]] = defaultdict(set)
    for stream, value in pairs:
        values[stream].add(value)
    wanted = Q()
    for stream, found in values.items():
        wanted |= Q(stream=stream, **{f"{field_name}__in": found})
    return wanted if values else Q(pk__in=[])


def _dependants(job: Job, keys: Collection[DocumentKey]) -> dict[DocumentKey, list[int]]:
    if not keys:
        return {}
    rows = Dependency.objects.filter(
        _by_stream("key", ((key.stream, key.key) for key in keys)), integration=job.integration
    )
    found: dict[DocumentKey, list[int]] = defaultdict(list)
    for row in rows:
        found[DocumentKey(row.stream, row.key)].append(row.document_id)
    return found


def _links(documents: Sequence[Document]) -> dict[int, dict[str, LinkState]]:
    found: dict[int, dict[str, LinkState]] = defaultdict(dict)
    for link in Link.objects.filter(document__in=[d.pk for d in documents]):
        found[link.document_id][link.part] = link_state(link)
    return dict(found)


def _sibling(document: Document, links: Mapping[str, LinkState], target_party: str = "") -> Sibling:
    return Sibling(
        id=document.pk,
        stream=document.stream,
        key=document.key,
        number=document.number,
        state=State(document.state),
        words=document.words,
        party_key=document.party_key,
        links=links,
        record=document.record or {},
        target_party=target_party,
    )


def _load_suspects(job: Job, asking: Sequence[Asking], loaded: _Loaded) -> None:
    pairs = {(ask.stream.target_kind, number) for ask in asking for number in ask.needs.twins}
    wanted = Q(pk__in=[])
    for kind, number in pairs:
        wanted |= Q(kind=kind, twin_number=number)
    for row in TargetRecord.objects.filter(wanted, connection=job.target) if pairs else ():
        state = TargetState(
            target_id=row.target_id,
            number=row.number,
            status=row.status,
            total=row.total,
            currency=row.currency,
            reference=row.reference,
            vendor_key=row.vendor_key,
            modified=row.modified,
            content={k: v for k, v in (("date", row.day), ("part", row.part)) if v},
        )
        loaded.suspects.setdefault((row.kind, row.twin_number), []).append(state)


def _locked_until(job: Job) -> date | None:
    item: Any = ReferenceItem.objects.filter(
        connection=job.target, kind=PERIOD_LOCK, active=True
    ).first()
    text = item.attributes.get("locked_until") if item else None
    return date.fromisoformat(text) if text else None
