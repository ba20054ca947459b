"""Writes what an attempt's answer says into the link between a document's part and its target.

An attempt and the target's state enter; a link row and the words of its audit event leave.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.core import clock
from connectors.core.decisions import Agreed, Facts, LinkState, Noted
from connectors.core.fingerprints import to_plain
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import Over
from connectors.engine import ledger, trail
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
    """What the part is linked to now, locked."""
    links = Link.objects.select_for_update()
    return links.filter(document=sent.document, part=sent.attempt.part).first()


def put(
    job: Job, sent: Sent, state: TargetState, before: Link | None, *, as_meant: bool = True
) -> Link:
    """Link the part to this target, or note in the link ``before`` what the target says of it now.

    Of one that says something else than the attempt nothing counts as posted, so that the next
    decision brings all of it up to date.
    """
    attempt, now = sent.attempt, clock.now()
    plan = attempt.plan
    content = _content(attempt, state, as_meant=as_meant)
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
        **matched(state, Link.Matched.TOTAL if state.total is not None else ""),
    }
    if before is None:
        return Link.objects.create(
            document=sent.document, part=attempt.part, posted_at=now, **fields
        )
    if content:
        _note_what_changed(sent, before, content)
        # Whoever was held because of the number that it had may have it now.
        ledger.free_twins(sent.document, [normalise_number(before.target_number)])
    for name, value in fields.items():
        setattr(before, name, value)
    before.save(update_fields=fields)
    return before


def _content(attempt: Attempt, state: TargetState, *, as_meant: bool) -> dict[str, Any]:
    """What counts as posted now. A status step says nothing of it: what was posted stays."""
    if not (attempt.step["body"] or attempt.step["creates"]):
        return {}
    plan = attempt.plan
    return {
        "payload": plan["payload"] if as_meant else {},
        "mappings": plan["payload"].get("mappings", []) if as_meant else [],
        # An attempt from before options were kept says nothing of them.
        **({"options": plan["options"]} if "options" in plan else {}),
        "renewed": [],
        "lines": dict(state.lines),
        "version": attempt.version,
    }


def matched(state: TargetState, how: str) -> dict[str, Any]:
    """What a link keeps of a comparison with the target's own words, and of when they changed."""
    found: dict[str, Any] = {"seen": state.modified[:40]} if state.modified else {}
    return found | ({"matched_at": clock.now(), "matched": how} if how else {})


def note_status(sent: Sent, status: str) -> bool:
    """Keep the status in which the record was found; returns whether that is news."""
    rows = Link.objects.filter(document=sent.document, part=sent.attempt.part)
    return bool(status) and rows.exclude(status=status).update(status=status) > 0


def _note_what_changed(sent: Sent, before: Link, content: dict[str, Any]) -> None:
    """Have the trail say which mappings and options took the place of those posted before."""
    old = {(row["kind"], row["source_key"]): row["target_key"] for row in before.mappings}
    mappings = [
        {**row, "before": old[row["kind"], row["source_key"]]}
        for row in content["mappings"]
        if old.get((row["kind"], row["source_key"]), row["target_key"]) != row["target_key"]
    ]
    options = {
        name: [before.options[name], value]
        for name, value in content.get("options", {}).items()
        if name in before.options and before.options[name] != value
    }
    if mappings or options:
        trail.write(
            [
                trail.document_event(
                    "target.policy_renewed",
                    sent.document,
                    target_kind=before.target_kind,
                    target_id=before.target_id,
                    target_number=before.target_number,
                    details={"mappings": mappings, "options": options},
                )
            ]
        )


def agree(job: Job, document: Document, parts: Sequence[Agreed]) -> None:
    """Link what says already what we mean; what another document has stays that one's."""
    now = clock.now()
    before = {link.part for link in Link.objects.filter(document=document)}
    options = job.flow.kept_options(job.context.options)
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
                options=options,
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
        link.confirmed_at = clock.now()
        link.save(update_fields=["status", "payload", "confirmed_at"])
        trail.write(
            [
                trail.document_event(
                    "target.found_ended" if part.ended else "target.found_approved",
                    document,
                    target_kind=link.target_kind,
                    target_id=link.target_id,
                    target_number=link.target_number,
                    details={"reference": link.reference, "status": part.status},
                )
            ]
        )


def forget_wishes(document: Document, facts: Facts) -> None:
    """What a person chose for posted lines is over once its mapping leads elsewhere."""
    for part, state in facts.links.items():
        left = {
            key: target
            for key, target in state.renewed.items()
            if key in facts.mappings and facts.mappings[key].key == target
        }
        if len(left) < len(state.renewed):
            rows = [{**asdict(key), "target_key": target} for key, target in left.items()]
            Link.objects.filter(document=document, part=part).update(renewed=rows)


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
            **({"remark": state.remark} if state.remark else {}),
            **({"found": True} if result == Outcome.Result.FOUND else {}),
        },
    )


def as_gone(link: LinkState) -> TargetState:
    """The record of a link that the target does not have any more."""
    return replace(as_linked(link), status=Over.DELETED, total=None)


def as_linked(link: LinkState) -> TargetState:
    """The record of a link, as far as it is known without asking the target."""
    return TargetState(
        target_id=link.target_id,
        number=link.target_number,
        status=link.status,
        total=link.total,
        currency=str(link.payload.get("currency_code") or link.payload.get("currency") or ""),
        reference=link.reference,
        vendor_key=str(link.payload.get("vendor_id", "")),
        content={"project_id": link.part},
        lines=link.lines,
    )
