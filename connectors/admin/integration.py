"""Staff pages of integrations: set up, schedule with its cost in words, run now, pause, resume."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.admin.alignment import AlignmentPages
from connectors.admin.dry_run import DryRunPages
from connectors.admin.integration_forms import IntegrationForm, NewIntegrationForm
from connectors.admin.linking import ExactMatchPages
from connectors.admin.overview import counts_by_state
from connectors.admin.posted_policy import page as posted_policy_page
from connectors.core.errors import BadInputError
from connectors.engine.job import Resolved
from connectors.models import Connection, Integration, Run, StreamState
from connectors.pages.integration_buttons import BUTTONS
from connectors.services import integrations, posted_policy
from connectors.services.standstill import sentences
from tenants.models import Tenant
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import row_number
from tenants.staff.site import acts


@admin.register(Integration)
class IntegrationAdmin(DryRunPages, ExactMatchPages, AlignmentPages):
    """Every tenant's enabled flows."""

    empty_words = "No integration yet. Add and test both connections, then join them by a flow."
    hidden_fields = ("source__sealed_credentials", "target__sealed_credentials")
    list_display = (
        "name",
        "tenant",
        "flow_title",
        "enabled_badge",
        "schedule",
        "next_run",
        "last_run",
    )
    list_filter = (("tenant", AutocompleteSelectFilter), "enabled", "flow")
    list_select_related = ("tenant", "source", "target")
    search_fields = ("name", "tenant__name")
    ordering = ("tenant__name", "name")
    actions = ("run_chosen",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        last = Run.objects.filter(integration=OuterRef("pk")).order_by("-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_status=Subquery(last.values("status")[:1]),
                last_at=Subquery(last.values("queued_at")[:1]),
            )
        )

    @admin.display(description="Flow", ordering="flow")
    def flow_title(self, integration: Integration) -> str:
        return registry.flow(integration.flow).title

    @admin.display(description="Enabled", ordering="enabled")
    def enabled_badge(self, integration: Integration) -> SafeString:
        return enabled(integration)

    @admin.display(description="Schedule")
    def schedule(self, integration: Integration) -> str:
        return schedule(integration)

    @admin.display(description="Next run", ordering="next_run_at")
    def next_run(self, integration: Integration) -> SafeString:
        return shown.when(integration.next_run_at)

    @admin.display(description="Last run")
    def last_run(self, integration: Any) -> SafeString:
        if integration.last_status is None:
            return shown.NOTHING
        status = Run(status=integration.last_status)
        return format_html("{} {}", tones.run_status(status), shown.when(integration.last_at))

    @admin.action(description="Run now", permissions=["act"])
    def run_chosen(self, request: HttpRequest, chosen: QuerySet[Integration]) -> None:
        rows = list(chosen)
        for integration in rows:
            integrations.run_now(integration, actor=actor_of(self.person(request)))
        self.message_user(request, f"{len(rows)} runs are queued.")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("forecast/", wrap(self.forecast), name="connectors_integration_forecast"),
            path("<int:pk>/edit/", wrap(self.edit), name="connectors_integration_edit"),
            path("<int:pk>/apply/", wrap(self.apply), name="connectors_integration_apply"),
            path(
                "<int:pk>/press/<slug:button>/",
                wrap(self.press),
                name="connectors_integration_press",
            ),
            *super().get_urls(),
        ]

    @acts
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.require(request, "add")
        with platform_scope():
            tenant = _asked_for(request, "tenant", Tenant.objects.all())
        resolved = _asked_flow(request)
        if tenant is None or resolved is None:
            return self._choose(request, tenant)
        made: list[Integration] = []
        filled: list[NewIntegrationForm] = []

        def form(data: Any) -> NewIntegrationForm:
            filled.append(NewIntegrationForm(data, resolved=resolved, tenant=tenant))
            return filled[-1]

        def create(given: dict[str, Any]) -> str:
            integration = integrations.create(
                tenant_id=tenant.pk,
                resolved=resolved,
                source=given["source"],
                target=given["target"],
                options=filled[-1].options,
                actor=actor_of(self.person(request)),
                enabled=False,
                **filled[-1].schedule,
            )
            made.append(integration)
            return (
                f"{integration.name} is saved and paused. Make a dry run to see what it would "
                "post; then start it."
            )

        return self.ask(
            request,
            title=f"{resolved.flow.title} for {tenant}",
            form=form,
            act=create,
            done=lambda: self.page_url("change", made[0].pk),
            forecast_url=self.page_url("forecast") + f"?flow={resolved.flow.key}",
        )

    def _choose(self, request: HttpRequest, tenant: Tenant | None) -> HttpResponse:
        """First whose integration, then of which flow."""
        if tenant is None:
            with platform_scope():
                choices = [
                    {"title": found.name, "url": f"?tenant={found.pk}", "icon": "apartment"}
                    for found in Tenant.objects.all()
                ]
            return self.show(request, "staff/choose.html", "For which tenant?", choices=choices)
        flows = [
            {"title": flow.title, "url": f"?tenant={tenant.pk}&flow={flow.key}", "icon": "sync_alt"}
            for flow in registry.FLOWS
        ]
        return self.show(request, "staff/choose.html", "Which flow?", choices=flows)

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        integration = self._one(object_id)
        resolved = registry.resolve(integration.flow)
        with platform_scope():
            counts = counts_by_state([integration.pk]).get(integration.pk, {})
            streams = list(StreamState.objects.filter(integration=integration).order_by("stream"))
            runs = list(Run.objects.filter(integration=integration).order_by("-pk")[:8])
            standstill = sentences(integration)
        options = {**resolved.flow.default_options(), **integration.options}
        return self.show(
            request,
            "staff/integration.html",
            integration.name,
            integration=integration,
            flow=resolved.flow,
            enabled=enabled(integration),
            standstill=standstill,
            schedule=schedule(integration),
            forecast=_forecast_words(resolved, integration.source, integration),
            counts=[(s, tones.state(s), counts[s]) for s in tones.STATE_ORDER if counts.get(s)],
            streams=[(_stream_name(resolved, row.stream), row) for row in streams],
            refresh=3 if any(run.finished_at is None for run in runs) else None,
            new=not integration.enabled and all(run.dry for run in runs),
            runs=[(run, tones.run_status(run)) for run in runs],
            options=[
                (option.label, _option_words(option, options[option.name]))
                for option in resolved.flow.options
            ],
        )

    @acts
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request)
        integration = self._one(pk)
        resolved = registry.resolve(integration.flow)
        filled: list[IntegrationForm] = []

        def form(data: Any) -> IntegrationForm:
            filled.append(IntegrationForm(data, resolved=resolved, integration=integration))
            return filled[-1]

        def change(given: dict[str, Any]) -> str:
            integrations.change(
                integration,
                resolved=resolved,
                actor=actor_of(self.person(request)),
                options=filled[-1].options,
                **filled[-1].schedule,
            )
            return "Saved."

        return self.ask(
            request,
            title=f"Edit {integration.name}",
            form=form,
            act=change,
            done=self.page_url("change", pk),
            back=self.page_url("change", pk),
            forecast_url=self.page_url("forecast")
            + f"?flow={integration.flow}&source={integration.source_id}",
        )

    @acts
    def apply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What today's options would change of posted documents; confirmed, they do."""
        self.require(request)
        integration = self._one(pk)
        return posted_policy_page(
            self,
            request,
            integration,
            posted_policy.of_options(),
            title=f"Apply the options of {integration.name} to posted documents",
            says="These documents were posted with other options, and keep them unless you apply "
            "today's to them too.",
            back=self.page_url("change", pk),
        )

    @acts
    def press(self, request: HttpRequest, pk: int, button: str) -> HttpResponseRedirect:
        """Run now, sweep now, pause, resume."""
        self.require(request)
        integration = self._one(pk)
        resolved = registry.resolve(integration.flow)
        said, act = BUTTONS.get(button, ("", None))

        def press() -> str:
            if act is None:
                raise BadInputError(f"There is no button “{button}”.")
            act(integration, resolved, actor_of(self.person(request)))
            return said

        return self.do(request, press, self.page_url("change", pk))

    def forecast(self, request: HttpRequest) -> HttpResponse:
        """What the schedule in the form would cost, as a sentence for the page."""
        if not (self.may(request, "add") or self.may(request, "change")):
            raise PermissionDenied
        resolved = _asked_flow(request)
        offered = Connection.objects.defer("sealed_credentials")
        source = _asked_for(request, "source", offered)
        if resolved is None or source is None:
            return HttpResponse("Choose the connections to see what this schedule costs.")
        wanted = Integration(
            interval_minutes=row_number(request.GET.get("interval_minutes", "")),
            cron=request.GET.get("cron", "").strip(),
        )
        words, fits = _forecast_words(resolved, source, wanted)
        return HttpResponse(
            format_html('<span class="{}">{}</span>', "" if fits else "staff-error", words)
        )

    def _one(self, object_id: str | int) -> Integration:
        integration: Integration = self.find(object_id, "tenant", "source", "target")
        return integration


