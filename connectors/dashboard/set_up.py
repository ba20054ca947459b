"""Guided set-up, a page for each step: connect both sides, choose, match, see the fit, go live.

Each page shows what is there; nothing is lost by leaving, and every step can be opened again.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors import registry
from connectors.admin.integration_forms import IntegrationForm, NewIntegrationForm
from connectors.consent.oauth import GOES_ON, redirect_uri
from connectors.core.errors import BadInputError, ConnectorError
from connectors.core.flow import SOURCE
from connectors.core.storable import storable_text
from connectors.dashboard import fit
from connectors.dashboard.connections import NamedProviderForm
from connectors.dashboard.names import mapping_kind_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.engine.job import Resolved
from connectors.models import Connection, Integration
from connectors.services import choosing, connections, dry_run, integrations, mapping, set_up
from connectors.services.set_up import STEPS, SetUp
from connectors.transport.provider import ProviderSpec
from tenants.accounts.confirming import confirm_first
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope

_SIDES = STEPS[:2]


@require_safe
@page(Role.ADMIN)
def start(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Choose what to set up; what was begun goes on where it was left."""
    flows = []
    for flow in registry.FLOWS:
        resolved = registry.resolve(flow.key)
        found = set_up.load(resolved)
        flows.append(
            {
                "flow": flow,
                "source": resolved.source.title,
                "there": resolved.target.title,
                "found": found,
                "begun": bool(found.done),
                "live": "live" in found.done,
                "steps": len(STEPS) - len(found.done),
            }
        )
    return show(request, here, "set_up_start.html", "integrations", flows=flows)


