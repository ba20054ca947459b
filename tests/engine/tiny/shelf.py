"""Master data of one system in this process: rows that people change, and that we write to.

It is its own sink. ``before`` and ``after`` run on either side of the moment when a write takes
effect; ``blind`` looks see nothing, and lists show the names in ``still_shown`` instead.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import Page, TargetState
from connectors.core.references import ReferenceRow
from connectors.core.upkeep import CREATE
from connectors.transport.guard import refuse_inside_transaction
from tests.engine.tiny.target import Items, error, nothing


@dataclass
class Shelf:
    """Rows of one kind by key, in the order in which they came."""

    kind: str
    before: Callable[[Items], None] = nothing
    after: Callable[[Items], None] = nothing
    blind: int = 0
    lists: int = 0
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    still_shown: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    # --- what people do ---------------------------------------------------------------------

    def put(self, key: str, name: str = "", **values: Any) -> None:
        """Add a row or change it."""
        known = self.rows.get(key, {"name": "", "active": True, "reference": ""})
        self.rows[key] = {**known, **({"name": name} if name else {}), **values}

    def names(self) -> dict[str, str]:
        return {key: row["name"] for key, row in self.rows.items()}

    @property
    def writes(self) -> list[str]:
        """What was written, however many shared a call."""
        return [write for call in self.calls for write in call]

    # --- what is read of it -----------------------------------------------------------------

    def pages(self, client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
        refuse_inside_transaction()
        self.lists += 1
        rows = [self._row(key) for key in self.rows if key not in self.unlisted]
        listed = [replace(row, name=self.still_shown.get(row.key, row.name)) for row in rows]
        yield Page(rows=listed, number=1)

    def _row(self, key: str) -> ReferenceRow:
        row = self.rows[key]
        return ReferenceRow(
            kind=self.kind,
            key=key,
            name=row["name"],
            active=row["active"],
            attributes={"reference": row["reference"]},
        )

    # --- the sink ---------------------------------------------------------------------------

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        [result] = self.perform_batch(client, [(part, step)])
        if isinstance(result, ProviderError):
            raise result
        return result

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> list[TargetState | ProviderError]:
        refuse_inside_transaction()
        self.before(items)
        self.calls.append(tuple(f"{step.action} {part.reference}" for part, step in items))
        results = [self._take_effect(part, step) for part, step in items]
        self.after(items)
        return results

    def _take_effect(self, part: PartRef, step: Step) -> TargetState | ProviderError:
        fields = dict(step.body["row"])
        if step.action == CREATE:
            key = next(iter(self._of(part.reference)), None) or f"made-{next(self._ids)}"
        else:
            key = str(step.body["id"])
            if key not in self.rows:
                return error(ErrorKind.NOT_FOUND, f"there is no {key}")
        self.put(key, **fields, reference=part.reference)
        return self.state(key)

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        refuse_inside_transaction()
        self.looks.append(part.reference)
        if self.blind:
            self.blind -= 1
            return Absent()
        if step.action == CREATE:
            found = self._of(part.reference)
            return Found(state=self.state(found[0])) if found else Absent()
        key = str(step.body["id"])
        if key not in self.rows:
            return Conflict(words=f"{part.number} is gone.")
        row = step.body["row"]
        done = all(self.rows[key][name] == value for name, value in row.items())
        return Found(state=self.state(key)) if done else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        refuse_inside_transaction()
        self.looks.append(part.reference)
        return self.state(part.target_id) if part.target_id in self.rows else None

    def web_url(self, target_kind: str, target_id: str, profile: Any) -> str:
        return f"https://{self.kind}.example/{target_id}"

    def state(self, key: str) -> TargetState:
        return state_of(self._row(key))

    def _of(self, reference: str) -> list[str]:
        return [key for key, row in self.rows.items() if row["reference"] == reference]


def state_of(row: ReferenceRow, link: Any = None) -> TargetState:
    """A row as the sink reports it."""
    return TargetState(
        target_id=row.key,
        number=row.name,
        status="active" if row.active else "inactive",
        total=None,
        currency="",
        reference=str(row.attributes["reference"]),
        content={"name": row.name, "active": row.active},
    )
