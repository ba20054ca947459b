"""Mappings of a workspace as a list: by kind, what is missing first, and as a table file."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from connectors import registry
from connectors.core.errors import BadInputError
from connectors.core.references import plural
from connectors.core.storable import storable_text
from connectors.core.table_files import written
from connectors.dashboard.mapping_place import Place, integrations
from connectors.dashboard.names import mapping_kind_name
from connectors.dashboard.workspace import Workspace, page, show
from connectors.models import Integration
from connectors.services import mapping_list
from connectors.services.mapping_list import Asked
from tenants.staff.model_admin import row_number

_SEGMENTS = {
    mapping_list.WAITING: "Documents wait",
    mapping_list.OPEN: "Not linked",
    mapping_list.LINKED: "Linked",
}
# From this score on a suggestion may be linked in the list; others are looked at first.
_SURE = 90


@require_safe
@page()
def mappings(request: HttpRequest, here: Workspace) -> HttpResponse:
    """A tab for each kind of one integration; what is missing first, then what is linked."""
    rows = integrations()
    place = _place(request, rows)
    if place is None:
        return show(request, here, "mappings.html", "mappings", integrations=[])
    asked = _asked(request, place)
    found = mapping_list.page(asked, _after(request))
    mapping_list.suggest(asked, place.flow, found.lines)
    counts = mapping_list.counts(asked)
    return show(
        request,
        here,
        "mappings.html",
        "mappings",
        integrations=rows,
        place=place,
        tabs=_tabs(place),
        sure=_SURE,
        several=plural(place.noun),
        asked=asked,
        search=asked.search,
        counts=counts,
        filters=_filters(asked, counts),
        query=_query(asked),
        page=found,
        this_page=_query(asked, after=_after(request)),
        is_first=not request.GET.get("after"),
    )


@require_safe
@page()
def mapping_uses(request: HttpRequest, here: Workspace) -> HttpResponse:
    """How many posted documents use the mappings of a page, for its cells: it comes after them."""
    place = _place(request, integrations())
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    asked = _asked(request, place)
    lines = mapping_list.page(asked, _after(request)).lines
    mapping_list.count_uses(asked, lines)
    return show(request, here, "mapping_uses.html", "mappings", lines=lines)


@require_safe
@page()
def export_mappings(request: HttpRequest, here: Workspace) -> HttpResponse:
    """A table file of exactly what is filtered, which can be imported again."""
    place = _place(request, integrations())
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    asked = _asked(request, place)
    try:
        text = written(mapping_list.exported(asked, here.zone))
    except BadInputError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(f"{here.url('mappings')}?{_query(asked)}")
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"mappings-{here.slug}-{place.kind}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _place(request: HttpRequest, rows: list[Integration]) -> Place | None:
    """What the address names, or else the first of each."""
    if not rows:
        return None
    wanted = row_number(request.GET.get("integration", ""))
    chosen = next((row for row in rows if row.pk == wanted), rows[0])
    kinds = registry.flow(chosen.flow).mapping_kinds
    kind = request.GET.get("kind", "")
    return Place(chosen, kind if kind in kinds else next(iter(kinds)))


def _after(request: HttpRequest) -> str:
    return storable_text(request.GET.get("after", ""))[:400]


def _asked(request: HttpRequest, place: Place) -> Asked:
    shown = request.GET.get("show", "")
    return Asked(
        integration=place.integration,
        kind=place.kind,
        search=storable_text(request.GET.get("q", ""))[:120],
        shown=shown if shown in mapping_list.SHOWN else "",
    )


def _query(asked: Asked, **changed: str) -> str:
    named = {
        "integration": str(asked.integration.pk),
        "kind": asked.kind,
        "q": asked.search,
        "show": asked.shown,
        **changed,
    }
    return urlencode({name: value for name, value in named.items() if value})


def _tabs(place: Place) -> list[dict[str, Any]]:
    missing = mapping_list.missing(place.integration)
    return [
        {
            "query": Place(place.integration, kind).query,
            "title": mapping_kind_name(place.integration.flow, kind),
            "missing": missing.get(kind, 0),
            "current": kind == place.kind,
        }
        for kind in place.flow.mapping_kinds
    ]


def _filters(asked: Asked, counts: dict[str, int]) -> list[dict[str, Any]]:
    rows = [("", "All", sum(counts.values()))]
    rows += [(segment, title, counts[segment]) for segment, title in _SEGMENTS.items()]
    return [
        {
            "value": segment,
            "title": title,
            "number": number,
            "current": segment == asked.shown,
        }
        for segment, title, number in rows
    ]
