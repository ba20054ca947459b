"""Staff pages of runs: what started them, how far they are, what they counted. Read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from connectors import registry
from connectors.admin import tones
from connectors.core import clock
from connectors.models import Attempt, Document, Run
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin

_MOST = 25
# What the engine counts while it reads, in people's words.
COUNTS = (
    ("seen", "Records with news in the source's lists"),
    ("due", "Documents to decide"),
    ("linked", "Mappings found automatically"),
    ("unreadable", "Rows of master data that could not be read: see the connection's page"),
    ("drift", "Records found changed where we had posted them"),
)


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
        ("tenant", AutocompleteSelectFilter),
        ("integration", AutocompleteSelectFilter),
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
        with platform_scope():
            worked_on = _worked_on(run)
            number = worked_on.count()
            moved = run.counts.get("moved") if run.finished_at else _now_by_state(worked_on)
            rows = list(worked_on.defer("record", "sightings").order_by("-state_at", "pk")[:_MOST])
        return self.show(
            request,
            "staff/run.html",
            f"Run #{run.pk} of {run.integration}",
            run=run,
            status=tones.run_status(run),
            says=run.words or counted(run) or capfirst(run.get_phase_display()),
            asked_by=asked_by(run),
            took=took(run),
            read=[tones.plain(name).replace("/", ": ") for name in run.counts.get("read", [])],
            counts=[(title, run.counts[name]) for name, title in COUNTS if run.counts.get(name)],
            moved=by_state(moved),
            documents=by_state(run.counts.get("documents")),
            rows=[
                (
                    row,
                    tones.document_name(row),
                    shown.money(row.total, row.currency),
                    tones.state(row.state),
                )
                for row in rows
            ],
            number=number,
            calls=[(call_name(name), number) for name, number in sorted(run.calls.items())],
            refresh=3 if run.finished_at is None else None,
            all_calls=sum(run.calls.values()),
        )


def _worked_on(run: Run) -> QuerySet[Document]:
    """What this run decided and nothing has touched since, and whatever it sent something for."""
    sent = Attempt.objects.filter(run_id=run.pk).order_by().values("document")
    started, ended = run.started_at, run.finished_at or clock.now()
    decided = Q(state_at__range=(started, ended)) if started else Q(pk__in=[])
    return Document.objects.filter(decided | Q(pk__in=sent), integration=run.integration_id)


def asked_by(run: Run) -> str:
    return run.actor or run.get_trigger_display()


def counted(run: Run) -> str:
    """“1 held, 12 posted”: what became of the documents that this run decided."""
    moved = run.counts.get("moved")
    if not isinstance(moved, dict):
        return ""
    numbers = [(moved.get(state, 0), tones.plain(state)) for state in tones.STATE_ORDER]
    return ", ".join(f"{number:,} {state}" for number, state in numbers if number) or "Nothing new"


def call_name(name: str) -> str:
    """“Zoho Books, read” for the engine's ``zoho_books read``."""
    key, _, kind = name.rpartition(" ")
    titles = {spec.key: spec.title for spec in registry.PROVIDERS}
    return f"{titles.get(key, key)}, {kind}"


def took(run: Run) -> SafeString:
    if run.started_at is None or run.finished_at is None:
        return shown.NOTHING
    return shown.text_of(shown.duration(run.finished_at - run.started_at))


def _now_by_state(documents: QuerySet[Document]) -> dict[str, int]:
    """For a run that has not finished: where its documents stand."""
    return dict(documents.order_by().values_list("state").annotate(number=Count("pk")))


def by_state(counted: Any) -> list[tuple[SafeString, int]]:
    """Counted documents in the usual order of their states; nothing where none were counted."""
    if not isinstance(counted, dict):
        return []
    return [
        (tones.state(state), counted[state]) for state in tones.STATE_ORDER if counted.get(state)
    ]
