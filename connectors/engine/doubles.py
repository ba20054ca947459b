"""Finds records at the target that carry the mark of one that we are linked to.

A write that showed only after it was made a second time, or a record that somebody copied with its
mark. The list raises the suspicion, both records are read before the document is held, and again
before it goes on: it stays held while both stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.decisions import Facts, Held, LinkState
from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.engine import claims, late, plans, trail
from connectors.engine.job import Job
from connectors.models import Document, Link, TargetRecord

# What cannot be seen is not known to be gone.
_UNSEEN = frozenset({ErrorKind.REJECTED, ErrorKind.NOT_FOUND, ErrorKind.PERMISSION})
ReadPart = Callable[[PartRef], TargetState | None]


def look_for(job: Job, client: Any, kind: str, rows: Sequence[TargetState]) -> int:
    """Hold the documents of links of which a row is the second record; returns how many."""
    found = 0
    for link, head in _suspects(job, kind, rows):
        mine = plans.link_ref(link)
        first = _read(job, client, mine)
        second = _read(job, client, replace(mine, target_id=head.target_id))
        if first is None or second is None or second.reference != link.reference:
            continue
        with job.scope():
            late.incident(link, second, details={"seen": "in the target's list"})
        found += 1
    return found


def _suspects(job: Job, kind: str, rows: Sequence[TargetState]) -> list[tuple[Link, TargetRecord]]:
    """Links whose mark one of these rows carries, with the cached heads of others that carry it."""
    marks = {row.reference for row in rows if row.reference}
    if not marks:
        return []
    with job.scope():
        links = {
            link.reference: link
            for link in Link.objects.filter(
                connection=job.target,
                target_kind=kind,
                reference__in=marks,
                document__integration=job.integration,
            ).select_related("document")
        }
        heads = TargetRecord.objects.filter(
            connection=job.target, kind=kind, reference__in=links.keys()
        )
        pairs = [(links[head.reference], head) for head in heads]
    return [(link, head) for link, head in pairs if link.target_id != head.target_id]


def _read(job: Job, client: Any, part: PartRef) -> TargetState | None:
    """The record, where it stands and can be read."""
    try:
        state = job.flow.sink.read(client, part)
    except BadInputError:
        return None
    except ProviderError as error:
        # One record that cannot be seen must not stop the reading of the whole list.
        if error.kind not in _UNSEEN:
            raise
        return None
    return state if state is not None and job.flow.stands(part.target_kind, state) else None


def one_each(job: Job, document: Document, facts: Facts, read_part: ReadPart) -> Facts | Held:
    """The facts once each link has one record again, or why the document stays held.

    No scope may be open. Where the linked record was deleted, the other one takes its place.
    """
    links = dict(facts.links)
    for part, link in facts.links.items():
        if not link.doubles:
            continue
        standing = _standing(job, link, read_part)
        kept = next(iter(standing.values()), None)
        if len(standing) > 1 or (kept is None and standing.keys() - {link.target_id}):
            return Held(
                reason=Reason.DUPLICATE_SUSPECTED,
                words=late.two_records(link.reference, [link.target_id, *link.doubles]),
            )
        links[part] = _with_one(job, document, link, kept)
    return replace(facts, links=links)


def _standing(job: Job, link: LinkState, read_part: ReadPart) -> Mapping[str, TargetState | None]:
    """Those of its records that still stand under its mark; None for one that cannot be seen."""
    found: dict[str, TargetState | None] = {}
    for target_id in (link.target_id, *link.doubles):
        try:
            state = read_part(replace(plans.link_ref(link), target_id=target_id))
        except ProviderError as error:
            if error.kind not in _UNSEEN:
                raise
            found[target_id] = None
            continue
        mine = target_id == link.target_id or (state and state.reference == link.reference)
        if state is not None and mine and job.flow.stands(link.target_kind, state):
            found[target_id] = state
    return found


def _with_one(job: Job, document: Document, link: LinkState, kept: TargetState | None) -> LinkState:
    """The link with the record that was left; of another one nothing counts as posted."""
    changes: dict[str, Any] = {}
    if kept is not None and kept.target_id != link.target_id:
        changes = {
            "target_id": kept.target_id,
            "target_number": kept.number,
            "status": kept.status,
            "payload": {},
            "lines": {},
        }
    with job.scope():
        if claims.still_ours(document):
            Link.objects.filter(document=document, part=link.part).update(doubles=[], **changes)
            trail.write(
                [
                    trail.document_event(
                        "incident.settled",
                        document,
                        target_kind=link.target_kind,
                        target_id=changes.get("target_id", link.target_id),
                        details={"mark": link.reference, "were": [link.target_id, *link.doubles]},
                    )
                ]
            )
    return replace(link, doubles=(), **changes)
