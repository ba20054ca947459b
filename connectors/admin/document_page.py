"""Everything that is known of a document, put together for its page.

A document enters, in the platform scope; the page's context leaves. Nothing here decides anything.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.admin import tones
from connectors.core.flow import SOURCE, Flow, Stream
from connectors.core.states import Reason, State
from connectors.models import Attempt, Dependency, Document, Link, Outcome, Wait
from tenants.staff import shown

_MOST = 200


def document_page(document: Document) -> dict[str, Any]:
    """The context of the page."""
    flow = registry.flow(document.integration.flow)
    stream = flow.stream(document.stream)
    events = list(AuditEvent.objects.filter(document_id=document.pk).order_by("-id")[:_MOST])
    return {
        "document": document,
        "stream": stream.title,
        # Master data that is kept up has neither day nor total, and may go either way.
        "kept": stream.upkeep is not None,
        "there": _there(document, stream),
        "state": tones.state(document.state),
        "total": shown.money(document.total, document.currency),
        "record": shown.pretty_json(document.record),
        "source_url": _source_url(document, flow),
        "links": [_link(link, document, flow) for link in _links(document)],
        "needs": _needs(document),
        "needed_by": _needed_by(document),
        "waits": list(Wait.objects.filter(document=document).select_related("failure")),
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


def _there(document: Document, stream: Stream) -> str:
    """The side that is written to."""
    integration = document.integration
    return str(integration.target if stream.owner == SOURCE else integration.source)


def _link(link: Link, document: Document, flow: Flow) -> dict[str, Any]:
    profile = {**link.connection.profile, "part": link.part}
    sink = flow.sink if flow.stream(document.stream).owner == SOURCE else flow.source_sink
    url = sink.web_url(link.target_kind, link.target_id, profile) if sink else ""
    return {
        "row": link,
        "kind": tones.plain(link.target_kind),
        "target": shown.outside_link(url, link.target_number or link.target_id),
        "total": shown.money(link.total, link.currency),
        "lines": sorted(link.lines.items()),
        "payload": shown.pretty_json(link.payload),
        "mappings": shown.pretty_json(link.mappings),
    }


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
