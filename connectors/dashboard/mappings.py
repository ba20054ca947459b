"""Mappings of a workspace: what is which record at the other side, why, and another choice."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from audit.actors import shown_name
from audit.models import AuditEvent
from connectors import registry
from connectors.core.storable import storable_text
from connectors.dashboard.names import mapping_kind_name, provider_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import Integration, Mapping, MappingFailure, ReferenceItem
from connectors.pages.activity_words import actor, sentence
from connectors.pages.mapping_sides import name_both_sides
from connectors.services import mapping
from tenants.models import Role
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number

_PAGE = 50
_OFFERED = 30


@require_safe
@page()
def mappings(request: HttpRequest, here: Workspace) -> HttpResponse:
    """A tab for each kind of one integration; what is missing first, then what is linked."""
    integrations = list(Integration.objects.order_by("name").select_related("source", "target"))
    chosen = _chosen(request, integrations)
    if chosen is None:
        return show(request, here, "mappings.html", "mappings", integrations=[])
    kinds = registry.flow(chosen.flow).mapping_kinds
    kind = request.GET.get("kind", "")
    kind = kind if kind in kinds else next(iter(kinds))
    search = storable_text(request.GET.get("q", ""))[:120]
    number = max(row_number(request.GET.get("page", "1")), 1)
    found = _found(chosen, kind, search)
    first = (number - 1) * _PAGE
    rows: list[Any] = list(found.order_by("source_key", "pk")[first : first + _PAGE + 1])
    name_both_sides(rows)
    return show(
        request,
        here,
        "mappings.html",
        "mappings",
        integrations=integrations,
        chosen=chosen,
        tabs=_tabs(chosen, kind),
        kind=kind,
        kind_title=mapping_kind_name(chosen.flow, kind),
        source=provider_name(chosen.source.provider),
        there=provider_name(chosen.target.provider),
        query=search,
        missing=MappingFailure.objects.filter(
            integration=chosen, kind=kind, status=MappingFailure.Status.OPEN
        ).order_by("label")[:_PAGE],
        rows=rows[:_PAGE],
        number=number,
        next_number=number + 1 if len(rows) > _PAGE else 0,
    )


@require_safe
@page()
def mapping_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """One mapping: where it came from, what became of it, and another target for it."""
    row: Any = _find(pk)
    name_both_sides([row])
    search = storable_text(request.GET.get("search", ""))[:120]
    said = Q(name__icontains=search) | Q(number__icontains=search) | Q(key=search)
    targets = mapping.targets(row.integration, row.kind)
    found = targets.filter(said)[:_OFFERED] if search else ReferenceItem.objects.none()
    events = AuditEvent.objects.filter(
        integration_id=row.integration_id, source_kind=row.kind, source_id=row.source_key
    ).order_by("-id")[:_PAGE]
    return show(
        request,
        here,
        "mapping.html",
        "mappings",
        row=row,
        kind=mapping_kind_name(row.integration.flow, row.kind),
        source=provider_name(row.integration.source.provider),
        there=provider_name(row.integration.target.provider),
        made_by=shown_name(row.actor) if row.actor else "",
        search=search,
        found=found,
        offered=targets.count(),
        events=[(event, actor(event), sentence(event)) for event in events],
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def change_mapping(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Choose another target. What is posted keeps the one it was posted with."""
    with tenant_scope(here.tenant_id):
        row = _find(pk)
    target = storable_text(request.POST.get("target", ""))[:120]

    def act() -> str:
        mapping.set_mapping(
            row.integration,
            kind=row.kind,
            source_key=row.source_key,
            target_key=target,
            actor=here.actor,
        )
        return "Changed. It counts for what is posted from now on."

    return do(request, act, here.url("mapping", pk))


def _chosen(request: HttpRequest, integrations: list[Integration]) -> Integration | None:
    wanted = row_number(request.GET.get("integration", ""))
    first = integrations[0] if integrations else None
    return next((row for row in integrations if row.pk == wanted), first)


def _tabs(chosen: Integration, current: str) -> list[dict[str, Any]]:
    missing: dict[str, int] = {}
    failures = MappingFailure.objects.filter(
        integration=chosen, status=MappingFailure.Status.OPEN
    ).values_list("kind", flat=True)
    for kind in failures:
        missing[kind] = missing.get(kind, 0) + 1
    return [
        {
            "kind": kind,
            "title": mapping_kind_name(chosen.flow, kind),
            "missing": missing.get(kind, 0),
            "current": kind == current,
        }
        for kind in registry.flow(chosen.flow).mapping_kinds
    ]


def _found(chosen: Integration, kind: str, search: str) -> QuerySet[Mapping]:
    """Those of the kind; a search looks at the names of both sides."""
    rows = Mapping.objects.filter(integration=chosen, kind=kind).select_related("integration")
    if not search:
        return rows
    named = ReferenceItem.objects.filter(kind=kind).filter(
        Q(name__icontains=search) | Q(number__icontains=search) | Q(key=search)
    )
    ours = named.filter(connection=chosen.source_id).values("key")
    theirs = named.filter(connection=chosen.target_id).values("key")
    return rows.filter(Q(source_key__in=ours) | Q(target_key__in=theirs) | Q(source_key=search))


def _find(pk: int) -> Mapping:
    rows = Mapping.objects.select_related("integration__source", "integration__target")
    hidden = ("source__sealed_credentials", "target__sealed_credentials")
    row = rows.defer(*(f"integration__{name}" for name in hidden)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
