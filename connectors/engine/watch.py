"""Notices in the target's lists what somebody changed of what we posted, and has it looked at.

Heads of a list enter, before they are kept; documents leave with a flag. A list only raises the
suspicion: what has become of a record is read live.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from connectors.core.records import TargetState
from connectors.engine.claims import lock_found
from connectors.engine.job import Job
from connectors.models import Document, Link, TargetRecord


def flag_news(job: Job, kind: str, rows: Sequence[TargetState]) -> None:
    """Have documents looked at whose record changed otherwise than by our own last write.

    The target's times are in seconds: what differs at one and the same time is news as well.
    """
    by_id = {row.target_id: row for row in rows}
    heads = TargetRecord.objects.filter(connection=job.target, kind=kind, target_id__in=by_id)
    known = {head.target_id: head for head in heads}
    links = Link.objects.filter(connection=job.target, target_kind=kind, target_id__in=by_id)
    _flag(
        link.document_id
        for link in links
        if _is_news(job, link, by_id[link.target_id], known.get(link.target_id))
    )


def flag_unlisted(job: Job, kind: str, since: datetime) -> None:
    """Have documents looked at whose record a whole list did not show: it may be deleted."""
    heads = TargetRecord.objects.filter(connection=job.target, kind=kind, seen_at__lt=since)
    links = Link.objects.filter(
        connection=job.target, target_kind=kind, target_id__in=heads.values("target_id")
    )
    _flag(links.values_list("document", flat=True))


def _flag(documents: Iterable[int]) -> None:
    if ids := list(documents):
        rows = Document.objects.filter(pk__in=ids, wants_look=False)
        lock_found(rows)
        rows.update(wants_look=True)


def _is_news(job: Job, link: Link, row: TargetState, head: TargetRecord | None) -> bool:
    if head is not None and _kept(head) == _said(row):
        return False
    if head is not None and head.modified == row.modified:
        return True
    return not (_own(link, row) and job.flow.stands(link.target_kind, row))


def _own(link: Link, row: TargetState) -> bool:
    """Whether the head shows our own last write, by the target's clock."""
    same_total = link.total is None or row.total in (None, link.total)
    return bool(row.modified) and row.modified == link.seen and same_total


def _kept(head: TargetRecord) -> tuple[Any, ...]:
    return (head.modified, head.number, head.vendor_key, head.status, head.total)


def _said(row: TargetState) -> tuple[Any, ...]:
    return (row.modified, row.number[:120], row.vendor_key, row.status, row.total)