def enabled(integration: Integration) -> SafeString:
    if integration.enabled:
        return shown.badge("enabled", "good")
    return shown.badge("paused", "warn")


def schedule(integration: Integration) -> str:
    if integration.cron:
        return f"{integration.cron} ({integration.tenant.time_zone})"
    return f"every {integration.interval_minutes} min"


def _forecast_words(
    resolved: Resolved, source: Connection, schedule: Integration
) -> tuple[str, bool]:
    try:
        found = integrations.forecast(
            resolved, source, interval_minutes=schedule.interval_minutes, cron=schedule.cron
        )
    except BadInputError as error:
        return str(error), False
    return str(found) if found.fits else f"{found} This does not fit.", found.fits


def _stream_name(resolved: Resolved, name: str) -> str:
    """“Bills, list of bills”: an engine's name is a stream's, or that of one of its lists."""
    key, _, listing = name.partition("/")
    titles = {stream.name: stream.title for stream in resolved.flow.streams}
    title = titles.get(key, tones.plain(key))
    if listing == "sweep":
        return f"{title}, full sweep"
    return f"{title}, list of {tones.plain(listing)}" if listing else title


def _option_words(option: Any, value: Any) -> str:
    if option.kind == "bool":
        return "yes" if value else "no"
    return str(dict(option.choices).get(value, value))


def _asked_flow(request: HttpRequest) -> Resolved | None:
    key = request.GET.get("flow", "")
    return registry.resolve(key) if key in {flow.key for flow in registry.FLOWS} else None


def _asked_for(request: HttpRequest, name: str, rows: QuerySet[Any]) -> Any:
    return rows.filter(pk=row_number(request.GET.get(name, ""))).first()