@require_safe
@page(Role.ADMIN)
def go_on(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Lead to the first step that is not done."""
    del request
    found = set_up.load(_resolved(flow))
    return HttpResponseRedirect(_step_url(here, flow, found.current))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def connect(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Bring one side's credentials; afterwards what its connection still needs."""
    resolved, found = _loaded(here, flow)
    if side not in _SIDES:
        raise Http404
    spec = resolved.source if side == SOURCE else resolved.target
    connection = found.source if side == SOURCE else found.target
    if connection is not None:
        request.session[GOES_ON] = [connection.pk, _step_url(here, flow, side)]
        return _connection_page(request, here, flow, side, connection, [])
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
            return HttpResponseRedirect(_step_url(here, flow, side))
    return _show(
        request,
        here,
        "set_up_connect.html",
        flow,
        side,
        form=form,
        provider=spec.title,
        redirect=redirect_uri() if spec.consent is not None else "",
    )


@require_POST
@page(Role.ADMIN, acts=True)
def test(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Test a side's connection; what was found stands on its page, check by check."""
    connection, spec = _side(here, flow, side)
    findings = connections.ping(connection, spec=spec, actor=here.actor)
    fresh, _ = _side(here, flow, side)
    return _connection_page(request, here, flow, side, fresh, findings)


@require_POST
@page(Role.ADMIN, acts=True)
def choose(request: HttpRequest, here: Workspace, flow: str, side: str) -> HttpResponse:
    """Say which organisation or company it is."""
    connection, spec = _side(here, flow, side)

    def act() -> str:
        chosen = request.POST.get("offer", "")
        words, fine = choosing.choose(connection, spec=spec, chosen=chosen, actor=here.actor)
        if not fine:
            raise BadInputError(words)
        return words

    return do(request, act, _step_url(here, flow, side))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def options(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """From which day on, how often, and how. The integration is made here, paused."""
    resolved, found = _loaded(here, flow)
    row = found.integration
    data = request.POST or None
    with tenant_scope(here.tenant_id):
        form: IntegrationForm
        if row is not None:
            form = IntegrationForm(data, resolved=resolved, integration=row)
        else:
            tenant = Tenant.objects.get(pk=here.tenant_id)
            form = NewIntegrationForm(data, resolved=resolved, tenant=tenant)
            form.initial["name"] = resolved.flow.title
            form.initial["source"], form.initial["target"] = found.source, found.target
        valid = form.is_valid()
    if valid:
        try:
            _save_options(here, resolved, row, form)
        except ConnectorError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(_step_url(here, flow, "matching"))
    return _show(request, here, "set_up_options.html", flow, "options", form=form)


@require_safe
@page(Role.ADMIN)
def matching(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """What has no partner at the other side, with what may be meant."""
    resolved = _resolved(flow)
    found = set_up.load(resolved)
    row, report = found.integration, found.report
    context: dict[str, Any] = {}
    if row is not None and report is not None and found.reading is None:
        context = {
            "missing": [
                {"row": one, "kind": mapping_kind_name(flow, one.kind)}
                for one in set_up.missing(row, resolved.flow, report)
            ],
            "matched": fit.matching(report),
            "offered": set_up.offered(row, resolved.flow),
        }
    return _show(request, here, "set_up_matching.html", flow, "matching", **context)


@require_POST
@page(Role.ADMIN, acts=True)
def match(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Link all that was chosen, or nothing where one of it cannot be."""
    _, found = _loaded(here, flow)
    row = _integration(found)

    def act() -> str:
        with tenant_scope(here.tenant_id):
            choices = [
                choice
                for number in range(set_up.MOST_MISSING)
                if (choice := _choice(request, row, number)) is not None
            ]
        if not choices:
            raise BadInputError("Choose a partner for at least one of them.")
        mapping.set_mappings(row, choices, actor=here.actor)
        return f"{len(choices)} linked. The next fit report counts with them."

    return do(request, act, _step_url(here, flow, "matching"))


def _choice(request: HttpRequest, row: Integration, number: int) -> mapping.Choice | None:
    """What was chosen for one thing of the list: a suggestion, or what somebody named."""

    def given(name: str) -> str:
        return storable_text(request.POST.get(f"{name}-{number}", "")).strip()[:200]

    kind, source_key = given("kind"), given("source_key")
    if not (kind and source_key):
        return None
    named = given("named")
    target = mapping.named_target(row, kind, named) if named else given("target")
    if not target:
        return None
    return mapping.Choice(kind=kind, source_key=source_key, target_key=target)


@require_POST
@page(Role.ADMIN, acts=True)
def make_report(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Read both systems and decide anew; nothing is written."""
    _, found = _loaded(here, flow)

    def act() -> str:
        dry_run.ask(_integration(found), actor=here.actor)
        return "The fit report is being made. Nothing is written."

    return do(request, act, _step_url(here, flow, "fit"))


@require_safe
@page(Role.ADMIN)
def fit_step(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """The fit report, as a step."""
    found = set_up.load(_resolved(flow))
    context: dict[str, Any] = {}
    if found.report is not None and found.reading is None:
        context = fit.report_context(request, found.report)
    return _show(request, here, "set_up_fit.html", flow, "fit", **context)


@require_safe
@page(Role.ADMIN)
def live(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """The last question: go live, or run in shadow for a while."""
    found = set_up.load(_resolved(flow))
    context: dict[str, Any] = {}
    if found.report is not None:
        context = fit.report_context(request, found.report)
    return _show(request, here, "set_up_live.html", flow, "live", **context)


@require_POST
@page(Role.ADMIN, acts=True)
def go_live(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Start it: from now on it posts."""
    resolved, found = _loaded(here, flow)
    row = _integration(found)

    def act() -> str:
        integrations.resume(row, resolved=resolved, actor=here.actor)
        return f"{row.name} is live. The first documents post now."

    return do(request, act, here.url("integration", row.pk))


@require_POST
@page(Role.ADMIN, acts=True)
def shadow(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Make a fit report by the schedule, and post nothing."""
    resolved, found = _loaded(here, flow)
    row = _integration(found)

    def act() -> str:
        integrations.shadow(row, resolved=resolved, actor=here.actor)
        return f"{row.name} runs in shadow: it makes a fit report by its schedule, posts nothing."

    return do(request, act, here.url("fit", row.pk))


def _save_options(
    here: Workspace, resolved: Resolved, row: Integration | None, form: IntegrationForm
) -> None:
    """Make the integration, paused, and have it read both sides; or change it."""
    if row is not None:
        integrations.change(
            row, resolved=resolved, actor=here.actor, options=form.options, **form.schedule
        )
        return
    made = integrations.create(
        tenant_id=here.tenant_id,
        resolved=resolved,
        source=form.cleaned_data["source"],
        target=form.cleaned_data["target"],
        options=form.options,
        actor=here.actor,
        enabled=False,
        **form.schedule,
    )
    dry_run.ask(made, actor=here.actor)


def _connection_page(
    request: HttpRequest,
    here: Workspace,
    flow: str,
    side: str,
    connection: Connection,
    findings: list[Any],
) -> HttpResponse:
    spec = registry.provider(connection.provider)
    return _show(
        request,
        here,
        "set_up_connection.html",
        flow,
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
        onward=_step_url(here, flow, STEPS[STEPS.index(side) + 1]),
    )


def _show(
    request: HttpRequest, here: Workspace, template: str, flow: str, step: str, **context: Any
) -> HttpResponse:
    """A page of the set-up, with its steps beside it."""
    resolved, found = _loaded(here, flow)
    titles = {
        "source": f"Connect {resolved.source.title}",
        "target": f"Connect {resolved.target.title}",
        "options": "Start and options",
        "matching": "Matching",
        "fit": "Fit report",
        "live": "Go live",
    }
    steps = [
        {
            "number": number,
            "title": titles[name],
            "url": _step_url(here, flow, name),
            "done": name in found.done and name != step,
            "current": name == step,
        }
        for number, name in enumerate(STEPS, 1)
    ]
    return show(
        request,
        here,
        template,
        "integrations",
        flow=resolved.flow,
        flow_key=flow,
        source=resolved.source.title,
        there=resolved.target.title,
        set_up=found,
        row=found.integration,
        title=titles[step],
        steps=steps,
        step_number=STEPS.index(step) + 1,
        **context,
    )


def _step_url(here: Workspace, flow: str, step: str) -> str:
    if step in _SIDES:
        return here.url("set-up-connect", flow, step)
    return here.url(f"set-up-{step}", flow)


def _resolved(flow: str) -> Resolved:
    if flow not in {known.key for known in registry.FLOWS}:
        raise Http404
    return registry.resolve(flow)


def _loaded(here: Workspace, flow: str) -> tuple[Resolved, SetUp]:
    resolved = _resolved(flow)
    with tenant_scope(here.tenant_id):
        return resolved, set_up.load(resolved)


def _side(here: Workspace, flow: str, side: str) -> tuple[Connection, ProviderSpec]:
    resolved, found = _loaded(here, flow)
    connection = found.source if side == SOURCE else found.target
    if side not in _SIDES or connection is None:
        raise Http404
    return connection, resolved.source if side == SOURCE else resolved.target


def _integration(found: SetUp) -> Integration:
    if found.integration is None:
        raise Http404
    return found.integration
