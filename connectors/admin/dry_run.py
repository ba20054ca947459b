"""Staff pages of dry runs: what an integration would post, and the documents behind each number.

Numbers come from the dry-run use case; here they are only laid out.
"""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.models import Foreseen, Integration, Run
from connectors.services import dry_run
from connectors.services.dry_run import Group
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts

_PER_PAGE = 50
_O = Foreseen.Outcome
_TONES = {
    _O.POST: "good",
    _O.CHANGE: "busy",
    _O.CANCEL: "busy",
    _O.WAIT: "warn",
    _O.HOLD: "bad",
    _O.STANDS: "good",
    _O.LATER: "warn",
}


class DryRunPages(StaffAdmin):
    """Adds “dry run” to the page of an integration."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/dry/", wrap(self.dry), name="connectors_integration_dry"),
            *super().get_urls(),
        ]

    @acts
    def dry(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for one; else show how far the last one is, or what it foresees."""
        self.require(request, "change" if request.method == "POST" else "view")
        integration: Integration = self.find(pk, "tenant", "source", "target")
        if request.method == "POST":
            return self.do(request, lambda: self._asked(request, integration), request.path)
        with platform_scope():
            context = _page(integration, request.GET)
        title = f"Dry run of {integration.name}"
        back = self.page_url("change", pk)
        return self.show(
            request, "staff/dry_run.html", title, integration=integration, back=back, **context
        )

    def _asked(self, request: HttpRequest, integration: Integration) -> str:
        dry_run.ask(integration, actor=actor_of(self.person(request)))
        return "A dry run is queued. It reads both sides and writes nothing."


def _page(integration: Integration, asked: Any) -> dict[str, Any]:
    runs = Run.objects.filter(integration=integration)
    last = dry_run.last(integration)
    running = last is not None and last.finished_at is None
    outcome, key = asked.get("outcome", ""), asked.get("cause", "")
    rows = dry_run.documents(last, outcome, key) if last else Foreseen.objects.none()
    page = Paginator(rows, _PER_PAGE).get_page(asked.get("page"))
    return {
        "run": last,
        "running": running,
        "refresh": 2 if running else None,
        "progress": dry_run.progress(last) if last is not None and running else None,
        "outcomes": [
            _tile(one, chosen=outcome) for one in (dry_run.outcomes(last) if last else [])
        ],
        "causes": [_cause(one, integration) for one in (dry_run.causes(last) if last else [])],
        "new": not runs.filter(dry=False).exists(),
        "query": urlencode({"outcome": outcome, "cause": key}),
        "chosen": outcome,
        "page": page,
        "rows": [_row(row, integration) for row in page.object_list],
    }


def _tile(one: Group, *, chosen: str) -> dict[str, Any]:
    return {
        "number": one.number,
        "money": shown.sums(one.money),
        "badge": shown.badge(one.label, _TONES.get(_O(one.outcome), "neutral")),
        "query": urlencode({"outcome": one.outcome}),
        "chosen": one.outcome == chosen,
    }


def _cause(one: Group, integration: Integration) -> dict[str, Any]:
    """Why, how much; with where it is mapped, where that is what is missing."""
    label = tones.plain(one.label).capitalize() if one.outcome == _O.HOLD else one.label
    map_url = ""
    if one.kind:
        side_by_side = reverse("admin:connectors_integration_alignment", args=[integration.pk])
        map_url = f"{side_by_side}?{urlencode({'kind': one.kind})}"
    return {
        "label": label,
        "number": one.number,
        "money": shown.sums(one.money),
        "badge": shown.badge(_O(one.outcome).label, _TONES.get(_O(one.outcome), "neutral")),
        "query": urlencode({"outcome": one.outcome, "cause": one.key}),
        "map_url": map_url,
    }


def _row(row: Foreseen, integration: Integration) -> dict[str, Any]:
    document = row.document
    stream = registry.flow(integration.flow).stream(document.stream)
    return {
        "document": document,
        "name": f"{stream.title.removesuffix('s')} {document.number or document.key}",
        "total": shown.money(row.total, row.currency),
        "badge": shown.badge(row.get_outcome_display(), _TONES.get(_O(row.outcome), "neutral")),
        "words": row.words,
    }
