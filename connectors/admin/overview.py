"""The first staff page: what waits for people, each integration's documents by state, last runs.

Counts come in a handful of grouped queries, and a bounded number of integrations is shown, whatever
the number of tenants.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from connectors.admin import tones
from connectors.admin.navigation import open_numbers
from connectors.core import clock
from connectors.core.states import State
from connectors.models import Connection, Document, Health, Integration, MappingFailure, Run
from connectors.services.waiting_money import waiting_amounts, weight
from tenants.models import Tenant
from tenants.scope import platform_scope
from tenants.staff import shown

_ROWS = 8
# Of so many integrations the documents are shown; the others are in the list of integrations.
_INTEGRATIONS = 50


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the first page shows to its context, for those who may see documents."""
    user: Any = request.user
    if not user.has_perm("connectors.view_document"):
        return {**context, "hidden": True}
    with platform_scope():
        integrations = _integrations()
        counts = counts_by_state(row.pk for row in integrations)
        return {
            **context,
            "cards": _cards(),
            "states": [(state.value, tones.plain(state)) for state in tones.STATE_ORDER],
            "more": Integration.objects.count() - len(integrations),
            "integrations": [_row(row, counts.get(row.pk, {})) for row in integrations],
            "runs": [
                (run, tones.run_status(run))
                for run in Run.objects.select_related("tenant", "integration").order_by("-pk")[
                    :_ROWS
                ]
            ],
            "refresh": 5 if Run.objects.filter(finished_at=None).exists() else None,
            "failures": _failures(),
            "stopped": _stopped(),
            "tenants": Tenant.objects.count(),
        }


def counts_by_state(integration_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many documents stand in each state, by integration."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    rows = (
        Document.objects.filter(integration__in=list(integration_ids))
        .order_by()
        .values_list("integration", "state")
        .annotate(n=Count("pk"))
    )
    for integration, state, number in rows:
        found[integration][state] = number
    return dict(found)


def _integrations() -> list[Integration]:
    """Those with most documents that wait or are held, then others, by tenant and name."""
    stuck = Document.objects.filter(state__in=(State.WAITING, State.HELD)).order_by()
    worst = stuck.values_list("integration").annotate(n=Count("pk")).order_by("-n", "integration")
    ids = [pk for pk, _ in worst[:_INTEGRATIONS]]
    rows = Integration.objects.select_related("tenant").order_by("tenant__name", "name", "pk")
    others = rows.exclude(pk__in=ids)[: _INTEGRATIONS - len(ids)]
    return sorted(
        [*rows.filter(pk__in=ids), *others], key=lambda row: (row.tenant.name, row.name, row.pk)
    )


def _cards() -> list[dict[str, Any]]:
    numbers = open_numbers()
    documents = reverse("admin:connectors_document_changelist")
    midnight = datetime.combine(clock.now().date(), time.min, tzinfo=clock.now().tzinfo)
    posted = Document.objects.filter(state=State.POSTED, state_at__gte=midnight).count()
    waiting = Document.objects.filter(state=State.WAITING).count()
    return [
        _card(
            "Mapping failures",
            numbers["failures"],
            "warn",
            reverse("admin:connectors_mappingfailure_changelist") + "?status__exact=open",
        ),
        _card("Documents waiting", waiting, "warn", f"{documents}?state__exact=waiting"),
        _card("Documents held", numbers["held"], "bad", f"{documents}?state__exact=held"),
        _card(
            "Connections stopped",
            numbers["connections"],
            "bad",
            reverse("admin:connectors_connection_changelist"),
        ),
        _card("Posted today (UTC)", posted, "good", f"{documents}?state__exact=posted"),
    ]


def _card(title: str, number: int, tone: str, url: str) -> dict[str, Any]:
    return {"title": title, "number": number, "tone": tone if number else "neutral", "url": url}


def _row(integration: Integration, counts: dict[str, int]) -> dict[str, Any]:
    url = reverse("admin:connectors_document_changelist")
    cells = [
        {
            "number": counts.get(state, 0),
            "tone": tones.STATES[state],
            "url": f"{url}?integration__id__exact={integration.pk}&state__exact={state}",
        }
        for state in tones.STATE_ORDER
    ]
    return {"integration": integration, "cells": cells, "total": sum(counts.values())}


def _failures() -> list[tuple[Any, Any]]:
    """What holds up most money, with the money."""
    rows = list(
        MappingFailure.objects.filter(status=MappingFailure.Status.OPEN)
        .select_related("tenant")
        .annotate(documents=Count("waits"), weight=weight())
        .order_by("-weight", "-documents", "label")[:_ROWS]
    )
    amounts = waiting_amounts([row.pk for row in rows])
    return [(row, shown.sums(amounts.get(row.pk, {}))) for row in rows]


def _stopped() -> list[tuple[Connection, Any]]:
    rows = (
        Connection.objects.exclude(health__in=[Health.NEW, Health.READY])
        .defer("sealed_credentials")
        .select_related("tenant")
    )
    return [(row, tones.health(row.health, row.get_health_display())) for row in rows[:_ROWS]]
