"""Integrations of a workspace: what moves where and when, their runs, and setting them up."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors import registry
from connectors.admin.integration_forms import IntegrationForm, NewIntegrationForm
from connectors.core.errors import BadInputError
from connectors.dashboard.names import STATES, kind_name
from connectors.dashboard.workspace import Workspace, ask, do, page, show
from connectors.engine.job import Resolved
from connectors.models import Integration, Run, StreamState
from connectors.pages.integration_buttons import BUTTONS
from connectors.services import integrations, overview
from connectors.services.standstill import sentences
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope

_RUNS = 20
# Going live and stopping are for those who answer for the books.
_FOR_ADMINS = frozenset({"pause", "resume"})


@require_safe
@page()
def integration_list(request: HttpRequest, here: Workspace) -> HttpResponse:
    return show(
        request,
        here,
        "integrations.html",
        "integrations",
        standings=overview.standings(),
        flows=[(flow.key, flow.title) for flow in registry.FLOWS],
    )


@require_safe
@page()
def integration_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    row = _find(pk)
    resolved = registry.resolve(row.flow)
    options = {**resolved.flow.default_options(), **row.options}
    runs = list(Run.objects.filter(integration=row).order_by("-pk")[:_RUNS])
    counts = overview.counts(row.pk)
    return show(
        request,
        here,
        "integration.html",
        "integrations",
        row=row,
        flow=resolved.flow,
        source=resolved.source.title,
        there=resolved.target.title,
        schedule=_schedule(row, here),
        forecast=_forecast(resolved, row),
        standstill=sentences(row),
        counts=[(state, counts[state]) for state in STATES if counts.get(state)],
        streams=[
            (kind_name(stream.stream.replace("/", ": ")), stream)
            for stream in StreamState.objects.filter(integration=row).order_by("stream")
        ],
        runs=runs,
        running=any(run.finished_at is None for run in runs),
        options=[
            (option.label, option.help, _option_words(option, options[option.name]))
            for option in resolved.flow.options
        ],
    )


@require_POST
@page(Role.OPERATOR, acts=True)
def press(request: HttpRequest, here: Workspace, pk: int, button: str) -> HttpResponse:
    """Run now, sweep now, pause, start."""
    row = _loaded(here, pk)
    said, act = BUTTONS.get(button, ("", None))
    resolved = registry.resolve(row.flow)

    def pressed() -> str:
        if act is None:
            raise BadInputError(f"There is no button “{button}”.")
        if button in _FOR_ADMINS and not here.may_administer:
            raise BadInputError("Only owners and admins start and pause an integration.")
        act(row, resolved, here.actor)
        return said

    return do(request, pressed, here.url("integration", pk))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def edit(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Change name, schedule and options."""
    row = _loaded(here, pk)
    resolved = registry.resolve(row.flow)

    def form(data: Any) -> IntegrationForm:
        return IntegrationForm(data, resolved=resolved, integration=row)

    def save(filled: IntegrationForm) -> str:
        integrations.change(
            row, resolved=resolved, actor=here.actor, options=filled.options, **filled.schedule
        )
        return here.url("integration", pk)

    return ask(
        request,
        here,
        form,
        save,
        active="integrations",
        title=f"Edit {row.name}",
        back=here.url("integration", pk),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def new(request: HttpRequest, here: Workspace, flow: str) -> HttpResponse:
    """Join two connections. It starts paused: nothing is posted before somebody starts it."""
    if flow not in {known.key for known in registry.FLOWS}:
        raise Http404
    resolved = registry.resolve(flow)

    def form(data: Any) -> NewIntegrationForm:
        with tenant_scope(here.tenant_id):
            tenant = Tenant.objects.get(pk=here.tenant_id)
            return NewIntegrationForm(data, resolved=resolved, tenant=tenant)

    def save(filled: IntegrationForm) -> str:
        given = filled.cleaned_data
        made = integrations.create(
            tenant_id=here.tenant_id,
            resolved=resolved,
            source=given["source"],
            target=given["target"],
            options=filled.options,
            actor=here.actor,
            enabled=False,
            **filled.schedule,
        )
        return here.url("integration", made.pk)

    return ask(
        request,
        here,
        form,
        save,
        active="integrations",
        title=resolved.flow.title,
        back=here.url("integrations"),
    )


def _rows() -> QuerySet[Integration]:
    hidden = ("source__sealed_credentials", "target__sealed_credentials")
    return Integration.objects.select_related("tenant", "source", "target").defer(*hidden)


def _find(pk: int) -> Integration:
    row = _rows().filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _loaded(here: Workspace, pk: int) -> Integration:
    with tenant_scope(here.tenant_id):
        return _find(pk)


def _schedule(row: Integration, here: Workspace) -> str:
    if row.cron:
        return f"At {row.cron} ({here.zone})"
    minutes = row.interval_minutes
    return "Every minute" if minutes == 1 else f"Every {minutes} minutes"


def _forecast(resolved: Resolved, row: Integration) -> str:
    try:
        return str(
            integrations.forecast(
                resolved, row.source, interval_minutes=row.interval_minutes, cron=row.cron
            )
        )
    except BadInputError as error:
        return str(error)


def _option_words(option: Any, value: Any) -> str:
    if option.kind == "bool":
        return "Yes" if value else "No"
    return str(dict(option.choices).get(value, value)) or "–"
