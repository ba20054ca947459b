"""A fit report as whoever has its link reads it: no account, nothing of the workspace beside it."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connectors.dashboard import fit
from connectors.models import FitReport
from connectors.services import fit_report
from tenants.scope import tenant_scope


@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The report."""

    def answer(report: FitReport) -> HttpResponse:
        context = {"token": token, **fit.report_context(request, report)}
        return render(request, "dashboard/fit_shared.html", context)

    return _answered(token, answer)


@never_cache
@require_safe
def shared_document(request: HttpRequest, token: str, row_id: int) -> HttpResponse:
    """One document of it."""

    def answer(report: FitReport) -> HttpResponse:
        context = {"token": token, **fit.document_context(report, row_id)}
        return render(request, "dashboard/fit_shared_document.html", context)

    return _answered(token, answer)


@never_cache
@require_safe
def shared_export(request: HttpRequest, token: str) -> HttpResponse:
    """Its documents as a table file."""
    del request
    return _answered(token, fit.table_file)


def _answered(token: str, answer: Callable[[FitReport], HttpResponse]) -> HttpResponse:
    found = fit_report.shared(token)
    if found is None:
        raise Http404
    tenant_id, report_id = found
    with tenant_scope(tenant_id):
        return answer(FitReport.objects.select_related("run").get(pk=report_id))
