"""Whether both systems agree: their totals per month, what explains each difference, and the rows
behind every number.
"""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connectors import registry
from connectors.core.agreement import Cause, Place
from connectors.core.flow import Flow
from connectors.dashboard.names import kind_name
from connectors.dashboard.workspace import Workspace, page, show
from connectors.models import Integration
from connectors.services import agreement

_MONTH = re.compile(r"(\d{4}-(0[1-9]|1[0-2]))?")
_CURRENCY = re.compile(r"[A-Z]{0,3}")
# As the address says it; the other names are those of the causes.
_UNEXPLAINED = "unexplained"
# On the overview; the page of the integration shows all.
_LATEST = 3
# What each cause means, with the names of both systems filled in.
CAUSES = {
    Cause.WAITING: "Waiting for review",
    Cause.HELD: "Held for review",
    Cause.MOVING: "Going through now",
    Cause.DISMISSED: "Dismissed by a person",
    Cause.NOT_APPLICABLE: "Not meant for {there}",
    Cause.NOT_READ: "Not compared with {there} yet",
    Cause.CHANGED: "Changed in {there}",
    Cause.OTHER_MONTH: "Dated in another month in {there}",
    Cause.OTHER_CURRENCY: "In another currency in {there}",
    Cause.ONLY_THERE: "Only in {there}",
    Cause.OTHER_INTEGRATION: "Posted by another integration",
}


@require_safe
@page()
def agreement_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Every month since the history start."""
    row = _find(pk)
    flow = registry.flow(row.flow)
    return show(
        request,
        here,
        "agreement.html",
        "integrations",
        row=row,
        source=_title(flow.source),
        there=_title(flow.target),
        kinds=[_kind(one, flow, one.months) for one in agreement.agreements(row, flow)],
    )


@require_safe
@page()
def latest(request: HttpRequest, here: Workspace) -> HttpResponse:
    """The latest months of every integration, for the overview, which loads them by themselves."""
    found = []
    for row in Integration.objects.order_by("name"):
        flow = registry.flow(row.flow)
        for one in agreement.agreements(row, flow):
            months = sorted({month.place.month for month in one.months if month.place.month})
            recent = [m for m in one.months if m.place.month in months[-_LATEST:]]
            found.append({"row": row, **_kind(one, flow, recent)})
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/agreement_latest.html", {"here": here, "found": found})
    return show(request, here, "agreement_all.html", "overview", found=found)


@require_safe
@page()
def behind(request: HttpRequest, here: Workspace, pk: int, stream: str, cause: str) -> HttpResponse:
    """The documents and records behind one number."""
    row = _find(pk)
    flow = registry.flow(row.flow)
    month, currency = request.GET.get("month", ""), request.GET.get("currency", "")
    known = {one.name for one in flow.streams if one.upkeep is None}
    if stream not in known or not (_MONTH.fullmatch(month) and _CURRENCY.fullmatch(currency)):
        raise Http404
    if cause != _UNEXPLAINED and cause not in {*Cause}:
        raise Http404
    why = None if cause == _UNEXPLAINED else Cause(cause)
    place = Place(month=month, currency=currency)
    return show(
        request,
        here,
        "agreement_behind.html",
        "integrations",
        row=row,
        source=_title(flow.source),
        there=_title(flow.target),
        kind=kind_name(stream),
        month=month,
        currency=currency,
        name=_cause(why, flow) if why else "Without a reason",
        is_unexplained=why is None,
        rows=agreement.rows(row, flow, stream, place, why),
        most=agreement.MOST_ROWS,
    )


def _kind(one: agreement.Agreement, flow: Flow, months: Any) -> dict[str, Any]:
    """One kind of record, its months with their causes in words."""
    return {
        "stream": one.stream,
        "title": kind_name(one.stream),
        "source": _title(flow.source),
        "there": _title(flow.target),
        "read_at": one.read_at,
        "unexplained": one.unexplained,
        "months": [
            {
                "month": month.place.month,
                "currency": month.place.currency,
                "source": month.source,
                "target": month.target,
                "difference": month.difference,
                "unexplained": month.unexplained,
                "agrees": month.agrees,
                "causes": [
                    (cause.value, _cause(cause, flow), found) for cause, found in month.explained
                ],
            }
            for month in months
        ],
    }


def _cause(cause: Cause, flow: Flow) -> str:
    return CAUSES[cause].format(there=_title(flow.target))


def _title(provider: str) -> str:
    return registry.provider(provider).title


def _find(pk: int) -> Integration:
    row = Integration.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
