"""Looks whether the target still says what we posted, and does what the integration's option says.

A link enters; fields that somebody changed leave as a held document, an update that restores them,
or an accepted change. What shows no difference is noted with its time.
"""

from collections.abc import Sequence
from typing import Any

from connectors.core import clock
from connectors.core.errors import ConnectorError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import TARGET, FieldDifference, Flow, PartRef
from connectors.core.records import TargetState
from connectors.core.states import AT_TARGET, Over, Reason, State
from connectors.engine import ledger, links, plans, references, trail
from connectors.engine.job import Job
from connectors.engine.sessions import open_client
from connectors.models import Document, Link

OPTION = "drift"
RESTORE, ALERT, ADOPT = "restore", "alert", "adopt"
_MOST_RESTORES = 2
_MOVING = frozenset({State.DUE, State.DELIVERING, State.UNCONFIRMED})


class OnItsWayError(ConnectorError):
    """Its document is being posted at this moment: look again when that is over."""

    def __init__(self, link: Link) -> None:
        super().__init__(f"{link} is looked at when what is due of it has been posted.")


def look_at_target(job: Job, kind: str, target_id: str) -> bool:
    """Compare one posted record with its target; True when somebody had changed it.

    Raises OnItsWayError while its document is being posted: what stands there may be half ours.
    """
    with job.scope():
        link = (
            Link.objects.filter(connection=job.target, target_kind=kind, target_id=target_id)
            .select_related("document")
            .first()
        )
    return link is not None and _look(job, link)


def look_at_document(job: Job, document: Document) -> bool:
    """Compare all that was posted of a document; True when somebody had changed any of it.

    One that is held for it goes on as soon as nothing differs any more.
    """
    with job.scope():
        found = document.links.exclude(status__in=list(Over)).select_related("document")
        parts = list(found.order_by("part"))
    if any(_look(job, link) for link in parts):
        return True
    if document.state == State.HELD and parts:
        with job.scope():
            held = {"state": State.HELD, "reason": Reason.DRIFTED}
            ledger.make_due(Document.objects.filter(pk=document.pk, **held))
    return False


def _look(job: Job, link: Link) -> bool:
    document = link.document
    if document.state in _MOVING:
        raise OnItsWayError(link)
    if document.state == State.WAITING and document.reason in AT_TARGET:
        with job.scope():
            ledger.make_due(Document.objects.filter(pk=document.pk))
        return False
    held = (document.state, document.reason) == (State.HELD, Reason.DRIFTED)
    if document.state != State.POSTED and not held:
        return False
    with open_client(job, TARGET) as client:
        state = job.flow.sink.read(client, plans.link_ref(link))
        found = changed(job, client, link, state) if state is not None else []
    return _compare(job, link, state, found)


def changed(job: Job, client: Any, link: Link, state: TargetState) -> list[FieldDifference]:
    """What somebody changed. That a vendor was merged into another is no change of the record: the
    target names the other one everywhere, and so do we when something is posted next.
    """
    found = differences(job, link, state)
    merged = {d.field for d in found if d.kind and _is_gone(job, client, d.kind, d.ours)}
    if merged:
        with job.scope():
            kinds = {d.kind for d in found if d.field in merged}
            references.read_whole_soon(job.target, kinds)
    return [d for d in found if d.field not in merged]


def _is_gone(job: Job, client: Any, kind: str, target_id: str) -> bool:
    """Live, since the list of its kind may not have been read since."""
    named = PartRef(
        target_kind=kind, reference="", target_id=target_id, number="", vendor_key="", total=""
    )
    return job.flow.sink.read(client, named) is None


def differences(job: Job, link: Link, state: TargetState) -> list[FieldDifference]:
    """What the target says otherwise than we posted, but for what has been accepted."""
    if job.flow.differences is None:
        return []
    found = job.flow.differences(link.target_kind, link.payload, state)
    return [d for d in found if link.adopted.get(d.field) != d.theirs]


def _compare(
    job: Job, link: Link, state: TargetState | None, found: Sequence[FieldDifference]
) -> bool:
    if job.flow.differences is None:
        return False
    with job.scope():
        if not still_as_read(link, state=State(link.document.state)):
            raise OnItsWayError(link)
        if state is None:
            _hold(link, Reason.TARGET_MISSING, missing(link, job.resolved.target.title), [])
        elif found:
            _settle(job, link, found, state)
        else:
            note_match(link, state)
    return state is None or bool(found)


