"""The fit report of an integration: asked for, watched while it is made, read, shared, exported."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe

from connectors import registry
from connectors.core.money import optional_decimal
from connectors.core.storable import storable_text
from connectors.core.table_files import written
from connectors.dashboard.names import kind_name, mapping_kind_name, reason_name
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import FitReport, Foreseen, Integration
from connectors.pages.posted_lines import posted_lines
from connectors.services import dry_run, fit_report
from connectors.services.dry_run import Group
from tenants.models import Role
from tenants.scope import tenant_scope
from tenants.staff import shown

_PER_PAGE = 50
# So many causes are named; the others are behind the list of documents.
_MOST_CAUSES = 30
_O = Foreseen.Outcome
_COLUMNS = frozenset({"posted", "there", "waits", "nothing", "differs"})


@require_safe
@page()
def fit(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """The latest report, how far it is while it is made, or how to ask for one."""
    row = _integration(pk)
    last = dry_run.last(row)
    running = last is not None and last.finished_at is None
    report = None if running else fit_report.latest(row, registry.resolve(row.flow))
    if report is None:
        resolved = registry.resolve(row.flow)
        return show(
            request,
            here,
            "fit_none.html",
            "integrations",
            row=row,
            run=last,
            running=running,
            progress=dry_run.progress(last) if last is not None and running else None,
            source=resolved.source.title,
            there=resolved.target.title,
        )
    return _show(request, here, report, row)


@require_safe
@page()
def kept(request: HttpRequest, here: Workspace, pk: int, report_id: int) -> HttpResponse:
    """An earlier report."""
    row = _integration(pk)
    return _show(request, here, _report(row, report_id), row)


@require_POST
@page(Role.OPERATOR, acts=True)
def make(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Ask for a new one."""

    def ask() -> str:
        with tenant_scope(here.tenant_id):
            row = _integration(pk)
        dry_run.ask(row, actor=here.actor)
        return "The fit report is being made. Nothing is written. You can leave this page."

    return do(request, ask, here.url("fit", pk))


@require_safe
@page()
def document(request: HttpRequest, here: Workspace, pk: int, report_id: int, row_id: int) -> Any:
    """What would become of one document, with what people typed in beside it."""
    row = _integration(pk)
    report = _report(row, report_id)
    return show(
        request,
        here,
        "fit_document.html",
        "integrations",
        row=row,
        report=report,
        **document_context(report, row_id),
    )


@require_safe
@page()
def export(request: HttpRequest, here: Workspace, pk: int, report_id: int) -> HttpResponse:
    return table_file(_report(_integration(pk), report_id))


@require_POST
@page(Role.ADMIN, acts=True)
def share(request: HttpRequest, here: Workspace, pk: int, report_id: int) -> HttpResponse:
    """Make a link that opens the report for whoever has it."""

    def act() -> str:
        report = _loaded(here, pk, report_id)
        fit_report.share(report, actor=here.actor)
        return "The link stands below. Whoever has it can read this report for two weeks."

    return do(request, act, here.url("fit-kept", pk, report_id))


@require_POST
@page(Role.ADMIN, acts=True)
def take_back(request: HttpRequest, here: Workspace, pk: int, report_id: int) -> HttpResponse:
    """End the links to a report."""

    def act() -> str:
        fit_report.take_back(_loaded(here, pk, report_id), actor=here.actor)
        return "The link does not open the report any more."

    return do(request, act, here.url("fit-kept", pk, report_id))


def report_context(request: HttpRequest, report: FitReport) -> dict[str, Any]:
    """What the report's page says to whoever reads it; inside a scope."""
    asked = {name: storable_text(str(value))[:200] for name, value in request.GET.items()}
    column, key = asked.get("outcome", ""), asked.get("cause", "")
    rows = _rows(report, column if column in _COLUMNS else "", key)
    found = Paginator(rows, _PER_PAGE).get_page(asked.get("page"))
    causes = [one for one in dry_run.causes(report.run) if one.outcome in (_O.WAIT, _O.HOLD)]
    return {
        "report": report,
        "content": report.content,
        **numbers(report),
        "causes": [_cause(one, report) for one in causes[:_MOST_CAUSES]],
        "causes_left": max(0, len(causes) - _MOST_CAUSES),
        "typed_in": fit_report.typed_in(report),
        "months": fit_report.months(report),
        "cost": fit_report.cost(report),
        "matching": matching(report),
        "page": found,
        "rows": [_row(row) for row in found.object_list],
        "chosen": column,
        "cause": key,
        "query": urlencode({"outcome": column, "cause": key}),
    }


