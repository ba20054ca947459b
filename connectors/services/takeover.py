"""An integration made anew on the same connections takes over what the old one has posted.

A paused integration and the one that replaces it enter; documents with their links and waits, and
mappings, leave the first for the second. Without it every record would be posted a second time, or
held because another document is linked to it.
"""

from django.db.models import Exists, OuterRef

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.engine import ledger
from connectors.models import (
    Dependency,
    Document,
    Integration,
    Link,
    Mapping,
    MappingFailure,
    Run,
    UnlinkedPair,
    Wait,
)

_UNDER_WAY = (State.DELIVERING, State.UNCONFIRMED)


def take_over(new: Integration, *, actor: str) -> int:
    """Take over from every other integration of the flow between the same connections.

    Runs inside the caller's scope; returns how many documents came. Raises while another one is
    enabled: two would post the same records.
    """
    return sum(_from(old, new, actor) for old in _others(new))


def _others(new: Integration) -> list[Integration]:
    rows = (
        Integration.objects.select_for_update(no_key=True)
        .filter(flow=new.flow, source=new.source_id, target=new.target_id)
        .exclude(pk=new.pk)
        .order_by("-pk")
    )
    others = list(rows)
    for other in others:
        if other.enabled:
            raise BadInputError(
                f"“{other.name}” moves the same records between these connections. Pause it first; "
                "then this integration takes its documents over."
            )
    return others


def _close_failures(old: Integration, actor: str) -> None:
    """What is missing is asked for by the new one, where it still is."""
    Wait.objects.filter(document__integration=old).delete()
    MappingFailure.objects.filter(integration=old, status=MappingFailure.Status.OPEN).update(
        status=MappingFailure.Status.RESOLVED, resolved_at=clock.now(), resolved_by=actor
    )


def _from(old: Integration, new: Integration, actor: str) -> int:
    documents = Document.objects.filter(integration=old)
    busy = documents.filter(state__in=_UNDER_WAY).count()
    if busy or Run.objects.filter(integration=old, status=Run.Status.RUNNING).exists():
        raise BadInputError(
            f"“{old.name}” is paused but not idle yet. Try again in a minute; what it has begun is "
            "finished first."
        )
    _map_as(old, new)
    same = Document.objects.filter(integration=new, stream=OuterRef("stream"), key=OuterRef("key"))
    doubles = list(documents.filter(Exists(same)).filter(links__isnull=False).distinct())
    ids = list(documents.exclude(Exists(same)).values_list("pk", flat=True))
    _close_failures(old, actor)
    Document.objects.filter(pk__in=ids).update(integration=new)
    Dependency.objects.filter(document__in=ids).update(integration=new)
    for document in doubles:
        _give_links(document, new)
    # Mappings and options are the new one's: what stood still is decided again.
    moved = Document.objects.filter(pk__in=ids, state__in=[State.WAITING, State.HELD])
    ledger.make_due(moved)
    if ids or doubles:
        record(
            Event(
                action="integration.took_over",
                actor=actor,
                integration_id=new.pk,
                target_kind="integration",
                target_id=str(new.pk),
                target_number=new.name,
                details={
                    "from": old.pk,
                    "name": old.name,
                    "documents": len(ids),
                    "links": len(doubles),
                },
            )
        )
    return len(ids)


def _map_as(old: Integration, new: Integration) -> None:
    """Copy the old integration's mappings, except where the new one has its own.

    What people took apart stays apart.
    """
    UnlinkedPair.objects.bulk_create(
        (
            UnlinkedPair(
                integration=new,
                kind=row.kind,
                source_key=row.source_key,
                target_key=row.target_key,
            )
            for row in UnlinkedPair.objects.filter(integration=old)
        ),
        ignore_conflicts=True,
    )
    Mapping.objects.bulk_create(
        (
            Mapping(
                integration=new,
                kind=row.kind,
                source_key=row.source_key,
                target_key=row.target_key,
                origin=row.origin,
                evidence=row.evidence,
                actor=row.actor,
            )
            for row in Mapping.objects.filter(integration=old)
        ),
        ignore_conflicts=True,
    )


def _give_links(document: Document, new: Integration) -> None:
    """Both integrations have the record: the links go to the new one's document."""
    heir = Document.objects.get(integration=new, stream=document.stream, key=document.key)
    has = heir.links.values_list("part", flat=True)
    Link.objects.filter(document=document).exclude(part__in=list(has)).update(document=heir)
    ledger.make_due(Document.objects.filter(pk=heir.pk))
