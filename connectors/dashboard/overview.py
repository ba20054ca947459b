"""The first page of a workspace: what needs somebody, and how everything stands."""

from dataclasses import dataclass
from datetime import datetime, time

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from connectors import registry
from connectors.core import clock
from connectors.core.states import SETTLED, State
from connectors.dashboard.names import STATES
from connectors.dashboard.workspace import Workspace, page, show
from connectors.services import overview, quotas

_MOVING = (State.DUE, State.DELIVERING, State.UNCONFIRMED)
# The chart's own units: the width of a day, and its whole height.
_WIDE, _HIGH = 10, 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of the chart."""

    look: str
    x: float
    y: float
    height: float


@require_safe
@page()
def overview_page(request: HttpRequest, here: Workspace) -> HttpResponse:
    counts = overview.counts()
    stuck = overview.stuck()
    now = clock.now().astimezone(here.zone)
    month = datetime.combine(now.date().replace(day=1), time.min, tzinfo=here.zone)
    days = overview.days(here.zone)
    return show(
        request,
        here,
        "overview.html",
        "overview",
        counts=counts,
        total=sum(counts.values()),
        moving=sum(counts.get(state, 0) for state in _MOVING),
        settled=sum(counts.get(state, 0) for state in SETTLED),
        stuck=stuck,
        stuck_number=sum(row.number for row in stuck),
        stuck_money=overview.together(stuck),
        oldest=min((row.oldest for row in stuck), default=None),
        # A day: templates would show a moment in UTC, where the month may be another one.
        month=month.date(),
        posted=overview.posted_since(month),
        standings=overview.standings(),
        gauges=quotas.gauges(registry.provider),
        days=days[::-1],
        bars=bars(days),
        most=_most(days),
        half=_most(days) // 2,
        along=[day.day for day in days[::7]],
        looks=[(look, STATES[look]) for look in ("posted", "waiting", "held")],
    )


def bars(days: list[overview.Day]) -> list[Bar]:
    """Posted, waiting and held of each day, one upon the other."""
    most = _most(days)
    found: list[Bar] = []
    for place, day in enumerate(days):
        top = float(_HIGH)
        for look in ("posted", "waiting", "held"):
            height = getattr(day, look) * _HIGH / most
            top -= height
            if height:
                found.append(Bar(look, place * _WIDE + 1.6, round(top, 2), round(height, 2)))
    return found


def _most(days: list[overview.Day]) -> int:
    """The end of the chart's scale: a multiple of four, so that its lines are whole numbers."""
    most = max((day.posted + day.waiting + day.held for day in days), default=0)
    return max(4, -(-most // 4) * 4)
