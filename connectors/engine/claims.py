"""Claims on documents and leases of slots: who may work on what, and until when.

Each claim raises the document's fencing number; whoever acts later under an older number finds
nothing to change. All times are the database server's clock's, so that workers need not agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.states import State
from connectors.engine import rest
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.models import EPOCH, Document, Integration, WorkSlot

# A document that was seen in a list but not been read yet has nothing to be decided on.
READABLE = Q(record__isnull=False) | Q(gone=True) | ~Q(unread="")

# Somebody has them in hand.
MOVING = frozenset({State.DELIVERING, State.UNCONFIRMED})


def claim_due(job: Job, most: int) -> list[Document]:
    """Claim due documents in order of rank; call inside the scope."""
    rows = (
        Document.objects.select_for_update(skip_locked=True)
        .filter(READABLE, _mine(job), state=State.DUE, next_at__lte=Now())
        .order_by("rank", "next_at", "pk")[:most]
    )
    return _claim(rows, state=State.DELIVERING, state_at=clock.now(), again=False)


def claim_unconfirmed(job: Job, most: int) -> list[Document]:
    """Claim documents whose write is to be looked up now; they stay unconfirmed meanwhile."""
    rows = (
        Document.objects.select_for_update(skip_locked=True)
        .filter(
            _mine(job),
            state=State.UNCONFIRMED,
            next_at__lte=Now(),
            claimed_until__lte=Now(),
        )
        .order_by("next_at", "pk")[:most]
    )
    return _claim(rows)


def _mine(job: Job) -> Q:
    """The documents that this job posts: in most flows all, else those of its own side."""
    mine = Q(integration=job.integration)
    names = job.stream_names
    return mine if len(names) == len(job.flow.streams) else mine & Q(stream__in=names)


def _claim(rows: Any, **changes: Any) -> list[Document]:
    documents = list(rows)
    until = clock.now() + timedelta(seconds=policy().claim_seconds)
    Document.objects.filter(pk__in=[d.pk for d in documents]).update(
        fence=F("fence") + 1, claimed_until=until, **changes
    )
    for document in documents:
        document.fence += 1
        document.claimed_until = until
        for name, value in changes.items():
            setattr(document, name, value)
    return documents


def lock(documents: Iterable[Document]) -> None:
    """Lock several documents inside the scope, always in one order: nobody waits in a circle."""
    ids = [document.pk for document in documents]
    list(Document.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def lock_found(documents: Any) -> None:
    """Lock the documents of a queryset likewise, before they are changed in one statement."""
    rows = Document.objects.select_for_update().filter(pk__in=documents.values("pk"))
    list(rows.order_by("pk").values_list("pk"))


def still_ours(document: Document) -> bool:
    """Lock the document and say whether our claim on it still stands; inside the scope."""
    found = (
        Document.objects.select_for_update()
        .filter(pk=document.pk, fence=document.fence, claimed_until__gt=Now())
        .values_list("again", "fingerprint", "gone")
        .first()
    )
    return found is not None


def is_untouched(document: Document) -> bool:
    """Lock the document and say whether it is ours still, with no write of it open."""
    mine = Document.objects.select_for_update().filter(
        pk=document.pk, fence=document.fence, state=State.DELIVERING, open_attempt=None
    )
    return mine.exists()


def renew(documents: Iterable[Document]) -> None:
    """Keep claims alive that we still hold; those that were lost stay lost."""
    until = clock.now() + timedelta(seconds=policy().claim_seconds)
    by_fence: dict[int, list[int]] = {}
    wanted = list(documents)
    if len(wanted) > 1:
        lock(wanted)
    for document in wanted:
        by_fence.setdefault(document.fence, []).append(document.pk)
    for fence, ids in by_fence.items():
        Document.objects.filter(pk__in=ids, fence=fence, state=State.DELIVERING).update(
            claimed_until=until
        )


def hand_back(documents: Sequence[Document], *, at: datetime | None = None) -> None:
    """Return claimed documents to the queue untouched, to be taken again from ``at`` on."""
    next_at = rest.own_wait(at) or EPOCH
    for document in sorted(documents, key=lambda one: one.pk):
        Document.objects.filter(
            pk=document.pk, fence=document.fence, state=State.DELIVERING, open_attempt=None
        ).update(state=State.DUE, state_at=clock.now(), next_at=next_at, claimed_until=EPOCH)


@dataclass(slots=True)
class Slot:
    """A leased slot in hand."""

    pk: int
    integration_id: int
    fence: int


def lease_slot(slot_id: int) -> Slot | None:
    """Lease a free slot inside the scope; None when somebody has it, or nothing may be posted."""
    row = (
        WorkSlot.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(rest.may_post("integration__"), pk=slot_id, leased_until__lte=Now())
        .first()
    )
    if row is None:
        return None
    row.fence += 1
    row.leased_until = clock.now() + timedelta(seconds=policy().claim_seconds)
    row.save(update_fields=["fence", "leased_until"])
    return Slot(row.pk, row.integration_id, row.fence)


def extend_slot(slot: Slot) -> bool:
    """Keep the slot; False when it was lost, or nothing may be posted any more."""
    until = clock.now() + timedelta(seconds=policy().claim_seconds)
    mine = WorkSlot.objects.filter(rest.may_post("integration__"), pk=slot.pk, fence=slot.fence)
    return bool(mine.update(leased_until=until))


def may_post(job: Job) -> bool:
    """Whether the integration may post at this moment: somebody may just have paused it."""
    return Integration.objects.filter(rest.may_post(), pk=job.integration.pk).exists()


def free_slot(slot: Slot, *, at: datetime | None = None) -> None:
    """Give the slot back, to be taken again from ``at`` on."""
    WorkSlot.objects.filter(pk=slot.pk, fence=slot.fence).update(
        leased_until=rest.own_wait(at) or EPOCH
    )
