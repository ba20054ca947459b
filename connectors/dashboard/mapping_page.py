"""One mapping: how it came about, who uses it, another target, unlinking it, and having posted
documents follow it.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.actors import shown_name
from connectors import registry
from connectors.core.storable import storable_text
from connectors.dashboard.mapping_link import choice, past
from connectors.dashboard.mapping_place import Place
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.engine.job import load_job
from connectors.models import Mapping
from connectors.pages import posted_policy as policy_words
from connectors.pages.mapping_sides import name_both_sides
from connectors.services import mapping, posted_policy
from tenants.models import Role
from tenants.scope import tenant_scope


@require_safe
@page()
def mapping_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Where it came from, what became of it, and another target for it."""
    row = _find(pk)
    return show(
        request,
        here,
        "mapping.html",
        "mappings",
        row=row,
        place=Place(row.integration, row.kind),
        made_by=shown_name(row.actor) if row.actor else "",
        **choice(request, row.integration, row.kind),
        **past(row.integration, row.kind, row.source_key),
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def change_mapping(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Choose another target. What is posted keeps the one it was posted with."""
    row = _found(here, pk)
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


@require_POST
@page(Role.OPERATOR, acts=True)
def unlink_mapping(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Remove it, as it led when the person saw it."""
    row = _found(here, pk)
    place = Place(row.integration, row.kind)

    def act() -> str:
        mapping.unlink(
            row.integration,
            kind=row.kind,
            source_key=row.source_key,
            target_key=storable_text(request.POST.get("target", ""))[:120],
            actor=here.actor,
        )
        return f"Unlinked. {row.source_name or row.source_key} is not linked any more."

    return do(request, act, place.back(here), refused=here.url("mapping", pk))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR, acts=True)
def apply_mapping(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """What the mapping would change of posted documents; confirmed, it does."""
    row = _found(here, pk)
    job = load_job(here.tenant_id, row.integration_id, registry.resolve)
    wish, place = posted_policy.of_mapping(row), Place(row.integration, row.kind)
    if request.method == "POST":

        def act() -> str:
            count = posted_policy.confirm(
                job, wish, digest=request.POST.get("digest", ""), actor=here.actor
            )
            one = "1 posted document is" if count == 1 else f"{count} posted documents are"
            return f"{one} decided again, and changed in {place.there} where possible."

        return do(request, act, here.url("mapping", pk), refused=here.url("apply-mapping", pk))
    found = posted_policy.preview(job, wish)
    return show(
        request,
        here,
        "mapping_apply.html",
        "mappings",
        row=row,
        place=place,
        **policy_words.context(job, found),
    )


def _found(here: Workspace, pk: int) -> Any:
    with tenant_scope(here.tenant_id):
        return _find(pk)


def _find(pk: int) -> Any:
    """The mapping with the names of both sides."""
    rows = Mapping.objects.select_related("integration__source", "integration__target")
    hidden = ("source__sealed_credentials", "target__sealed_credentials")
    row = rows.defer(*(f"integration__{name}" for name in hidden)).filter(pk=pk).first()
    if row is None:
        raise Http404
    name_both_sides([row])
    return row