def _settle(job: Job, link: Link, found: Sequence[FieldDifference], state: TargetState) -> None:
    # Where a person was asked already, the option says nothing any more.
    asked = link.document.state == State.HELD
    policy = ALERT if asked else _policy(job, link, found, state)
    apply(job.flow, link, found, policy, state=state, there=job.resolved.target.title)


def note_match(link: Link, state: TargetState) -> None:
    """Keep when the target was last seen to say all that we posted, inside the scope."""
    changes = links.matched(state, Link.Matched.EVERYTHING)
    Link.objects.filter(pk=link.pk).update(**changes)
    trail.write([_event("target.matched", link, "", {"total": plain_total(state)})])


def plain_total(state: TargetState) -> str | None:
    return None if state.total is None else f"{state.total} {state.currency}".strip()


def missing(link: Link, there: str) -> str:
    """Words for a record that the target does not have any more."""
    return (
        f"{link.target_number or link.target_id} was deleted in {there}. Post it anew, restore it "
        "there and replay this document, or dismiss it."
    )


def _policy(job: Job, link: Link, found: Sequence[FieldDifference], state: TargetState) -> str:
    """Restoring a field a third time would be a fight with somebody: a person decides. So does one
    where the record is void or cancelled, which no update brings back.
    """
    chosen = str(job.context.options.get(OPTION, ALERT))
    fought = any(link.restores.get(d.field, 0) >= _MOST_RESTORES for d in found)
    dead = not job.flow.stands(link.target_kind, state)
    return ALERT if dead or (chosen == RESTORE and fought) else chosen


def still_as_read(link: Link, *, state: State = State.POSTED) -> bool:
    """Whether nothing has been posted since the link was read; locks it."""
    document = Document.objects.select_for_update().get(pk=link.document_id)
    current = Link.objects.select_for_update().get(pk=link.pk)
    return document.state == state and current.confirmed_at == link.confirmed_at


def apply(
    flow: Flow,
    link: Link,
    found: Sequence[FieldDifference],
    policy: str,
    *,
    state: TargetState,
    there: str,
    actor: str = "",
) -> None:
    """Restore, accept or flag these differences, inside the scope and with the link locked."""
    if policy == RESTORE:
        _restore(flow, link, found, state, actor)
    elif policy == ADOPT:
        _adopt(link, found, actor)
    else:
        words = f"Somebody changed it in {there}: " + "; ".join(_words(d) for d in found)
        _hold(link, Reason.DRIFTED, f"{words}. Restore ours, or adopt theirs.", found)


def _restore(
    flow: Flow, link: Link, found: Sequence[FieldDifference], state: TargetState, actor: str
) -> None:
    for difference in found:
        link.restores[difference.field] = link.restores.get(difference.field, 0) + 1
    # With nothing trusted of what stands there, the next decision posts everything again.
    link.payload = dict(flow.doubted(link.payload))
    # Lines that were removed there cannot be changed by their ids any more.
    standing = set(state.lines.values())
    link.lines = {key: line for key, line in link.lines.items() if line in standing}
    link.save(update_fields=["restores", "payload", "lines"])
    ledger.make_due(Document.objects.filter(pk=link.document_id))
    _audit("drift.restored", link, found, actor)


def _adopt(link: Link, found: Sequence[FieldDifference], actor: str) -> None:
    link.adopted = {**link.adopted, **{d.field: d.theirs for d in found}}
    link.save(update_fields=["adopted"])
    _audit("drift.adopted", link, found, actor)


def _hold(link: Link, reason: Reason, words: str, found: Sequence[FieldDifference]) -> None:
    """Hold its document; one that is held for other differences by now says these."""
    before = link.document
    if (before.state, before.reason, before.words) == (State.HELD, reason, words):
        return
    Document.objects.filter(pk=link.document_id, state__in=[State.POSTED, State.HELD]).update(
        state=State.HELD, state_at=clock.now(), reason=reason, words=words
    )
    _audit("drift.found", link, found, "")


def _words(difference: FieldDifference) -> str:
    return f"{difference.field} is {difference.theirs}, we posted {difference.ours}"


def _audit(action: str, link: Link, found: Sequence[FieldDifference], actor: str) -> None:
    details: dict[str, Any] = {"differences": to_plain(list(found))}
    trail.write([_event(action, link, actor, details)])


def _event(action: str, link: Link, actor: str, details: dict[str, Any]) -> trail.Event:
    return trail.document_event(
        action,
        link.document,
        actor=actor or trail.WORKER,
        target_kind=link.target_kind,
        target_id=link.target_id,
        target_number=link.target_number,
        details=details,
    )
