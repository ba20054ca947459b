"""How far a guided set-up is: both sides, the integration, its fit report, and what to match.

A tenant's flow enters, in its scope; nothing is remembered beside the rows themselves, so a set-up
can be left and found again at any step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.core.flow import SOURCE, TARGET, Flow
from connectors.core.references import MappingKey, ReferenceRow, Suggestion
from connectors.engine.job import Resolved
from connectors.engine.references import to_row
from connectors.models import Connection, FitReport, Foreseen, Health, Integration, Run
from connectors.models import Mapping as Linked
from connectors.services import dry_run, fit_report, mapping

STEPS = (SOURCE, TARGET, "options", "matching", "fit", "live")
# So many are asked at a time, those with most money first.
MOST_MISSING = 25
_SUGGESTED = 4
_NAMED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What is there of a set-up; ``reading`` is its dry run while that is under way."""

    source: Connection | None
    target: Connection | None
    integration: Integration | None
    reading: Run | None
    report: FitReport | None

    @property
    def done(self) -> frozenset[str]:
        """The names of the steps that nothing is left to do in."""
        row = self.integration
        told = {
            SOURCE: _works(self.source),
            TARGET: _works(self.target),
            "options": row is not None,
            "matching": self.report is not None,
            "fit": self.report is not None and self.report.content["complete"],
            "live": row is not None and row.enabled,
        }
        return frozenset(name for name, is_done in told.items() if is_done)

    @property
    def current(self) -> str:
        """The first step that is not done; the last where all are."""
        return next((step for step in STEPS if step not in self.done), STEPS[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something of the source without a partner at the target, and what waits for it."""

    kind: str
    source_key: str
    label: str
    number: int
    money: Mapping[str, Decimal]
    suggestions: list[Suggestion]


def _works(connection: Connection | None) -> bool:
    return connection is not None and connection.health == Health.READY


def load(resolved: Resolved) -> SetUp:
    """The set-up of this flow: its newest integration, or the connections that one could join."""
    rows = Integration.objects.select_related("source", "target")
    row = rows.filter(flow=resolved.flow.key).order_by("-pk").first()
    last = dry_run.last(row) if row else None
    reading = last if last is not None and not last.finished else None
    return SetUp(
        source=row.source if row else _newest(resolved.source.key),
        target=row.target if row else _newest(resolved.target.key),
        integration=row,
        reading=reading,
        report=fit_report.latest(row, resolved) if row else None,
    )


def _newest(provider: str) -> Connection | None:
    """One that works, or else the newest."""
    rows = list(Connection.objects.filter(provider=provider).order_by("-pk"))
    return next(filter(_works, rows), rows[0] if rows else None)


def offered(integration: Integration, flow: Flow) -> dict[str, list[str]]:
    """Names of the target's items by kind, for those who type; long lists are cut."""
    return {
        kind: list(mapping.targets(integration, kind).values_list("name", flat=True)[:_NAMED])
        for kind in flow.mapping_kinds
    }


def missing(integration: Integration, flow: Flow, report: FitReport) -> list[Missing]:
    """What the report's documents wait for and nobody has linked since, most money first."""
    linked = set(Linked.objects.filter(integration=integration).values_list("kind", "source_key"))
    items: dict[str, list[ReferenceRow]] = {}
    found: list[Missing] = []
    for cause in dry_run.causes(report.run):
        if cause.outcome != Foreseen.Outcome.WAIT or cause.kind not in flow.mapping_kinds:
            continue
        key = cause.key.removeprefix(f"{cause.kind}:")
        if (cause.kind, key) in linked or len(found) == MOST_MISSING:
            continue
        if cause.kind not in items:
            rows = mapping.targets(integration, cause.kind)
            items[cause.kind] = [to_row(item) for item in rows]
        wanted = MappingKey(cause.kind, key)
        likely = mapping.likely(integration, flow, wanted, cause.label, items[cause.kind])
        found.append(
            Missing(
                kind=cause.kind,
                source_key=key,
                label=cause.label,
                number=cause.number,
                money=cause.money,
                suggestions=likely[:_SUGGESTED],
            )
        )
    return found
