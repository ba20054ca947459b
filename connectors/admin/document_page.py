"""Everything that is known of a document, put together for its page.

A document enters, in the platform scope; the page's context leaves. Nothing here decides anything.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.admin import tones
from connectors.admin.exit_buttons import Places, buttons
from connectors.admin.posted_words import posted_words
from connectors.core.flow import SOURCE, Flow, Stream
from connectors.core.money import ZERO, parse_decimal, plain
from connectors.core.states import Over, Reason, State
from connectors.models import Attempt, Dependency, Document, Link, Outcome, Wait
from connectors.services import seen
from tenants.staff import shown

_MOST = 200


def document_page(document: Document) -> dict[str, Any]:
    """The context of the page."""
    flow = registry.flow(document.integration.flow)
    stream = flow.stream(document.stream)
    rows, there = list(_links(document)), _there(document, stream)
    events = list(AuditEvent.objects.filter(document_id=document.pk).order_by("-id")[:_MOST])
    links = [_link(link, document, flow) for link in rows]
    waits = list(Wait.objects.filter(document=document).select_related("failure"))
    kept = stream.upkeep is not None
    places = Places(
        source=(_owner(document, stream), _source_url(document, flow)),
        target=(there, next((link["url"] for link in links if link["url"]), "")),
        waits=waits,
    )
    return {
        "document": document,
        "stream": stream.title,
        # Master data that is kept up has neither day nor total, and may go either way.
        "kept": kept,
        "buttons": buttons(document, kept=kept, places=places),
        "seen": seen.digest(document),
        "there": there,
        "posted": posted_words(document, rows, there) if rows else "",
        # What is on its way, or is about to be compared, changes by itself.
        "refresh": 3 if _is_moving(document) else None,
        "state": tones.state(document.state),
        "total": shown.money(document.total, document.currency),
        "record": shown.pretty_json(document.record),
        "links": links,
        "needs": _needs(document),
        "needed_by": _needed_by(document),
        "waits": waits,
        "attempts": _attempts(document),
        "events": events,
        "drift": _drift(document, events),
    }


def _links(document: Document) -> QuerySet[Link]:
    return document.links.select_related("connection").order_by("part")


def _drift(document: Document, events: Iterable[AuditEvent]) -> AuditEvent | None:
    """What was found changed at the target, while a person has to decide about it."""
    if (document.state, document.reason) != (State.HELD, Reason.DRIFTED):
        return None
    return next((event for event in events if event.action == "drift.found"), None)


def _source_url(document: Document, flow: Flow) -> str:
    """The record in the source's own web application, where the stream knows its path."""
    stream, integration = flow.stream(document.stream), document.integration
    owner = integration.source if stream.owner == SOURCE else integration.target
    root, path = str(owner.profile.get("web_root") or ""), stream.path
    return f"{root}{path.format(key=document.key)}" if root and path else ""


def _owner(document: Document, stream: Stream) -> str:
    """The side that the record is read from."""
    integration = document.integration
    return str(integration.source if stream.owner == SOURCE else integration.target)


def _there(document: Document, stream: Stream) -> str:
    """The provider that is written to."""
    integration = document.integration
    side = integration.target if stream.owner == SOURCE else integration.source
    return registry.provider(side.provider).title


def _is_moving(document: Document) -> bool:
    if not document.integration.enabled:
        return False
    looked_at = document.wants_look and document.state == State.POSTED
    return looked_at or document.state in (State.DUE, State.DELIVERING, State.UNCONFIRMED)


def _link(link: Link, document: Document, flow: Flow) -> dict[str, Any]:
    profile = {**link.connection.profile, "part": link.part}
    sink = flow.sink if flow.stream(document.stream).owner == SOURCE else flow.source_sink
    url = sink.web_url(link.target_kind, link.target_id, profile) if sink else ""
    return {
        "row": link,
        "kind": tones.plain(link.target_kind),
        "url": url,
        "target": shown.outside_link(url, link.target_number or link.target_id),
        "total": shown.money(link.total, link.currency),
        "matched": link.get_matched_display(),
        "lines": _lines(link, document),
        "payload": shown.pretty_json(link.payload),
        "mappings": shown.pretty_json(link.mappings),
    }


def _lines(link: Link, document: Document) -> list[tuple[str, str, str]]:
    """Our line, the target's, and how much of its quantity posted documents have taken."""
    rows = {str(row.get("key")): row for row in link.payload.get("lines", ())}
    taken = _taken(document)
    return [
        (
            ours,
            theirs,
            f"{plain(taken[ours])} of {rows.get(ours, {}).get('quantity', '?')} billed"
            if ours in taken
            else "",
        )
        for ours, theirs in sorted(link.lines.items())
    ]


def _taken(document: Document) -> dict[str, Decimal]:
    """Our line -> the quantity that documents which need this one take from it at the target."""
    needing = Dependency.objects.filter(
        integration=document.integration_id, stream=document.stream, key=document.key
    )
    links = Link.objects.filter(document__in=needing.values("document")).exclude(
        status__in=("void", "cancelled", *Over)
    )
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for link in links:
        for row in link.payload.get("lines", ()):
            if row.get("order") == document.key and "purchaseorder_item_id" in row:
                taken[str(row["order_line"])] += parse_decimal(row["quantity"])
    return dict(taken)


def _needs(document: Document) -> list[dict[str, Any]]:
    """The documents this one names, known or not."""
    wanted = list(Dependency.objects.filter(document=document).order_by("stream", "key"))
    known = {(d.stream, d.key): d for d in _named(document, wanted)}
    return [
        {
            "name": f"{tones.plain(need.stream)} {need.key}",
            "document": known.get((need.stream, need.key)),
            "state": _state_of(known.get((need.stream, need.key))),
        }
        for need in wanted
    ]


def _named(document: Document, wanted: Iterable[Dependency]) -> Iterable[Document]:
    keys = Q(pk__in=[])
    for need in wanted:
        keys |= Q(stream=need.stream, key=need.key)
    found: Iterable[Document] = Document.objects.filter(
        keys, integration=document.integration_id
    ).defer("record", "sightings")
    return found


def _needed_by(document: Document) -> list[tuple[Document, Any]]:
    rows = Dependency.objects.filter(
        integration=document.integration_id, stream=document.stream, key=document.key
    ).select_related("document")[:_MOST]
    return [(row.document, tones.state(row.document.state)) for row in rows]


def _state_of(document: Document | None) -> Any:
    return tones.state(document.state) if document else shown.badge("not read yet", "warn")


def _attempts(document: Document) -> list[dict[str, Any]]:
    """Every try in order, newest last, each with what became of it."""
    tries = Attempt.objects.filter(document=document).order_by("id").prefetch_related("outcomes")
    return [
        {
            "row": attempt,
            "step": shown.pretty_json(attempt.step),
            "plan": shown.pretty_json(attempt.plan),
            "run_url": _run_url(attempt.run_id),
            "outcomes": [_outcome(outcome) for outcome in attempt.outcomes.all()],
        }
        for attempt in tries[:_MOST]
    ]


def _outcome(outcome: Outcome) -> dict[str, Any]:
    tone = tones.OUTCOMES.get(outcome.result, "neutral")
    return {
        "row": outcome,
        "badge": shown.badge(outcome.get_result_display(), tone),
        "target": shown.pretty_json(outcome.target),
    }


def _run_url(run_id: int | None) -> str:
    return reverse("admin:connectors_run_change", args=[run_id]) if run_id else ""
