"""The steps of a guided set-up that connect one side: credentials, consent, which account, test."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from connectors.consent.oauth import GOES_ON, redirect_uri
from connectors.core.errors import BadInputError, ConnectorError
from connectors.core.flow import SOURCE
from connectors.dashboard.connections import NamedProviderForm
from connectors.dashboard.set_up_frame import SIDES, Loaded, loaded, show_step, step_url
from connectors.dashboard.workspace import Workspace, do, page
from connectors.models import Connection
from connectors.services import choosing, connections
from connectors.services.set_up import STEPS
from connectors.transport.provider import ProviderSpec
from tenants.accounts.confirming import confirm_first
from tenants.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def connect(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Bring one side's credentials; afterwards what its connection still needs."""
    resolved, found = at = loaded(here, flow)
    if side not in SIDES:
        raise Http404
    spec = resolved.source if side == SOURCE else resolved.target
    connection = found.source if side == SOURCE else found.target
    if connection is not None:
        request.session[GOES_ON] = [connection.pk, step_url(here, flow, side)]
        return _connection_page(request, here, at, side, [])
    if (detour := confirm_first(request)) is not None:
        return detour
    form = NamedProviderForm(request.POST or None, spec=spec)
    form.initial["name"] = spec.title
    if form.is_valid():
        try:
            connections.create(
                tenant_id=here.tenant_id,
                spec=spec,
                name=form.cleaned_data["name"],
                settings=form.settings,
                credentials=form.credentials,
                actor=here.actor,
            )
        except ConnectorError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(step_url(here, flow, side))
    return show_step(
        request,
        here,
        "set_up_connect.html",
        at,
        side,
        form=form,
        provider=spec.title,
        redirect=redirect_uri() if spec.consent is not None else "",
        sandbox=settings.DEBUG and settings.SANDBOX_URL,
    )


@require_POST
@page(Role.ADMIN, acts=True)
def test(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Test a side's connection; what was found stands on its page, check by check."""
    connection, spec = _side(loaded(here, flow), side)
    findings = connections.ping(connection, spec=spec, actor=here.actor)
    return _connection_page(request, here, loaded(here, flow), side, findings)


@require_POST
@page(Role.ADMIN, acts=True)
def choose(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Say which organisation or company it is."""
    connection, spec = _side(loaded(here, flow), side)

    def act() -> str:
        chosen = request.POST.get("offer", "")
        words, fine = choosing.choose(connection, spec=spec, chosen=chosen, actor=here.actor)
        if not fine:
            raise BadInputError(words)
        return words

    return do(request, act, step_url(here, flow, side))


def _connection_page(
    request: HttpRequest,
    here: Workspace,
    at: Loaded,
    side: str,
    findings: list[Any],
) -> HttpResponse:
    connection, spec = _side(at, side)
    return show_step(
        request,
        here,
        "set_up_connection.html",
        at,
        side,
        connection=connection,
        provider=spec.title,
        findings=findings,
        works=connection.health == "ready",
        consents=spec.consent is not None,
        pastes=spec.consent is not None and spec.consent.paste is not None,
        offers=choosing.offers(connection, spec)[1] if choosing.is_open(connection, spec) else [],
        label=choosing.label(connection, spec),
        redirect=redirect_uri() if spec.consent is not None else "",
        step_side=side,
        onward=step_url(here, at.resolved.flow.key, STEPS[STEPS.index(side) + 1]),
    )


def _side(at: Loaded, side: str) -> tuple[Connection, ProviderSpec]:
    resolved, found = at
    connection = found.source if side == SOURCE else found.target
    if side not in SIDES or connection is None:
        raise Http404
    return connection, resolved.source if side == SOURCE else resolved.target
