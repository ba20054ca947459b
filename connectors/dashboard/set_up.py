"""Guided set-up, a page for each step: connect both sides, choose, match, see the fit, go live.

Each page shows what is there; nothing is lost by leaving, and every step can be opened again.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors import registry
from connectors.admin.integration_forms import IntegrationForm, NewIntegrationForm
from connectors.core.errors import BadInputError, ConnectorError
from connectors.core.storable import storable_text
from connectors.dashboard import fit
from connectors.dashboard.names import mapping_kind_name
from connectors.dashboard.set_up_frame import loaded, resolved_of, show_step, step_url
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.engine.job import Resolved
from connectors.models import Integration
from connectors.services import dry_run, integrations, mapping, set_up
from connectors.services.set_up import STEPS, SetUp
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope


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
    found = set_up.load(resolved_of(flow))
    return HttpResponseRedirect(step_url(here, flow, found.current))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def options(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """From which day on, how often, and how. The integration is made here, paused."""
    resolved, found = at = loaded(here, flow)
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
            return HttpResponseRedirect(step_url(here, flow, "matching"))
    return show_step(request, here, "set_up_options.html", at, "options", form=form)


@require_safe
@page(Role.ADMIN)
def matching(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """What has no partner at the other side, with what may be meant."""
    resolved, found = at = loaded(here, flow)
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
    return show_step(request, here, "set_up_matching.html", at, "matching", **context)


@require_POST
@page(Role.ADMIN, acts=True)
def match(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Link all that was chosen, or nothing where one of it cannot be."""
    _, found = loaded(here, flow)
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

    return do(request, act, step_url(here, flow, "matching"))


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
    _, found = loaded(here, flow)

    def act() -> str:
        dry_run.ask(_integration(found), actor=here.actor)
        return "The fit report is being made. Nothing is written."

    return do(request, act, step_url(here, flow, "fit"))


@require_safe
@page(Role.ADMIN)
def fit_step(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """The fit report, as a step."""
    at = loaded(here, flow)
    report = at.found.report
    context: dict[str, Any] = {}
    if report is not None and at.found.reading is None:
        context = fit.report_context(request, report)
    return show_step(request, here, "set_up_fit.html", at, "fit", **context)


@require_safe
@page(Role.ADMIN)
def live(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """The last question: go live, or run in shadow for a while."""
    at = loaded(here, flow)
    report = at.found.report
    context = {} if report is None else {"report": report, **fit.numbers(report)}
    return show_step(request, here, "set_up_live.html", at, "live", **context)


@require_POST
@page(Role.ADMIN, acts=True)
def go_live(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Start it: from now on it posts."""
    resolved, found = loaded(here, flow)
    row = _integration(found)

    def act() -> str:
        integrations.resume(row, resolved=resolved, actor=here.actor)
        return f"{row.name} is live. The first documents post now."

    return do(request, act, here.url("integration", row.pk))


@require_POST
@page(Role.ADMIN, acts=True)
def shadow(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Make a fit report by the schedule, and post nothing."""
    resolved, found = loaded(here, flow)
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


def _integration(found: SetUp) -> Integration:
    if found.integration is None:
        raise Http404
    return found.integration
