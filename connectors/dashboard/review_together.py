"""What waits for one reason, on one page: how many, how much money, and what to do with them."""

from collections.abc import Callable
from datetime import date, datetime, time
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from connectors.core.errors import BadInputError
from connectors.core.storable import storable_text
from connectors.dashboard.names import mapping_kind_name, reason_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import Integration
from connectors.services import review_queue, review_together, review_work
from connectors.services.review_together import HELD, KINDS, Done
from tenants.models import Role
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number


@require_safe
@page()
def together(request: HttpRequest, here: Workspace) -> HttpResponse:
    """All that wait for one reason, to be chosen from."""
    if not request.GET:
        return HttpResponseRedirect(here.url("review"))
    asked, integration = _asked(request.GET)
    preview = review_together.preview(asked)
    held = asked.kind == HELD
    return show(
        request,
        here,
        "review_together.html",
        "review",
        integration=integration,
        held=held,
        reason=(
            reason_name(asked.reason)
            if held
            else f"{mapping_kind_name(integration.flow, asked.reason)} not linked"
        ),
        preview=preview,
        rows=[
            (item, review_together.mark(thing))
            for item in preview.items
            if (thing := item.document or item.failure) is not None
        ],
        members=review_work.assignable(),
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def act_together(request: HttpRequest, here: Workspace, act: str) -> HttpResponse:
    """Do one thing with all that are chosen."""
    if act not in _ACTS:
        raise Http404
    with tenant_scope(here.tenant_id):
        asked, _ = _asked(request.POST)

    def run() -> str:
        return _ACTS[act](request, here, asked)

    back = f"{here.url('together')}?{_query(asked)}"
    return do(request, run, here.url("review"), refused=back)


def _assign(request: HttpRequest, here: Workspace, asked: review_queue.Asked) -> str:
    member = row_number(request.POST.get("member", "")) or None
    done = review_together.assign(here.tenant_id, asked, _marks(request), member, actor=here.actor)
    return _said(done, "assigned" if member else "assigned to nobody")


def _put_off(request: HttpRequest, here: Workspace, asked: review_queue.Asked) -> str:
    try:
        day = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        raise BadInputError("Choose a day.") from None
    until = datetime.combine(day, time(7), tzinfo=here.zone)
    done = review_together.put_off(here.tenant_id, asked, _marks(request), until, actor=here.actor)
    return _said(done, f"put off until {day.day} {day:%B %Y}")


def _check_again(request: HttpRequest, here: Workspace, asked: review_queue.Asked) -> str:
    done = review_together.check_again(here.tenant_id, asked, _marks(request), actor=here.actor)
    return _said(done, "checked again in a moment")


def _dismiss(request: HttpRequest, here: Workspace, asked: review_queue.Asked) -> str:
    reason = storable_text(request.POST.get("why", ""))[:1_000]
    done = review_together.dismiss(here.tenant_id, asked, _marks(request), reason, actor=here.actor)
    return _said(done, "dismissed")


_ACTS: dict[str, Callable[[HttpRequest, Workspace, review_queue.Asked], str]] = {
    "assign": _assign,
    "put-off": _put_off,
    "check-again": _check_again,
    "dismiss": _dismiss,
}


def _said(done: Done, what: str) -> str:
    text = f"{done.number} item{pluralize(done.number)} {what}."
    if done.moved_on:
        text += f" {done.moved_on} left out, changed since you looked."
    return text


def _marks(request: HttpRequest) -> dict[int, str]:
    """The chosen things by their numbers, each with what was seen of it."""
    pairs = (text[:60].partition(":") for text in request.POST.getlist("thing"))
    return {number: mark for pk, _, mark in pairs if (number := row_number(pk))}


def _asked(given: QueryDict) -> tuple[review_queue.Asked, Integration]:
    """The one reason that is meant, inside the scope; 404 for what cannot be."""
    kind, reason = given.get("kind", ""), storable_text(given.get("reason", ""))[:40]
    pk = row_number(given.get("integration", ""))
    integration = Integration.objects.filter(pk=pk).first()
    if kind not in KINDS or not reason or integration is None:
        raise Http404
    return review_queue.Asked(kind=kind, reason=reason, integration_id=pk), integration


def _query(asked: review_queue.Asked) -> str:
    named = {"kind": asked.kind, "integration": asked.integration_id, "reason": asked.reason}
    return urlencode(named)
