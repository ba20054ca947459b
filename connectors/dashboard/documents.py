"""The ledger of a workspace as a list: by state and filter, page by page, and as a table file."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from connectors.core.states import State
from connectors.core.storable import storable_text
from connectors.core.table_files import written
from connectors.dashboard.names import REASONS, STATES, kind_name
from connectors.dashboard.workspace import Workspace, page, show
from connectors.models import Integration
from connectors.services import document_list
from connectors.services.document_list import Asked
from tenants.staff.model_admin import row_number


@require_safe
@page()
def documents(request: HttpRequest, here: Workspace) -> HttpResponse:
    asked = asked_for(request)
    counts = document_list.counts(asked)
    found = document_list.page(asked, request.GET.get("after", ""))
    needs = counts.get(State.WAITING, 0) + counts.get(State.HELD, 0)
    return show(
        request,
        here,
        "documents.html",
        "documents",
        asked=asked,
        search=asked.search,
        page=found,
        tabs=_tabs(asked, counts, needs),
        number=sum(counts.values()),
        needs_number=needs,
        totals=document_list.totals(asked),
        query=query(asked),
        is_first=not request.GET.get("after"),
        integrations=Integration.objects.only("name").order_by("name"),
        kinds=[(stream, kind_name(stream)) for stream in document_list.streams()],
        reasons=sorted(REASONS.items(), key=lambda pair: pair[1]),
    )


@require_safe
@page()
def export(request: HttpRequest, here: Workspace) -> HttpResponse:
    """A table file of exactly what is filtered."""
    # Read before it is sent: a client that reads slowly must not keep a transaction open.
    text = written(document_list.exported(asked_for(request)))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="documents-{here.slug}.csv"'
    return answer


def asked_for(request: HttpRequest) -> Asked:
    """What the address asks for; what cannot be meant is left out."""
    given = {name: storable_text(str(value)) for name, value in request.GET.items()}
    state, reason = given.get("state", ""), given.get("reason", "")
    return Asked(
        search=given.get("q", "")[:120],
        state=state if state in {*STATES, "needs"} else "",
        reason=reason if reason in REASONS else "",
        stream=given.get("kind", "")[:40],
        integration_id=row_number(given.get("integration", "")),
    )


def query(asked: Asked) -> str:
    """The same filters as the query of an address."""
    named = {
        "q": asked.search,
        "state": asked.state,
        "reason": asked.reason,
        "kind": asked.stream,
        "integration": asked.integration_id or "",
    }
    return urlencode({name: value for name, value in named.items() if value})


def _tabs(asked: Asked, counts: dict[str, int], needs: int) -> list[dict[str, Any]]:
    rest = query(asked.without_state())
    lead = f"{rest}&" if rest else ""
    tabs = [
        {"title": "All", "number": sum(counts.values()), "query": rest, "current": not asked.state},
        {
            "title": "Needs somebody",
            "number": needs,
            "query": f"{lead}state=needs",
            "current": asked.state == "needs",
            "needs": bool(needs),
        },
    ]
    return tabs + [
        {
            "title": title,
            "number": counts.get(state, 0),
            "query": f"{lead}state={state}",
            "current": asked.state == state,
        }
        for state, title in STATES.items()
        if counts.get(state) or asked.state == state
    ]
