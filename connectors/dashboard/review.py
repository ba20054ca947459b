"""Everything that waits for a person, as a queue; beside it the chosen thing, with what to do."""

from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from audit.actors import shown_name
from connectors import registry
from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.core.storable import storable_text
from connectors.dashboard.document import find, ways_out
from connectors.dashboard.names import mapping_kind_name, provider_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import Document, Integration, Mapping, MappingFailure, ReferenceItem, Wait
from connectors.pages import document_facts as facts
from connectors.pages.style import date_text
from connectors.services import making, mapping, replay, review_queue, review_work, seen
from connectors.services.waiting_money import waiting_amounts
from tenants.models import Member, Role
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number

_SHOWN = 25
_OFFERED = 30
# So many are checked again at once; the others are offered again.
_ALIKE = 500


@require_safe
@page()
def review(request: HttpRequest, here: Workspace) -> HttpResponse:
    """The queue, with its first item open."""
    asked = _asked(request, here)
    items = review_queue.items(asked)
    first = items[0] if items else None
    detail: dict[str, Any] = {}
    if first and first.failure:
        detail = _failure(_find(first.failure.pk), request)
    elif first and first.document:
        detail = _held(first.document.pk)
    return _show(request, here, asked, items, detail, bare=True)


@require_safe
@page()
def review_failure(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A missing mapping: what may be meant, and what waits for it."""
    asked = _asked(request, here)
    return _show(request, here, asked, review_queue.items(asked), _failure(_find(pk), request))


@require_safe
@page()
def review_document(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A held document."""
    asked = _asked(request, here)
    return _show(request, here, asked, review_queue.items(asked), _held(pk))


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
def create_there(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Have what is missing made at the other side."""
    with tenant_scope(here.tenant_id):
        failure = _find(pk)

    def act() -> str:
        flow = registry.flow(failure.integration.flow)
        return making.make(here.tenant_id, failure, flow, actor=here.actor)

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


@require_POST
@page(Role.OPERATOR, acts=True)
def assign(request: HttpRequest, here: Workspace, of: str, pk: int) -> HttpResponse:
    """Give it to somebody, or to nobody."""
    thing = _thing(here, of, pk)
    member = row_number(request.POST.get("member", "")) or None
    return do(
        request,
        lambda: review_work.assign(thing, member, actor=here.actor),
        _address(here, of, pk),
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def snooze(request: HttpRequest, here: Workspace, of: str, pk: int) -> HttpResponse:
    """Put it off until a day, or take it up again."""
    thing, said = _thing(here, of, pk), request.POST.get("until", "")

    def act() -> str:
        if not said:
            review_work.snooze(thing, None, actor=here.actor)
            return "It is in the queue again."
        try:
            day = date.fromisoformat(said)
        except ValueError:
            raise BadInputError("Choose a day.") from None
        until = datetime.combine(day, time(7), tzinfo=here.zone)
        review_work.snooze(thing, until, actor=here.actor)
        return f"Put off until {date_text(day, 'DATE_FORMAT')}. It comes back by itself."

    return do(request, act, _address(here, of, pk))


@require_POST
@page(Role.OPERATOR, acts=True)
def comment(request: HttpRequest, here: Workspace, of: str, pk: int) -> HttpResponse:
    """Say something of it."""
    thing = _thing(here, of, pk)

    def act() -> str:
        review_work.comment(thing, request.POST.get("text", ""), actor=here.actor)
        return "Your comment stands below."

    return do(request, act, _address(here, of, pk))


@require_POST
@page(Role.OPERATOR, acts=True)
def check_alike(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Have all documents checked again that are held for the same reason."""
    with tenant_scope(here.tenant_id):
        document = find(pk)
        alike = Document.objects.filter(state=State.HELD, reason=document.reason)
        rows = alike.filter(integration=document.integration_id).order_by("state_at")
        pks = list(rows.values_list("pk", flat=True)[:_ALIKE])

    def act() -> str:
        number = replay.replay_documents(here.tenant_id, pks, actor=here.actor)
        return f"{number} document{pluralize(number)} will be checked again."

    return do(request, act, _address(here, "documents", pk))


def _thing(here: Workspace, of: str, pk: int) -> MappingFailure | Document:
    with tenant_scope(here.tenant_id):
        if of == "missing":
            return _find(pk)
        if of == "documents":
            return find(pk)
    raise Http404


def _address(here: Workspace, of: str, pk: int) -> str:
    return here.url("review-failure" if of == "missing" else "review-document", pk)


def _show(
    request: HttpRequest,
    here: Workspace,
    asked: review_queue.Asked,
    items: list[review_queue.Item],
    detail: dict[str, Any],
    *,
    bare: bool = False,
) -> HttpResponse:
    thing = detail.get("failure") or detail.get("document")
    return show(
        request,
        here,
        "review.html",
        "review",
        items=items,
        held_up=sum(item.documents for item in items),
        bare=bare,
        asked=asked,
        query=_query(request),
        put_off=review_queue.put_off(),
        integrations=Integration.objects.only("name").order_by("name"),
        care=None if thing is None else _care(thing),
        **detail,
    )


def _care(thing: MappingFailure | Document) -> dict[str, Any]:
    """Whose it is, until when it is put off, and what people said of it."""
    row = review_work.item_of(thing)
    put_off = row is not None and row.snoozed_until and review_queue.is_put_off(thing)
    kind = "missing" if isinstance(thing, MappingFailure) else "documents"
    return {
        "kind": kind,
        "pk": thing.pk,
        "assignee": row.assignee if row else None,
        "until": row.snoozed_until if row and put_off else None,
        "comments": [
            {"author": shown_name(one.author), "text": one.text, "at": one.at}
            for one in review_work.comments(thing)
        ],
        "members": review_work.assignable(),
        "most": review_work.LONGEST_COMMENT,
    }


def _asked(request: HttpRequest, here: Workspace) -> review_queue.Asked:
    """What the address asks for; what cannot be meant is left out."""
    kind, whose = request.GET.get("kind", ""), request.GET.get("whose", "")
    mine = Member.objects.filter(user=here.person).values_list("pk", flat=True).first()
    return review_queue.Asked(
        kind=kind if kind in ("missing", "held") else "",
        integration_id=row_number(request.GET.get("integration", "")),
        whose={"me": mine, "nobody": 0}.get(whose),
        snoozed=request.GET.get("snoozed") == "1",
    )


def _query(request: HttpRequest) -> str:
    """The same filters as the query of an address."""
    named = {
        name: request.GET.get(name, "") for name in ("kind", "integration", "whose", "snoozed")
    }
    return urlencode({name: value[:20] for name, value in named.items() if value})


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
    alike = review_queue.Asked(kind="missing", reason=failure.kind, integration_id=integration.pk)
    return {
        "failure": failure,
        "alike": review_queue.size_of(alike),
        "making": making.of_failure(failure, registry.flow(integration.flow)) if is_open else None,
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
        "alike": Document.objects.filter(
            integration=document.integration_id, state=State.HELD, reason=document.reason
        ).count(),
    }
