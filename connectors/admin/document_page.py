"""Everything that is known of a document, put together for its page.

A document enters, in the platform scope; the page's context leaves. Nothing here decides anything.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.admin import tones
from connectors.admin.exit_buttons import Places, buttons
from connectors.core.flow import Flow
from connectors.core.money import plain
from connectors.models import Attempt, Dependency, Document, Link, Outcome, Wait
from connectors.pages import document_facts as facts
from connectors.pages.posted_words import posted_words
from connectors.services import seen
from tenants.staff import shown

_MOST = 200


def document_page(document: Document) -> dict[str, Any]:
    """The context of the page."""
    flow = registry.flow(document.integration.flow)
    stream = flow.stream(document.stream)
    rows, there = list(facts.links(document)), facts.there(document, stream)
    events = list(AuditEvent.objects.filter(document_id=document.pk).order_by("-id")[:_MOST])
    links = [_link(link, document, flow) for link in rows]
    waits = list(Wait.objects.filter(document=document).select_related("failure"))
    kept = stream.upkeep is not None
    places = Places(
        source=(facts.owner(document, stream), facts.source_url(document, flow)),
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
        "refresh": 3 if facts.is_moving(document) else None,
        "state": tones.state(document.state),
        "total": shown.money(document.total, document.currency),
        "record": shown.pretty_json(document.record),
        "links": links,
        "needs": _needs(document),
        "needed_by": _needed_by(document),
        "waits": waits,
        "attempts": _attempts(document),
        "attempt_days": settings.ATTEMPT_DAYS,
        "events": events,
        "drift": facts.drift(document, events),
    }


def _link(link: Link, document: Document, flow: Flow) -> dict[str, Any]:
    url = facts.link_url(link, document, flow)
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
    taken = facts.taken(document)
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


def _needs(document: Document) -> list[dict[str, Any]]:
    """The documents this one names, known or not."""
    wanted = list(Dependency.objects.filter(document=document).order_by("stream", "key"))
    known = {(d.stream, d.key): d for d in facts.named(document, wanted)}
    return [
        {
            "name": f"{tones.plain(need.stream)} {need.key}",
            "document": known.get((need.stream, need.key)),
            "state": _state_of(known.get((need.stream, need.key))),
        }
        for need in wanted
    ]


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
