"""The page of one document: where it stands, both sides, what happened, and its ways out."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit.models import AuditEvent
from connectors import registry
from connectors.core.exits import Exit, exits
from connectors.core.flow import Flow
from connectors.core.states import Reason, State
from connectors.dashboard.names import kind_name
from connectors.dashboard.workspace import Workspace, page, show
from connectors.models import Attempt, Dependency, Document, Link, Wait
from connectors.pages import document_facts as facts
from connectors.pages.activity_words import actor, sentence
from connectors.pages.posted_lines import posted_lines
from connectors.pages.posted_words import posted_words
from connectors.services import seen, side_by_side
from tenants.staff import shown

_MOST = 200


@require_safe
@page()
def document_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    document = find(pk)
    flow = registry.flow(document.integration.flow)
    stream = flow.stream(document.stream)
    links, there = list(facts.links(document)), facts.there(document, stream)
    events = list(AuditEvent.objects.filter(document_id=pk).order_by("-id")[:_MOST])
    drift = facts.drift(document, events)
    sides = side_by_side.compare(document, links, flow, _differences(drift))
    shown_links = {link.pk: _link(link, document, flow) for link in links}
    headers = [
        (header, shown_links.pop(header.link.pk) if header.link else None)
        for header in (sides.headers if sides else ())
    ]
    return show(
        request,
        here,
        "document.html",
        "documents",
        document=document,
        title=f"{kind_name(document.stream)} {document.number or document.key}",
        kept=stream.upkeep is not None,
        owner=facts.owner(document, stream),
        there=there,
        source_url=facts.source_url(document, flow),
        ways=ways_out(document, kept=stream.upkeep is not None),
        seen=seen.digest(document),
        posted=posted_words(document, links, there) if links else "",
        waits=Wait.objects.filter(document=document).select_related("failure"),
        there_url=next(
            (url for link in links if (url := facts.link_url(link, document, flow))), ""
        ),
        drift=drift,
        sides=sides,
        headers=[pair for pair in headers if pair[0].rows],
        # Records without lines to compare, such as vendors that are kept alike.
        others=list(shown_links.values()),
        source_title=registry.provider(document.integration.source.provider).title,
        wants=_wants(document),
        needed_by=_needed_by(document),
        events=[(event, actor(event), sentence(event)) for event in events],
        attempts=_attempts(document),
        attempt_days=settings.ATTEMPT_DAYS,
        record=shown.pretty_json(document.record),
        refresh=facts.is_moving(document),
    )


def _differences(drift: AuditEvent | None) -> dict[str, side_by_side.Differences]:
    """What was found changed at the target, by the id of its record."""
    return {drift.target_id: drift.details.get("differences", ())} if drift else {}


def find(pk: int) -> Document:
    """The document of the open scope, or 404."""
    rows = Document.objects.select_related("tenant", "integration__source", "integration__target")
    hidden = ("source__sealed_credentials", "target__sealed_credentials")
    document = rows.defer(*(f"integration__{name}" for name in hidden)).filter(pk=pk).first()
    if document is None:
        raise Http404
    return document


def ways_out(document: Document, *, kept: bool) -> set[str]:
    """The names of what a person may do about it, for the template to draw."""
    reason = Reason(document.reason) if document.reason else None
    return {Exit(way).name for way in exits(State(document.state), reason, kept=kept)}


def _link(link: Link, document: Document, flow: Flow) -> dict[str, Any]:
    return {
        "row": link,
        "url": facts.link_url(link, document, flow),
        "kind": kind_name(link.target_kind),
        "lines": posted_lines(link.payload),
        "payload": shown.pretty_json(link.payload),
        "mappings": shown.pretty_json(link.mappings),
    }


def _wants(document: Document) -> list[tuple[str, Document | None]]:
    """The documents that it names, known or not."""
    wanted = list(Dependency.objects.filter(document=document).order_by("stream", "key"))
    known = {(row.stream, row.key): row for row in facts.named(document, wanted)}
    return [
        (f"{kind_name(need.stream)} {need.key}", known.get((need.stream, need.key)))
        for need in wanted
    ]


def _needed_by(document: Document) -> list[Document]:
    rows = Dependency.objects.filter(
        integration=document.integration_id, stream=document.stream, key=document.key
    ).select_related("document")
    return [row.document for row in rows[:_MOST]]


def _attempts(document: Document) -> list[dict[str, Any]]:
    """Every try, newest first, with what was sent and what became of it."""
    tries = Attempt.objects.filter(document=document).order_by("-id").prefetch_related("outcomes")
    return [
        {
            "row": attempt,
            "step": shown.pretty_json(attempt.step),
            "outcomes": list(attempt.outcomes.all()),
        }
        for attempt in tries[:_MOST]
    ]
