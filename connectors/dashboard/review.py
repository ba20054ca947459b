"""Everything that waits for a person, as a queue; beside it the chosen thing, with what to do."""

from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from connectors import registry
from connectors.core.states import State
from connectors.core.storable import storable_text
from connectors.dashboard.document import find, ways_out
from connectors.dashboard.names import mapping_kind_name, provider_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import Document, Mapping, MappingFailure, ReferenceItem, Wait
from connectors.pages import document_facts as facts
from connectors.services import mapping, replay, review_queue, seen
from connectors.services.waiting_money import waiting_amounts
from tenants.models import Role
from tenants.scope import tenant_scope

_SHOWN = 25
_OFFERED = 30


@require_safe
@page()
def review(request: HttpRequest, here: Workspace) -> HttpResponse:
    """The queue, with its first item open."""
    items = review_queue.items()
    first = items[0] if items else None
    detail: dict[str, Any] = {}
    if first and first.failure:
        detail = _failure(first.failure, request)
    elif first and first.document:
        detail = _held(first.document.pk)
    return _show(request, here, items, detail, bare=True)


@require_safe
@page()
def review_failure(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A missing mapping: what may be meant, and what waits for it."""
    return _show(request, here, review_queue.items(), _failure(_find(pk), request))


@require_safe
@page()
def review_document(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A held document."""
    return _show(request, here, review_queue.items(), _held(pk))


@require_POST
@page(Role.OPERATOR, acts=True)
def resolve(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Map what is missing."""
    with tenant_scope(here.tenant_id):
        failure = _find(pk)
    target = storable_text(request.POST.get("target", ""))[:120]

    def act() -> str:
        freed = mapping.resolve(failure, target_key=target, actor=here.actor)
        return f"Linked. {freed} document{pluralize(freed)} will post now."

    return do(request, act, here.url("review-failure", pk))


@require_POST
@page(Role.OPERATOR, acts=True)
def check_failure(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Have all that waits for it checked again."""
    with tenant_scope(here.tenant_id):
        failure = _find(pk)

    def act() -> str:
        number = replay.replay_failure(failure, actor=here.actor)
        return f"{number} document{pluralize(number)} will be checked again."

    return do(request, act, here.url("review-failure", pk))


def _show(
    request: HttpRequest,
    here: Workspace,
    items: list[review_queue.Item],
    detail: dict[str, Any],
    *,
    bare: bool = False,
) -> HttpResponse:
    documents = sum(item.documents for item in items)
    return show(
        request,
        here,
        "review.html",
        "review",
        items=items,
        held_up=documents,
        bare=bare,
        **detail,
    )


def _find(pk: int) -> MappingFailure:
    failure = (
        MappingFailure.objects.select_related("integration__source", "integration__target")
        .defer("integration__source__sealed_credentials", "integration__target__sealed_credentials")
        .filter(pk=pk)
        .first()
    )
    if failure is None:
        raise Http404
    return failure


def _failure(failure: MappingFailure, request: HttpRequest) -> dict[str, Any]:
    integration = failure.integration
    is_open = failure.status == MappingFailure.Status.OPEN
    waiting = (
        Document.objects.filter(waits__failure=failure)
        if is_open
        else Document.objects.filter(pk__in=failure.freed)
    )
    states = dict(waiting.order_by().values_list("state").annotate(number=Count("pk")))
    search = storable_text(request.GET.get("search", ""))[:120]
    return {
        "failure": failure,
        "is_open": is_open,
        "kind": mapping_kind_name(integration.flow, failure.kind),
        "source": provider_name(integration.source.provider),
        "there": provider_name(integration.target.provider),
        "amounts": waiting_amounts([failure.pk]).get(failure.pk, {}),
        "number": sum(states.values()),
        "done": states.get(State.POSTED, 0),
        "moving": any(states.get(s) for s in (State.DUE, State.DELIVERING, State.UNCONFIRMED)),
        "documents": waiting.defer("record", "sightings").order_by("day", "pk")[:_SHOWN],
        "suggestions": (
            mapping.suggestions(failure, registry.flow(integration.flow)) if is_open else []
        ),
        "search": search,
        "found": _search(failure, search) if search and is_open else [],
        "offered": mapping.targets(integration, failure.kind).count() if is_open else 0,
        "chosen": None if is_open else _chosen(failure),
    }


def _search(failure: MappingFailure, search: str) -> list[ReferenceItem]:
    said = Q(name__icontains=search) | Q(number__icontains=search) | Q(key=search)
    return list(mapping.targets(failure.integration, failure.kind).filter(said)[:_OFFERED])


def _chosen(failure: MappingFailure) -> ReferenceItem | None:
    """What it is mapped to now."""
    chosen = Mapping.objects.filter(
        integration=failure.integration_id, kind=failure.kind, source_key=failure.source_key
    )
    return ReferenceItem.objects.filter(
        connection=failure.integration.target_id,
        kind=failure.kind,
        key__in=chosen.values("target_key"),
    ).first()


def _held(pk: int) -> dict[str, Any]:
    document = find(pk)
    flow = registry.flow(document.integration.flow)
    stream = flow.stream(document.stream)
    return {
        "document": document,
        "there": facts.there(document, stream),
        "owner": facts.owner(document, stream),
        "source_url": facts.source_url(document, flow),
        "ways": ways_out(document, kept=stream.upkeep is not None),
        "seen": seen.digest(document),
        "waits": Wait.objects.filter(document=document).select_related("failure"),
    }
