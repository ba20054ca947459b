"""Staff pages of runs: what started them, how far they are, what they counted. Read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from connectors import registry
from connectors.admin import tones
from connectors.models import Run
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin


@admin.register(Run)
class RunAdmin(StaffAdmin):
    """Newest first."""

    empty_words = "No run yet. Open an integration and press “Run now”."
    list_display = (
        "number",
        "where",
        "status_badge",
        "phase",
        "asked_by",
        "queued",
        "took",
        "calls_made",
        "result",
    )
    list_filter = (
        ("tenant", RelatedDropdownFilter),
        ("integration", RelatedDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
    )
    list_select_related = ("tenant", "integration")
    ordering = ("-id",)

    @admin.display(description="Run", ordering="id")
    def number(self, run: Run) -> str:
        return f"#{run.pk}"

    @admin.display(description="Integration", ordering="integration__name")
    def where(self, run: Run) -> SafeString:
        return shown.hinted(run.integration, f"Tenant {run.tenant}")

    @admin.display(description="Status", ordering="status")
    def status_badge(self, run: Run) -> SafeString:
        return tones.run_status(run)

    @admin.display(description="Asked by")
    def asked_by(self, run: Run) -> str:
        return asked_by(run)

    @admin.display(description="Queued", ordering="queued_at")
    def queued(self, run: Run) -> SafeString:
        return shown.when(run.queued_at)

    @admin.display(description="Took")
    def took(self, run: Run) -> SafeString:
        return took(run)

    @admin.display(description="API calls")
    def calls_made(self, run: Run) -> str:
        return f"{sum(run.calls.values()):,}"

    @admin.display(description="Result")
    def result(self, run: Run) -> SafeString:
        return shown.words(run.words or counted(run))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        run: Run = self.find(object_id, "tenant", "integration")
        counts = {name: value for name, value in run.counts.items() if isinstance(value, int)}
        return self.show(
            request,
            "staff/run.html",
            f"Run #{run.pk} of {run.integration}",
            run=run,
            status=tones.run_status(run),
            says=run.words or counted(run),
            asked_by=asked_by(run),
            took=took(run),
            read=run.counts.get("read", []),
            counts=sorted(counts.items()),
            documents=documents(run),
            calls=[(call_name(name), number) for name, number in sorted(run.calls.items())],
            refresh=3 if run.finished_at is None else None,
            all_calls=sum(run.calls.values()),
        )


def asked_by(run: Run) -> str:
    return run.actor or run.get_trigger_display()


def counted(run: Run) -> str:
    """“21 held, 665 posted”, for a run that has nothing else to say."""
    documents = run.counts.get("documents")
    if not isinstance(documents, dict):
        return ""
    numbers = [(documents.get(state, 0), tones.plain(state)) for state in tones.STATE_ORDER]
    return ", ".join(f"{number:,} {state}" for number, state in numbers if number)


def call_name(name: str) -> str:
    """“Zoho Books, read” for the engine's ``zoho_books read``."""
    key, _, kind = name.partition(" ")
    titles = {spec.key: spec.title for spec in registry.PROVIDERS}
    return f"{titles.get(key, key)}, {kind}"


def took(run: Run) -> SafeString:
    if run.started_at is None or run.finished_at is None:
        return shown.NOTHING
    return shown.text_of(shown.duration(run.finished_at - run.started_at))


def documents(run: Run) -> list[tuple[SafeString, int]]:
    """The integration's documents by state, as they were when the run ended."""
    counted = run.counts.get("documents")
    if not isinstance(counted, dict):
        return []
    return [
        (tones.state(state), counted[state]) for state in tones.STATE_ORDER if counted.get(state)
    ]
