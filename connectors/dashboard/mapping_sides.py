"""Both systems' lists of one kind side by side: what matches, was renamed, or stands alone."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from connectors.core.alignment import Aligned, Standing
from connectors.core.references import plural
from connectors.core.storable import storable_text
from connectors.dashboard.mapping_place import Place, place_of, source_of
from connectors.dashboard.names import mapping_kind_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import Mapping
from connectors.pages.aligned import says, wanted
from connectors.services import alignment, mapping
from tenants.models import Role

_PER_PAGE = 50
_LOOKS = {
    Standing.BROKEN: "held",
    Standing.INACTIVE: "waiting",
    Standing.RENAMED: "changed",
    Standing.ONLY_SOURCE: "due",
    Standing.ONLY_TARGET: "dismissed",
    Standing.MATCHED: "posted",
}


@require_safe
@page()
def side_by_side(request: HttpRequest, here: Workspace) -> HttpResponse:
    """The rows of one kind, what needs a person first; chosen by standing and text."""
    place = place_of(here, request.GET.dict())
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    integration, flow = place.integration, place.flow
    counts = alignment.summary(integration, flow)
    standing = request.GET.get("standing", "")
    standing = standing if standing in set(Standing) else ""
    search = storable_text(request.GET.get("q", "")).strip()[:120]
    rows = [r for r in alignment.rows(integration, place.kind) if wanted(r, standing, search)]
    found = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    return show(
        request,
        here,
        "mapping_sides.html",
        "mappings",
        place=place,
        several=plural(place.kind),
        keeping=alignment.keeping(integration, flow, place.kind),
        tabs=[
            {
                "title": mapping_kind_name(integration.flow, kind),
                "query": urlencode({"integration": integration.pk, "kind": kind}),
                "number": sum(numbers.values()),
                "current": kind == place.kind,
            }
            for kind, numbers in counts.items()
        ],
        standings=[
            {
                "value": one.value,
                "title": says(one, integration),
                "number": number,
                "current": one == standing,
                "look": _LOOKS[one],
            }
            for one in Standing
            if (number := counts[place.kind].get(one))
        ],
        standing=standing,
        search=search,
        page=found,
        rows=_lines(list(found.object_list), place),
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def confirm(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Say of two that look the same that they are."""
    place = place_of(here, request.POST.dict())
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))

    def act() -> str:
        mapping.confirm(
            place.integration,
            kind=place.kind,
            source_key=source_of(request.POST.dict()),
            actor=here.actor,
        )
        return "Confirmed. It is kept up from the next run on, where the options say so."

    return do(request, act, f"{here.url('side-by-side')}?{place.query}")


def _lines(rows: list[Aligned], place: Place) -> list[dict[str, Any]]:
    """Rows with their mapping, and the document by which the owner's word is kept, if any."""
    integration = place.integration
    documents = alignment.documents(integration, place.flow, place.kind, rows)
    unconfirmed = alignment.unconfirmed(integration, place.flow, place.kind)
    linked = Mapping.objects.filter(
        integration=integration, kind=place.kind, source_key__in=[row.source_key for row in rows]
    )
    by_key = {row.source_key: row for row in linked}
    return [
        {
            "row": row,
            "title": says(row.standing, integration),
            "look": _LOOKS[row.standing],
            "document": document,
            "mapping": by_key.get(row.source_key) if row.target_key else None,
            "unconfirmed": row.source_key in unconfirmed,
        }
        for row, document in zip(rows, documents, strict=True)
    ]
