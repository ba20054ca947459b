"""Linking to existing records: people say that a document is what was typed in by hand before.

A document and a number or an id enter; the record is read live, both sides are shown, and the link
is made instead of posting. Exact matches can be linked all at once, after a preview.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from connectors.core.decisions import PartPlan
from connectors.core.errors import BadInputError, ConnectorError, ErrorKind, ProviderError
from connectors.core.flow import TARGET
from connectors.core.names import normalise_number
from connectors.core.states import Reason, State
from connectors.engine import existing, inbox, ledger, plans
from connectors.engine.existing import Pair
from connectors.engine.job import Job, Resolve, load_job
from connectors.engine.release import release_dependants
from connectors.engine.sessions import open_client
from connectors.models import Document, TargetRecord
from connectors.services.seen import refuse_if_moved
from tenants.scope import tenant_scope

# So many documents are compared for one page; linking goes through all.
MOST_COMPARED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An unlinked part of a document, with the cached records that it may be."""

    plan: PartPlan
    records: Sequence[TargetRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A document and an existing record that may be it."""

    document: Document
    plan: PartPlan
    record: TargetRecord


def offers(tenant_id: int, document_id: int, *, resolve: Resolve) -> list[Offer]:
    """What a document could be linked to, part by part; asks no provider."""
    job, document = _load(tenant_id, document_id, resolve)
    with job.scope():
        return [
            Offer(plan=plan, records=existing.candidates(job, plan))
            for plan in existing.open_parts(job, document)
        ]


def preview(tenant_id: int, document_id: int, *, part: str, target: str, resolve: Resolve) -> Pair:
    """Both sides, the record as it is there at this moment."""
    job, document = _load(tenant_id, document_id, resolve)
    with open_client(job, TARGET) as client:
        return _read(job, client, document, part, target)


def link(
    tenant_id: int,
    document_id: int,
    *,
    part: str,
    target: str,
    align: bool,
    resolve: Resolve,
    actor: str,
    compared: str = "",
    seen: str | None = None,
) -> Pair:
    """Link the document to the record; ``align`` then writes what differs, our mark included.

    ``compared`` is the digest of the two sides as they were shown to the person who confirms,
    ``seen`` what was seen of the document itself.
    """
    job, document = _load(tenant_id, document_id, resolve)
    refuse_if_moved(document, seen)
    with open_client(job, TARGET) as client:
        one = _read(job, client, document, part, target)
    if compared and compared != one.digest:
        raise BadInputError(
            "One of the two sides has changed since you compared them. Look at both again, then "
            "link them."
        )
    _link(job, document, one, actor=actor, evidence="chosen by a person", align=align)
    inbox.ring_slots(job)
    return one


def exact_matches(
    tenant_id: int, integration_id: int, *, resolve: Resolve
) -> tuple[list[Match], bool]:
    """Unposted documents that one existing record alone agrees with, and whether there may be more.

    The same vendor by mapping, the same folded number, the same total and currency; each record is
    read live, since a listed total may lack what was withheld of it.
    """
    job = load_job(tenant_id, integration_id, resolve)
    found: list[Match] = []
    with open_client(job, TARGET) as client:
        for count, candidates in enumerate(_alike(job)):
            if count == MOST_COMPARED:
                return found, True
            pairs = [(match, _compared(job, client, match)) for match in candidates]
            exact = [match for match, one in pairs if one is not None and one.exact]
            if len(exact) == 1:
                found += exact
    return found, False


def link_exact(
    tenant_id: int, integration_id: int, *, resolve: Resolve, actor: str
) -> tuple[int, list[str]]:
    """Link every exact match, each read live first; returns how many, and what was left and why."""
    job = load_job(tenant_id, integration_id, resolve)
    linked, left = 0, []
    with open_client(job, TARGET) as client:
        for candidates in _alike(job):
            document = candidates[0].document
            try:
                pairs = [one for match in candidates if (one := _compared(job, client, match))]
                exact = [one for one in pairs if one.exact]
                if len(exact) == 1:
                    _link(job, document, exact[0], actor=actor, evidence="exact match", align=False)
                    linked += 1
                elif not exact:
                    left += [f"{document}: it differs in {existing.named(p.rows)}." for p in pairs]
            except BadInputError as error:
                left.append(f"{document}: {error}")
            except ConnectorError as error:
                # What is linked stays linked; the rest is offered again.
                left.append(f"{document} and those after it: {error}")
                break
    inbox.ring_slots(job)
    return linked, left


def _compared(job: Job, client: Any, match: Match) -> Pair | None:
    """Both sides live; nothing where the record cannot be the document's."""
    try:
        return _read(job, client, match.document, match.plan.part, match.record.target_id)
    except BadInputError:
        return None


def _alike(job: Job) -> Iterator[list[Match]]:
    """Of each unposted document of one part the records that may agree, by what lists surely say.

    The total is not among it.
    """
    with job.scope():
        rows = Document.objects.filter(
            integration=job.integration,
            state=State.HELD,
            reason=Reason.DUPLICATE_SUSPECTED,
            links=None,
        )
        documents = list(rows.order_by("rank", "pk"))
    for document in documents:
        with job.scope():
            try:
                parts = existing.open_parts(job, document)
            except BadInputError:
                continue
            found = [
                Match(document=document, plan=plan, record=record)
                for plan in parts
                for record in existing.candidates(job, plan)
                if _same_identity(plan, record)
            ]
        if found and len(parts) == 1:
            yield found


def _same_identity(plan: PartPlan, record: TargetRecord) -> bool:
    return (
        normalise_number(plan.number) == record.twin_number
        and plan.vendor_key == record.vendor_key
        and record.currency in ("", plan.currency)
    )


def _load(tenant_id: int, document_id: int, resolve: Resolve) -> tuple[Job, Document]:
    with tenant_scope(tenant_id):
        document = Document.objects.filter(pk=document_id).first()
    if document is None:
        raise BadInputError("There is no such document.")
    return load_job(tenant_id, document.integration_id, resolve).view_of(document.stream), document


def _read(job: Job, client: Any, document: Document, part: str, target: str) -> Pair:
    there = job.resolved.target.title
    if not target.isprintable():
        raise BadInputError("Enter the number or id as one line of text.")
    with job.scope():
        parts = {plan.part: plan for plan in existing.open_parts(job, document)}
        if part not in parts:
            raise BadInputError("This part is linked already. Reload the page.")
        plan = parts[part]
        target_id = existing.found_by(job, plan, target.strip())
    try:
        ref = plans.part_ref(plan, target_id)
        state = job.flow.sink.read(client, ref) if target_id else None
    except ProviderError as error:
        if error.kind not in (ErrorKind.REJECTED, ErrorKind.NOT_FOUND):
            raise
        state = None
    if state is None:
        raise BadInputError(
            f"{there} has no record “{target}” in the connected organisation or company. Enter "
            "its number or id as it stands there."
        )
    with job.scope():
        one = existing.pair(job, plan, state)
        existing.refuse(job, document, one)
    return one


def _link(
    job: Job, document: Document, one: Pair, *, actor: str, evidence: str, align: bool
) -> None:
    with job.scope():
        now = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
        if (now.state, now.fence) != (document.state, document.fence):
            raise BadInputError("It was decided again meanwhile. Reload the page and look again.")
        existing.refuse(job, now, one)
        try:
            with transaction.atomic():
                existing.link(job, now, one, actor=actor, evidence=evidence, align=align)
        except IntegrityError as error:
            raise BadInputError(
                f"{one.state.number} was linked to another document a moment ago. Reload the page."
            ) from error
        now.waits.all().delete()
        if now.state == State.DISMISSED:
            Document.objects.filter(pk=now.pk).update(state=State.DUE)
        ledger.make_due(Document.objects.filter(pk=now.pk), by_a_person=True)
        release_dependants(now)