def numbers(report: FitReport) -> dict[str, Any]:
    """What would become of how many documents; inside a scope."""
    groups = fit_report.summary(report)
    return {
        "groups": groups,
        "number": sum(group.number for group in groups.values()),
        "linkable": dry_run.documents(report.run).filter(linkable=True).count(),
    }


def document_context(report: FitReport, row_id: int) -> dict[str, Any]:
    """One document of a report; inside a scope."""
    row = dry_run.documents(report.run).filter(pk=row_id).first()
    if row is None:
        raise Http404
    return {
        "foreseen": row,
        "content": report.content,
        "title": f"{kind_name(row.stream)} {row.number or row.document.key}",
        "parts": [
            {
                "kind": kind_name(part["target_kind"]),
                "part": part,
                "total": optional_decimal(part["total"]),
                "lines": posted_lines(part["payload"]),
                "payload": shown.pretty_json(part["payload"]),
            }
            for part in row.parts
        ],
    }


def table_file(report: FitReport) -> HttpResponse:
    """The report's documents as a table file."""
    text = written(fit_report.exported(report))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="fit-report-{report.pk}.csv"'
    return answer


def _show(
    request: HttpRequest, here: Workspace, report: FitReport, row: Integration
) -> HttpResponse:
    link = ""
    if fit_report.is_shared(report) and here.may_administer:
        link = request.build_absolute_uri(reverse("shared-fit", args=[fit_report.token_of(report)]))
    return show(
        request,
        here,
        "fit.html",
        "integrations",
        row=row,
        link=link,
        others=[one for one in fit_report.kept(row) if one.pk != report.pk],
        **report_context(request, report),
    )


def _rows(report: FitReport, column: str, key: str) -> Any:
    """The documents of a column of the report, or of one cause."""
    outcomes = [one for one, name in fit_report.COLUMN.items() if name == column]
    rows = dry_run.documents(report.run, key=key)
    if column == "there":
        rows = rows.filter(Q(outcome__in=outcomes) | Q(linkable=True))
    elif column == "differs":
        rows = rows.filter(linkable=False).exclude(existing=[])
    elif column:
        rows = rows.filter(outcome__in=outcomes, linkable=False)
    return rows


def _cause(one: Group, report: FitReport) -> dict[str, Any]:
    """Why documents wait, for how much, and where somebody can do something about it."""
    held = one.outcome == _O.HOLD
    return {
        "label": reason_name(one.label) if held else capfirst(one.label),
        "number": one.number,
        "money": one.money,
        "query": urlencode({"outcome": "waits", "cause": one.key}),
        "missing": mapping_kind_name(report.content["flow"], one.kind) if one.kind else "",
    }


def matching(report: FitReport) -> list[dict[str, Any]]:
    """How many of each kind are linked, have nothing there, or want a look."""
    flow = report.content["flow"]
    return [
        {
            "name": mapping_kind_name(flow, kind),
            "linked": numbers.get("matched", 0) + numbers.get("renamed", 0),
            "missing": numbers.get("only_source", 0),
            "wrong": numbers.get("broken", 0) + numbers.get("inactive", 0),
        }
        for kind, numbers in report.content["matching"].items()
        if numbers
    ]


def _row(row: Foreseen) -> dict[str, Any]:
    return {
        "row": row,
        "name": f"{kind_name(row.stream)} {row.number or row.document.key}",
        "outcome": "Can be linked" if row.linkable else _WORDS[_O(row.outcome)],
        "look": "posted" if row.linkable else _LOOKS[_O(row.outcome)],
        "there": [one["number"] or one["target_id"] for one in row.existing],
    }


_WORDS = {
    _O.POST: "Would be posted",
    _O.CHANGE: "Would be changed",
    _O.CANCEL: "Would be cancelled",
    _O.WAIT: "Would wait",
    _O.HOLD: "Would be held",
    _O.STANDS: "Stands there already",
    _O.NOTHING: "Nothing to do",
    _O.LATER: "Could not be read",
}
_LOOKS = {
    _O.POST: "posted",
    _O.CHANGE: "posted",
    _O.CANCEL: "cancelled",
    _O.WAIT: "waiting",
    _O.HOLD: "held",
    _O.STANDS: "posted",
    _O.NOTHING: "dismissed",
    _O.LATER: "waiting",
}


def _integration(pk: int) -> Integration:
    hidden = ("source__sealed_credentials", "target__sealed_credentials")
    rows = Integration.objects.select_related("source", "target").defer(*hidden)
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _report(row: Integration, report_id: int) -> FitReport:
    report = FitReport.objects.select_related("run").filter(integration=row, pk=report_id).first()
    if report is None:
        raise Http404
    return report


def _loaded(here: Workspace, pk: int, report_id: int) -> FitReport:
    with tenant_scope(here.tenant_id):
        return _report(_integration(pk), report_id)
