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
_STARTED = "oauth_started"
_MOST_STARTED = 5
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
    connection, spec = _allowed(request, tenant_id, connection_id)
    if (detour := confirm_first(request)) is not None:
        return detour
    state = State(_person(request).pk, tenant_id, connection_id, secrets.token_urlsafe(24))
    verifier = pkce.new_verifier()
    try:
        url = connections.authorise_url(
            connection,
            spec=spec,
            redirect_uri=redirect_uri(),
            state=_sign(state),
            verifier=verifier,
        )
    except ConnectorError as error:
        return _arrive(request, connection, str(error), fine=False)
    started = [*request.session.get(_STARTED, []), [state.nonce, verifier]]
    request.session[_STARTED] = started[-_MOST_STARTED:]
    return HttpResponseRedirect(url)


@never_cache
@login_required
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Redeem what the provider sent the person back with, then test the connection."""
    try:
        state, verifier = _verified(request)
    except BadInputError as error:
        return render(request, "consent/refused.html", {"words": str(error)}, status=400)
    connection, spec = _allowed(request, state.tenant, state.connection)
    actor = actor_of(_person(request))
    try:
        connections.complete_consent(
            connection,
            spec=spec,
            redirect_uri=redirect_uri(),
            query=request.GET.dict(),
            actor=actor,
            verifier=verifier,
        )
    except ConnectorError as error:
        return _arrive(request, connection, f"Not authorised. {error}", fine=False)
    if choosing.is_open(connection, spec):
        return _to_choose(request, connection, spec)
    findings = connections.ping(connection, spec=spec, actor=actor)
    wrong = [finding.words for finding in findings if not finding.ok]
    if wrong:
        return _arrive(request, connection, f"Authorised, but: {' '.join(wrong)}", fine=False)
    return _arrive(request, connection, "Authorised, and everything can be read.", fine=True)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, tenant_id: int, connection_id: int) -> HttpResponse:
    """Where a member says which of the organisations or companies it is that let us in."""
    connection, spec = _allowed(request, tenant_id, connection_id)
    context: dict[str, Any] = {
        "connection": connection,
        "choices": choosing.offers(connection, spec)[1],
        "title": choosing.words(connection, spec).rstrip("."),
    }
    if request.method == "POST":
        actor = actor_of(_person(request))
        chosen = request.POST.get("offer", "")
        try:
            words, fine = choosing.choose(connection, spec=spec, chosen=chosen, actor=actor)
        except ConnectorError as error:
            context["problem"] = str(error)
        else:
            return _arrive(request, connection, words, fine=fine)
    return render(request, "consent/choose.html", context)


def _to_choose(
    request: HttpRequest, connection: Connection, spec: ProviderSpec
) -> HttpResponseRedirect:
    """Being let into several is no error: which one it is, is the next question."""
    if _person(request).is_staff:
        messages.success(request, f"Connected. {choosing.words(connection, spec)}")
        return HttpResponseRedirect(
            reverse("admin:connectors_connection_choose", args=[connection.pk])
        )
    return HttpResponseRedirect(reverse("choose", args=[connection.tenant_id, connection.pk]))


def _allowed(
    request: HttpRequest, tenant_id: int, connection_id: int
) -> tuple[Connection, ProviderSpec]:
    """The connection, for staff and for the tenant's admins; outsiders learn nothing of it."""
    person = _person(request)
    if not (person.is_staff and person.has_perm("connectors.change_connection")):
        if role_in(person, tenant_id) is None:
            raise Http404
        require_role(person, tenant_id, Role.ADMIN)
    with tenant_scope(tenant_id):
        connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    return connection, registry.provider(connection.provider)


def _person(request: HttpRequest) -> Any:
    return request.user


def _sign(state: State) -> str:
    content = [state.user, state.tenant, state.connection, state.nonce]
    return signing.dumps(content, salt=_SALT, compress=False)


def _verified(request: HttpRequest) -> tuple[State, str]:
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
    verifier = _spend(request, state.nonce) if state.user == _person(request).pk else ""
    if not verifier:
        raise BadInputError(
            "This consent was started in another session, or its answer was used already. Open "
            "the connection and start authorising again."
        )
    return state, verifier


def _spend(request: HttpRequest, nonce: str) -> str:
    """The verifier of a number that this session gave out, which is worth nothing afterwards."""
    started: list[list[str]] = request.session.get(_STARTED, [])
    matching = [pair for pair in started if constant_time_compare(pair[0], nonce)]
    request.session[_STARTED] = [pair for pair in started if pair not in matching]
    return matching[0][1] if matching else ""


def _arrive(
    request: HttpRequest, connection: Connection, words: str, *, fine: bool
) -> HttpResponseRedirect:
    """Go to the connection's page: the staff's, or that of the member's workspace."""
    (messages.success if fine else messages.error)(request, words)
    person = _person(request)
    places = [p.slug for p in memberships_of(person) if p.tenant_id == connection.tenant_id]
    if person.is_staff or not places:
        url = reverse("admin:connectors_connection_change", args=[connection.pk])
    else:
        url = reverse("dashboard:connection", args=[places[0], connection.pk])
    return HttpResponseRedirect(url)
