"""What a member does about a document: check it again, dismiss it, settle what was changed there,
post it anew, or link it to a record that people typed in before.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from connectors import registry
from connectors.core.errors import ConnectorError
from connectors.core.states import State
from connectors.core.storable import storable_text
from connectors.dashboard.document import find
from connectors.dashboard.workspace import Workspace, back_to, do, page, show
from connectors.models import Document
from connectors.services import anew, drift, linking, replay, seen
from tenants.models import Role
from tenants.scope import tenant_scope


@require_POST
@page(Role.OPERATOR, acts=True)
def check_again(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Read it at the source, decide again, and compare what was posted."""
    document = _found(here, pk)

    def act() -> str:
        replay.replay_documents(here.tenant_id, [pk], actor=here.actor, seen=_seen(request))
        if document.state == State.POSTED:
            return "It is read, decided and compared on the other side in a moment."
        return "It is read and decided again in a moment."

    return do(request, act, back_to(request, here.url("document", pk)))


@require_POST
@page(Role.OPERATOR, acts=True)
def dismiss(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    _found(here, pk)

    def act() -> str:
        posted = replay.dismiss(
            here.tenant_id, pk, reason=_reason(request), actor=here.actor, seen=_seen(request)
        )
        if posted:
            return "Dismissed; what was posted stays. A change at the source is decided again."
        return "Dismissed. “Check again” brings it back."

    return do(request, act, back_to(request, here.url("document", pk)))


@require_POST
@page(Role.OPERATOR, acts=True)
def post_anew(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Post once more what is gone there, or under another number."""
    _found(here, pk)

    def act() -> str:
        number = anew.post_anew(
            here.tenant_id,
            pk,
            reason=_reason(request),
            resolve=registry.resolve,
            actor=here.actor,
            seen=_seen(request),
        )
        return f"{number} record{'' if number == 1 else 's'} will be posted in a moment."

    return do(request, act, back_to(request, here.url("document", pk)))


@require_POST
@page(Role.OPERATOR, acts=True)
def restore(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Post our values again where somebody changed them."""
    said = "Our values will be posted again in a moment ({} changed)."
    return _settle(request, here, pk, drift.restore, said)


@require_POST
@page(Role.OPERATOR, acts=True)
def adopt(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Let stand what somebody changed."""
    return _settle(request, here, pk, drift.adopt, "What stands there is accepted ({} changed).")


def _settle(
    request: HttpRequest, here: Workspace, pk: int, decide: Callable[..., int], said: str
) -> HttpResponse:
    _found(here, pk)

    def act() -> str:
        number = decide(
            here.tenant_id, pk, resolve=registry.resolve, actor=here.actor, seen=_seen(request)
        )
        if not number:
            return "Nothing differs there any more; it will be looked at again in a moment."
        return said.format(f"{number} field{'' if number == 1 else 's'}")

    return do(request, act, back_to(request, here.url("document", pk)))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR, acts=True)
def link(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Choose a record, see both sides, then link them instead of posting."""
    document = _found(here, pk)
    part, target = (storable_text(request.GET.get(name, ""))[:120] for name in ("part", "target"))
    if request.method == "POST":
        return _link(request, here, pk, part, target)
    problem, offers, pair = "", [], None
    try:
        if target:
            pair = linking.preview(
                here.tenant_id, pk, part=part, target=target, resolve=registry.resolve
            )
        else:
            offers = linking.offers(here.tenant_id, pk, resolve=registry.resolve)
    except ConnectorError as error:
        problem = str(error)
    return show(
        request,
        here,
        "link.html",
        "documents",
        document=document,
        there=registry.provider(document.integration.target.provider).title,
        problem=problem,
        offers=offers,
        pair=pair,
        part=part,
        target=target,
        known=request.GET.get("seen") or seen.digest(document),
    )


def _link(
    request: HttpRequest, here: Workspace, pk: int, part: str, target: str
) -> HttpResponseRedirect:
    def act() -> str:
        pair = linking.link(
            here.tenant_id,
            pk,
            part=part,
            target=target,
            align=request.POST.get("align") == "yes",
            resolve=registry.resolve,
            actor=here.actor,
            compared=request.POST.get("compared", ""),
            seen=_seen(request),
        )
        return f"Linked to {pair.state.number}. Nothing is posted a second time."

    return do(request, act, here.url("document", pk))


def _found(here: Workspace, pk: int) -> Document:
    with tenant_scope(here.tenant_id):
        return find(pk)


def _seen(request: HttpRequest) -> str:
    return request.POST.get("seen", "")


def _reason(request: HttpRequest) -> str:
    return storable_text(request.POST.get("reason", ""))[:1_000]
