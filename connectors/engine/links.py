"""Writes what an attempt's answer says into the link between a document's part and its target.

An attempt and the target's state enter; a link row and the words of its audit event leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connectors.core.decisions import Agreed, Noted
from connectors.core.fingerprints import to_plain
from connectors.core.records import TargetState
from connectors.engine import trail
from connectors.engine.job import Job
from connectors.models import Attempt, Document, Link, Outcome

# As long as its column: a vendor's number is its name, which may be longer.
_NUMBER = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An attempt together with the claim under which it was made."""

    document: Document
    attempt: Attempt


def of(sent: Sent) -> Link | None:
    """What the part is linked to now."""
    return Link.objects.filter(document=sent.document, part=sent.attempt.part).first()


def put(job: Job, sent: Sent, state: TargetState) -> Link:
    """Link the part to this target, or note what the target says of it now."""
    attempt, now = sent.attempt, timezone.now()
    plan = attempt.plan
    # A status step says nothing about content: what was posted before stays on record.
    content = {}
    if attempt.step["body"] or attempt.step["creates"]:
        content = {
            "payload": plan["payload"],
            "mappings": plan["payload"].get("mappings", []),
            "lines": dict(state.lines),
            "version": attempt.version,
        }
    fields = {
        "connection": job.target,
        "target_kind": plan["target_kind"],
        "target_id": state.target_id,
        "target_number": state.number[:_NUMBER],
        "reference": plan["reference"],
        "status": state.status,
        "confirmed_at": now,
        **content,
        # A status step reports no total: the one that the target last gave stays on record.
        **({} if state.total is None else {"total": state.total, "currency": state.currency}),
    }
    link, _ = Link.objects.update_or_create(
        document=sent.document,
        part=attempt.part,
        defaults=fields,
        create_defaults={**fields, "posted_at": now},
    )
    return link


def agree(job: Job, document: Document, parts: Sequence[Agreed]) -> None:
    """Link what says already what we mean; what another document has stays that one's."""
    now = timezone.now()
    before = {link.part for link in Link.objects.filter(document=document)}
    Link.objects.bulk_create(
        (
            Link(
                document=document,
                connection=job.target,
                part=part.part,
                target_kind=part.target_kind,
                target_id=part.target_id,
                target_number=part.number[:_NUMBER],
                reference=part.reference,
                payload=to_plain(part.payload),
                version=document.version,
                posted_at=now,
                confirmed_at=now,
            )
            for part in parts
            if part.part not in before
        ),
        ignore_conflicts=True,
    )
    trail.write(
        trail.document_event(
            "target.agreed",
            link.document,
            target_kind=link.target_kind,
            target_id=link.target_id,
            target_number=link.target_number,
            details={"reference": link.reference},
        )
        for link in Link.objects.filter(document=document).exclude(part__in=before)
    )


def note(document: Document, parts: Sequence[Noted]) -> None:
    """Write down how these parts were found to stand; what was changed there is no drift then."""
    for part in parts:
        link = Link.objects.get(document=document, part=part.part)
        link.status, link.payload = part.status, to_plain(part.payload)
        link.confirmed_at = timezone.now()
        link.save(update_fields=["status", "payload", "confirmed_at"])
        trail.write(
            [
                trail.document_event(
                    "target.found_ended",
                    document,
                    target_kind=link.target_kind,
                    target_id=link.target_id,
                    target_number=link.target_number,
                    details={"reference": link.reference, "status": part.status},
                )
            ]
        )


def posted_event(sent: Sent, link: Link | None, state: TargetState, result: Any) -> trail.Event:
    """That the target has this now, with everything an auditor asks for.

    A step that only prepared something has no link, and may come before there is any.
    """
    plan = sent.attempt.plan
    return trail.document_event(
        f"target.{sent.attempt.action}",
        sent.document,
        run_id=sent.attempt.run_id,
        target_kind=plan["target_kind"],
        target_id=link.target_id if link else plan["target_id"],
        target_number=link.target_number if link else plan["number"],
        details={
            "reference": plan["reference"],
            "total": None if state.total is None else str(state.total),
            "currency": state.currency,
            "status": state.status,
            "version": sent.attempt.version,
            "attempt": sent.attempt.pk,
            **({"found": True} if result == Outcome.Result.FOUND else {}),
        },
    )
