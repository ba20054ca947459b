"""Authorising a connection: to the provider's consent page, and back with what the person said.

A signed state with a one-time number from the session ties the way back to the person, the
connection and the last ten minutes. The session keeps the secret that redeems the code beside that
number, so it never travels through the browser. Calls run outside any transaction.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit.actors import user as actor_of
from connectors import registry
from connectors.core.errors import BadInputError, ConnectorError
from connectors.models import Connection
from connectors.services import choosing, connections
from connectors.transport import pkce
from connectors.transport.provider import ProviderSpec
from tenants.accounts.confirming import confirm_first
from tenants.models import Role
from tenants.scope import tenant_scope
from tenants.services import memberships_of, require_role, role_in

_SALT = "connectors.oauth"
# One-time numbers, each with the verifier of its code.
STARTED = "oauth_started"
MOST_STARTED = 5
# Nobody of ours: the state of a consent that a link began.
NOBODY = 0
# Where a guided set-up goes on once its connection is authorised: the connection and an address.
GOES_ON = "set_up"
_MINUTES = 10


@dataclass(frozen=True, slots=True)
class State:
    """What the provider carries to its consent page and back for us."""

    user: int
    tenant: int
    connection: int
    nonce: str


def redirect_uri() -> str:
    """The address to register at every provider."""
    return f"{settings.BASE_URL}{reverse('oauth-callback')}"


@never_cache
@login_required
@require_safe
def authorise(request: HttpRequest, tenant_id: int, connection_id: int) -> HttpResponse:
    """Send the person to the provider's consent page."""
    connection, spec = allowed(request, tenant_id, connection_id)
    if (detour := confirm_first(request)) is not None:
        return detour
    state = State(person_of(request).pk, tenant_id, connection_id, secrets.token_urlsafe(24))
    try:
        return HttpResponseRedirect(begin(request, connection, spec, state))
    except ConnectorError as error:
        return arrive(request, connection, str(error), fine=False)


def begin(request: HttpRequest, connection: Connection, spec: ProviderSpec, state: State) -> str:
    """The address of the provider's consent page; this session keeps what redeems the answer."""
    verifier = pkce.new_verifier()
    url = connections.authorise_url(
        connection,
        spec=spec,
        redirect_uri=redirect_uri(),
        state=_sign(state),
        verifier=verifier,
    )
    started = [*request.session.get(STARTED, []), [state.nonce, verifier]]
    request.session[STARTED] = started[-MOST_STARTED:]
    return url


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, tenant_id: int, connection_id: int) -> HttpResponse:
    """Where a member says which of the organisations or companies it is that let us in."""
    connection, spec = allowed(request, tenant_id, connection_id)
    context: dict[str, Any] = {
        "connection": connection,
        "choices": choosing.offers(connection, spec)[1],
        "title": choosing.words(connection, spec).rstrip("."),
    }
    if request.method == "POST":
        actor = actor_of(person_of(request))
        chosen = request.POST.get("offer", "")
        try:
            words, fine = choosing.choose(connection, spec=spec, chosen=chosen, actor=actor)
        except ConnectorError as error:
            context["problem"] = str(error)
        else:
            return arrive(request, connection, words, fine=fine)
    return render(request, "consent/choose.html", context)


def to_choose(
    request: HttpRequest, connection: Connection, spec: ProviderSpec
) -> HttpResponseRedirect:
    """Being let into several is no error: which one it is, is the next question."""
    if person_of(request).is_staff:
        messages.success(request, f"Connected. {choosing.words(connection, spec)}")
        return HttpResponseRedirect(
            reverse("admin:connectors_connection_choose", args=[connection.pk])
        )
    return HttpResponseRedirect(reverse("choose", args=[connection.tenant_id, connection.pk]))


def allowed(
    request: HttpRequest, tenant_id: int, connection_id: int
) -> tuple[Connection, ProviderSpec]:
    """The connection, for staff and for the tenant's admins; outsiders learn nothing of it."""
    person = person_of(request)
    if not (person.is_staff and person.has_perm("connectors.change_connection")):
        if role_in(person, tenant_id) is None:
            raise Http404
        require_role(person, tenant_id, Role.ADMIN)
    with tenant_scope(tenant_id):
        connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    return connection, registry.provider(connection.provider)


def person_of(request: HttpRequest) -> Any:
    return request.user


def _sign(state: State) -> str:
    content = [state.user, state.tenant, state.connection, state.nonce]
    return signing.dumps(content, salt=_SALT, compress=False)


def verified(request: HttpRequest) -> tuple[State, str]:
    """The state that we signed, for this person, in this session, once; and its verifier."""
    try:
        content = signing.loads(request.GET.get("state", ""), salt=_SALT, max_age=_MINUTES * 60)
    except signing.SignatureExpired:
        raise BadInputError(
            f"The consent took longer than {_MINUTES} minutes. Start authorising again."
        ) from None
    except signing.BadSignature:
        raise BadInputError(
            "This answer does not belong to a consent that was started here. Open the connection "
            "and start authorising again."
        ) from None
    state = State(*content)
    is_theirs = state.user in (person_of(request).pk, NOBODY)
    verifier = _spend(request, state.nonce) if is_theirs else ""
    if not verifier:
        raise BadInputError(
            "This consent was started in another session, or its answer was used already. Open "
            "the connection and start authorising again."
        )
    return state, verifier


def _spend(request: HttpRequest, nonce: str) -> str:
    """The verifier of a number that this session gave out, which is worth nothing afterwards."""
    started: list[list[str]] = request.session.get(STARTED, [])
    matching = [pair for pair in started if constant_time_compare(pair[0], nonce)]
    request.session[STARTED] = [pair for pair in started if pair not in matching]
    return matching[0][1] if matching else ""


def arrive(
    request: HttpRequest, connection: Connection, words: str, *, fine: bool
) -> HttpResponseRedirect:
    """Go to the connection's page: the staff's, or that of the member's workspace."""
    (messages.success if fine else messages.error)(request, words)
    waiting = request.session.get(GOES_ON)
    if waiting and waiting[0] == connection.pk:
        request.session.pop(GOES_ON)
        return HttpResponseRedirect(waiting[1])
    person = person_of(request)
    places = [p.slug for p in memberships_of(person) if p.tenant_id == connection.tenant_id]
    if person.is_staff or not places:
        url = reverse("admin:connectors_connection_change", args=[connection.pk])
    else:
        url = reverse("dashboard:connection", args=[places[0], connection.pk])
    return HttpResponseRedirect(url)
