"""The tiny flow with master data that is kept up: vendors follow the source, sites the target.

A world enters; it leaves with two shelves on either side and a flow that keeps them up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from connectors.core.decisions import Decision, Facts, MappedTarget, Needs
from connectors.core.flow import SOURCE, TARGET, Context, Flow, Option, ReferenceStream, Upkeep
from connectors.core.references import AutomaticLink, ReferenceRow
from connectors.core.sinks import SinkByKind
from connectors.core.upkeep import (
    Creates,
    Rules,
    UpkeepRecord,
    decide_upkeep,
    upkeep_needs,
    upkeep_stream,
)
from connectors.engine.job import Resolved
from connectors.models import Integration, Mapping, ReferenceState
from connectors.services import mapping
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.flow import decide as decide_record
from tests.engine.tiny.flow import needs as needs_of_record
from tests.engine.tiny.shelf import Shelf, state_of
from tests.engine.tiny.world import World

VENDOR, SITE = "vendor", "site"
OWNERS = {VENDOR: SOURCE, SITE: TARGET}
CLERK = "user:7 clerk@example.com"


@dataclass
class Kept:
    """A world whose vendors (source's) and sites (target's) are kept up."""

    world: World
    source: dict[str, Shelf]
    target: dict[str, Shelf]

    def option(self, **options: Any) -> None:
        row = self.world.integration
        with self.world.scope():
            row.refresh_from_db()
            Integration.objects.filter(pk=row.pk).update(options={**row.options, **options})

    def map(self, kind: str, source_key: str, target_key: str) -> None:
        mapping.set_mapping(
            self.world.integration,
            kind=kind,
            source_key=source_key,
            target_key=target_key,
            actor=CLERK,
        )

    def unmap(self, kind: str, source_key: str) -> None:
        with self.world.scope():
            Mapping.objects.filter(kind=kind, source_key=source_key).delete()

    def mapped(self, kind: str) -> dict[str, str]:
        with self.world.scope():
            rows = Mapping.objects.filter(kind=kind, integration=self.world.integration)
            return dict(rows.values_list("source_key", "target_key"))

    def said(self, key: str) -> tuple[str, str]:
        """State and reason of a row's document."""
        document = self.world.document(key)
        return document.state, document.reason

    def read_again(self, rounds: int = 1) -> None:
        """Some time later the lists are read again, and what follows is done."""
        self.world.rewrite("connectors_link", f"confirmed_at = confirmed_at - {_LATER}")
        self.world.rewrite("connectors_document", f"state_at = state_at - {_LATER}")
        self.world.set(ReferenceState, read_at=None)
        self.sync(rounds)

    def sync(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.world.sync()


_LATER = "interval '5 seconds'"


def keep(world: World) -> Kept:
    """Give the world its shelves and a flow that keeps them up."""
    shelves: list[dict[str, Shelf]] = [
        {kind: Shelf(kind) for kind in (VENDOR, SITE)} for _ in (SOURCE, TARGET)
    ]
    kept = Kept(world, shelves[0], shelves[1])
    flow = _flow(world.resolved.flow, kept)
    old = world.resolved
    world.resolved = Resolved(flow=flow, source=old.source, target=old.target)
    return kept


def _flow(base: Flow, kept: Kept) -> Flow:
    records = {PARENTS: base.sink, CHILDREN: base.sink}
    return replace(
        base,
        streams=(*base.streams, _stream(VENDOR), _stream(SITE)),
        references=tuple(
            ReferenceStream(side=side, kind=kind, every=timedelta(hours=1), fetch=shelf.pages)
            for side, shelves in ((SOURCE, kept.source), (TARGET, kept.target))
            for kind, shelf in shelves.items()
        ),
        options=(
            *base.options,
            Option(name="follow", label="Follow", help="", default=True),
            Option(name="create", label="Create", help="", default=Creates.NEVER),
        ),
        needs=needs,
        decide=decide,
        sink=SinkByKind({**records, VENDOR: kept.target[VENDOR]}),
        source_sink=SinkByKind({SITE: kept.source[SITE]}),
        autolink=autolink,
        mapping_kinds={VENDOR: "Vendor", SITE: "Site"},
        refuses_second=frozenset({*base.refuses_second, VENDOR, SITE}),
    )


def _stream(kind: str) -> Any:
    upkeep = Upkeep(
        kind=kind,
        enabled=lambda context: bool(context.options["follow"]),
        creates=lambda context: str(context.options["create"]),
        state_of=state_of,
        owner=OWNERS[kind],
    )
    return upkeep_stream(
        name=kind, title=kind.title(), rank=0, target_kind=kind, upkeep=upkeep, path="/{key}"
    )


def needs(stream: str, record: Any, context: Context) -> Needs:
    if isinstance(record, UpkeepRecord):
        return upkeep_needs(stream, record)
    return needs_of_record(stream, record, context)


def decide(stream: str, record: Any, facts: Facts, context: Context) -> Decision:
    if isinstance(record, UpkeepRecord):
        return decide_upkeep(record, facts, _rules(stream))
    return decide_record(stream, record, facts, context)


def _rules(kind: str) -> Rules:
    return Rules(
        target_kind=kind,
        title=kind,
        payload=lambda record, row: {"name": record.name, "active": record.active},
        fields=lambda row: {"name": row.name, "active": row.active},
        reference=lambda record, key: f"{kind}:{record.key}:{key}",
        batch=f"all {kind}s",
        leaves=_leaves,
    )


def _leaves(record: UpkeepRecord, row: MappedTarget) -> str:
    return "Somebody locked it." if row.name.startswith("Locked") else ""


def autolink(
    sources: Iterable[ReferenceRow], targets: Iterable[ReferenceRow], linked: frozenset[Any]
) -> list[AutomaticLink]:
    """What was made for a row, whichever side has made it, is linked to it."""
    theirs, known = list(targets), {key for key, _ in linked}
    return [
        AutomaticLink(
            kind=row.kind, source_key=row.key, target_key=other.key, evidence="made", proven=True
        )
        for row in sources
        for other in theirs
        if row.kind == other.kind and row.key not in known and _is_made_for(row, other)
    ]


def _is_made_for(row: ReferenceRow, other: ReferenceRow) -> bool:
    ours, theirs = f"{row.kind}:{row.key}:", f"{row.kind}:{other.key}:"
    return ours == other.attributes["reference"] or theirs == row.attributes["reference"]
