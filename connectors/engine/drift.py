"""Looks whether the target still says what we posted, and does what the integration's option says.

A link enters; fields that somebody changed leave as a held document, an update that restores them,
or an accepted change. Our own writes show no difference and end here.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from connectors.core.errors import ConnectorError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import TARGET, FieldDifference
from connectors.core.records import TargetState
from connectors.core.states import Reason, State
from connectors.engine import ledger, plans, trail
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
    if link is None:
        return False
    if link.document.state in _MOVING:
        raise OnItsWayError(link)
    if link.document.state != State.POSTED:
        return False
    with open_client(job, TARGET) as client:
        state = job.flow.sink.read(client, plans.link_ref(link))
    return _compare(job, link, state)


def differences(job: Job, link: Link, state: TargetState) -> list[FieldDifference]:
    """What the target says otherwise than we posted, but for what has been accepted."""
    if job.flow.differences is None:
        return []
    found = job.flow.differences(link.target_kind, link.payload, state)
    return [d for d in found if link.adopted.get(d.field) != d.theirs]


def _compare(job: Job, link: Link, state: TargetState | None) -> bool:
    if job.flow.differences is None:
        return False
    found = differences(job, link, state) if state is not None else []
    if state is not None and not found:
        return False
    with job.scope():
        if not still_as_read(link):
            raise OnItsWayError(link)
        if state is None:
            _hold(link, Reason.TARGET_MISSING, missing(link), [])
        else:
            apply(link, found, _policy(job, link, found))
    return True


def missing(link: Link) -> str:
    """Words for a record that the target does not have any more."""
    return (
        f"{link.target_number or link.target_id} was deleted at the target. "
        "Restore it there and replay this document, or dismiss it."
    )


def _policy(job: Job, link: Link, found: Sequence[FieldDifference]) -> str:
    """Restoring a field a third time would be a fight with somebody: a person decides."""
    chosen = str(job.context.options.get(OPTION, ALERT))
    fought = any(link.restores.get(d.field, 0) >= _MOST_RESTORES for d in found)
    return ALERT if chosen == RESTORE and fought else chosen


def still_as_read(link: Link, *, state: State = State.POSTED) -> bool:
    """Whether nothing has been posted since the link was read; locks it."""
    document = Document.objects.select_for_update().get(pk=link.document_id)
    current = Link.objects.select_for_update().get(pk=link.pk)
    return document.state == state and current.confirmed_at == link.confirmed_at


def apply(link: Link, found: Sequence[FieldDifference], policy: str, actor: str = "") -> None:
    """Restore, accept or flag these differences, inside the scope and with the link locked."""
    if policy == RESTORE:
        _restore(link, found, actor)
    elif policy == ADOPT:
        _adopt(link, found, actor)
    else:
        words = "Somebody changed it at the target: " + "; ".join(_words(d) for d in found)
        _hold(link, Reason.DRIFTED, f"{words}. Restore ours, or adopt theirs.", found)


def _restore(link: Link, found: Sequence[FieldDifference], actor: str) -> None:
    for difference in found:
        link.restores[difference.field] = link.restores.get(difference.field, 0) + 1
    # With nothing known to stand there, the next decision posts everything again.
    link.payload = {}
    link.save(update_fields=["restores", "payload"])
    ledger.make_due(Document.objects.filter(pk=link.document_id))
    _audit("drift.restored", link, found, actor)


def _adopt(link: Link, found: Sequence[FieldDifference], actor: str) -> None:
    link.adopted = {**link.adopted, **{d.field: d.theirs for d in found}}
    link.save(update_fields=["adopted"])
    _audit("drift.adopted", link, found, actor)


def _hold(link: Link, reason: Reason, words: str, found: Sequence[FieldDifference]) -> None:
    Document.objects.filter(pk=link.document_id, state=State.POSTED).update(
        state=State.HELD, state_at=timezone.now(), reason=reason, words=words
    )
    _audit("drift.found", link, found, "")


def _words(difference: FieldDifference) -> str:
    return f"{difference.field} is {difference.theirs}, we posted {difference.ours}"


def _audit(action: str, link: Link, found: Sequence[FieldDifference], actor: str) -> None:
    details: dict[str, Any] = {"differences": to_plain(list(found))}
    trail.write(
        [
            trail.document_event(
                action,
                link.document,
                actor=actor or trail.WORKER,
                target_kind=link.target_kind,
                target_id=link.target_id,
                target_number=link.target_number,
                details=details,
            )
        ]
    )
