"""Linking one thing of the source that is linked to nothing, and undoing a last change."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from connectors.core.errors import BadInputError
from connectors.core.storable import storable_text
from connectors.dashboard.mapping_place import place_of, source_of
from connectors.dashboard.workspace import Workspace, back_to, do, page, show
from connectors.models import Integration, ReferenceItem
from connectors.pages.activity_words import actor, sentence
from connectors.services import mapping, mapping_history, mapping_list, mapping_usage
from connectors.services.mapping_list import Asked
from connectors.services.waiting_money import waiting_amounts
from tenants.models import Role
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number

_OFFERED = 30


@require_safe
@page()
def unlinked(request: HttpRequest, here: Workspace) -> HttpResponse:
    """One thing of the source: likely targets, a search of all others, and its history."""
    place, key = place_of(here, request.GET), source_of(request.GET)
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    line = mapping_list.line_of(place.integration, place.kind, key)
    if line is None:
        return HttpResponseRedirect(place.back(here))
    if line.mapping is not None and line.failure is None:
        return HttpResponseRedirect(here.url("mapping", line.mapping.pk))
    asked = Asked(integration=place.integration, kind=place.kind)
    mapping_list.suggest(asked, place.flow, [line], most=8)
    amounts = waiting_amounts([line.failure.pk]) if line.failure else {}
    return show(
        request,
        here,
        "mapping_link.html",
        "mappings",
        place=place,
        line=line,
        amounts=next(iter(amounts.values()), {}),
        **choice(request, place.integration, place.kind),
        **past(place.integration, place.kind, key),
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def link_mapping(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Link a thing of the source to the chosen target."""
    place, key = place_of(here, request.POST), source_of(request.POST)
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))
    target = storable_text(request.POST.get("target", ""))[:120]
    with tenant_scope(here.tenant_id):
        line = mapping_list.line_of(place.integration, place.kind, key)

    def act() -> str:
        if line is None:
            raise BadInputError(f"{place.source} has no such {place.noun} any more.")
        freed = mapping.set_mapping(
            place.integration,
            kind=place.kind,
            source_key=key,
            target_key=target,
            actor=here.actor,
        )
        return f"Linked. {freed} document{pluralize(freed)} will post now."

    return do(request, act, back_to(request, place.back(here)))


@require_POST
@page(Role.OPERATOR, acts=True)
def undo_mapping(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Take the last change of a mapping back, if it is still the last one."""
    place, key = place_of(here, request.POST), source_of(request.POST)
    if place is None:
        return HttpResponseRedirect(here.url("mappings"))

    def act() -> str:
        before = mapping_history.undo(
            place.integration,
            kind=place.kind,
            source_key=key,
            sequence=row_number(request.POST.get("event", "")),
            actor=here.actor,
        )
        if before:
            return "Undone. The former link counts for what is posted from now on."
        return f"Undone. The {place.noun} is not linked any more."

    # That page leads on to the mapping's, where there is one.
    return do(request, act, f"{here.url('unlinked')}?{place.query}&{urlencode({'source': key})}")


def choice(request: HttpRequest, integration: Integration, kind: str) -> dict[str, Any]:
    """What a search finds among the targets, and how many there are; inside the scope."""
    search = storable_text(request.GET.get("search", ""))[:120]
    said = Q(name__icontains=search) | Q(number__icontains=search) | Q(key=search)
    targets = mapping.targets(integration, kind)
    return {
        "search": search,
        "found": targets.filter(said)[:_OFFERED] if search else ReferenceItem.objects.none(),
        "offered": targets.count(),
    }


def past(integration: Integration, kind: str, key: str) -> dict[str, Any]:
    """The history and the usage of a mapping; inside the scope."""
    changes = mapping_history.history(integration, kind=kind, source_key=key)
    names = mapping_history.names(integration, kind, changes)
    return {
        "asked_for": {"integration": integration.pk, "kind": kind, "source": key},
        "usage": mapping_usage.of_key(integration, kind, key),
        "history": [
            {
                "row": change,
                "who": actor(change.event),
                "what": sentence(change.event),
                "before": names.get(change.before, change.before),
            }
            for change in changes
        ],
    }
