"""The audit trail of a workspace, for people: who did what, the chain's proof, and an export."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_POST, require_safe

from audit import chain
from audit.models import AuditEvent
from audit.services import export_tenant, verify_tenant
from connectors.core.storable import storable_text
from connectors.dashboard.workspace import Workspace, page, show
from connectors.pages.activity_words import actor, by_a_person, sentence
from tenants.models import Role
from tenants.staff.model_admin import row_number

_PAGE = 50


@require_safe
@page()
def activity(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Newest first; by people only, or by a text that stands in an event's names."""
    people = request.GET.get("who", "") == "people"
    search = storable_text(request.GET.get("q", ""))[:120]
    before = row_number(request.GET.get("before", ""))
    rows = AuditEvent.objects.order_by("-sequence")
    if people:
        rows = rows.filter(actor__startswith="user:")
    if search:
        rows = rows.filter(_named(search))
    if before:
        rows = rows.filter(sequence__lt=before)
    found = list(rows[: _PAGE + 1])
    return show(
        request,
        here,
        "activity.html",
        "activity",
        events=[_shown(event) for event in found[:_PAGE]],
        people=people,
        query=search,
        before=found[_PAGE - 1].sequence if len(found) > _PAGE else 0,
        is_first=not before,
    )


@require_POST
@page(acts=True)
def verify(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Recompute the chain, and show its head, which people note down elsewhere."""
    try:
        head = verify_tenant(here.tenant_id)
    except chain.ChainBrokenError as error:
        messages.error(request, f"The chain is broken: {error}. Tell whoever runs the service.")
    else:
        said = f"The chain is whole: {head.sequence:,} events, head {head.sequence}:{head.hash}."
        messages.success(request, said)
    return HttpResponseRedirect(here.url("activity"))


@require_safe
@page(Role.ADMIN, acts=True)
def export(request: HttpRequest, here: Workspace) -> HttpResponseBase:
    """All events as lines of JSON, as the hashes cover them; `verify_export` checks such a file."""
    lines = (chain.canonical(content) + b"\n" for content in export_tenant(here.tenant_id))
    answer = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="activity-{here.slug}.jsonl"'
    return answer


def _shown(event: AuditEvent) -> dict[str, Any]:
    return {
        "row": event,
        "who": actor(event),
        "person": by_a_person(event),
        "what": sentence(event),
    }


def _named(search: str) -> Q:
    return (
        Q(source_number__icontains=search)
        | Q(target_number__icontains=search)
        | Q(source_id=search)
        | Q(target_id=search)
        | Q(actor__icontains=search)
    )
