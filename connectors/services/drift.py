"""Drift: what a person decides about a record that somebody changed at the target.

A document held for it enters; it leaves due again, either to be posted anew or with the target's
values accepted. The target is read afresh first; knows neither flow nor provider by name.
"""

from collections.abc import Sequence

from connectors.core.errors import BadInputError
from connectors.core.flow import TARGET, FieldDifference
from connectors.core.records import TargetState
from connectors.core.states import Reason, State
from connectors.engine import drift, inbox, ledger, plans
from connectors.engine.job import Job, Resolve, load_job
from connectors.engine.sessions import open_client
from connectors.models import Document, Link
from connectors.services.seen import refuse_if_moved
from tenants.scope import tenant_scope

_Found = list[tuple[Link, list[FieldDifference], TargetState]]


def restore(
    tenant_id: int, document_id: int, *, resolve: Resolve, actor: str, seen: str | None = None
) -> int:
    """Have what we posted put back; returns how many fields somebody had changed."""
    return _decide(tenant_id, document_id, drift.RESTORE, resolve, actor, seen)


def adopt(
    tenant_id: int, document_id: int, *, resolve: Resolve, actor: str, seen: str | None = None
) -> int:
    """Let the target's values stand; returns how many fields somebody had changed."""
    return _decide(tenant_id, document_id, drift.ADOPT, resolve, actor, seen)


def _decide(
    tenant_id: int,
    document_id: int,
    policy: str,
    resolve: Resolve,
    actor: str,
    seen: str | None,
) -> int:
    with tenant_scope(tenant_id):
        document = _held(document_id, seen)
        links = list(document.links.select_related("document").order_by("part"))
    job = load_job(tenant_id, document.integration_id, resolve).view_of(document.stream)
    found = _read(job, links)
    if policy == drift.RESTORE:
        _refuse_dead(job, found)
    there = job.resolved.target.title
    with job.scope():
        _refuse_if_moved(document_id, links)
        for link, differences, state in found:
            drift.apply(job.flow, link, differences, policy, state=state, there=there, actor=actor)
        ledger.make_due(Document.objects.filter(pk=document_id), by_a_person=True)
    inbox.ring_slots(job)
    return sum(len(differences) for _, differences, _ in found)


def _refuse_dead(job: Job, found: _Found) -> None:
    """What is void or cancelled there is not brought back by posting our values again."""
    for link, _, state in found:
        if not job.flow.stands(link.target_kind, state):
            raise BadInputError(
                f"{link.target_number} is {state.status} in {job.resolved.target.title}, which "
                "lets nobody change it. Adopt theirs; or delete it there, then post it anew."
            )


def _held(document_id: int, seen: str | None = None) -> Document:
    document = Document.objects.filter(pk=document_id).first()
    if document is None:
        raise BadInputError("There is no such document.")
    refuse_if_moved(document, seen)
    if (document.state, document.reason) != (State.HELD, Reason.DRIFTED):
        raise BadInputError(
            "Only what is held because somebody changed it at the target can be restored or "
            f"adopted; this document is {document.get_state_display()}. Reload its page."
        )
    return document


def _read(job: Job, links: Sequence[Link]) -> _Found:
    """What each part says now, of those that differ: the hold may be days old."""
    found = []
    with open_client(job, TARGET) as client:
        for link in links:
            state = job.flow.sink.read(client, plans.link_ref(link))
            if state is None:
                raise BadInputError(drift.missing(link, job.resolved.target.title))
            differences = drift.changed(job, client, link, state)
            if differences:
                found.append((link, differences, state))
    return found


def _refuse_if_moved(document_id: int, links: Sequence[Link]) -> None:
    """Whatever was posted while we read must not be undone by a decision about what was before."""
    if not all(drift.still_as_read(link, state=State.HELD) for link in links):
        raise BadInputError(
            "It was decided or posted anew while the target was read. Reload its page and look "
            "whether anything still differs."
        )
    _held(document_id)
