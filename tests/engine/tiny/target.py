"""A target system in this process: keeps what is written, refuses doubles, and fails by script.

It guards its door as the transport does: nothing is sent inside a transaction or after a write's
deadline. ``before`` and ``after`` run on either side of the moment when a write takes effect.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.money import parse_decimal
from connectors.core.records import TargetState
from connectors.transport.deadline import current_write_deadline
from connectors.transport.guard import refuse_inside_transaction

KEY = "tiny_target"
Items = Sequence[tuple[PartRef, Step]]


def error(kind: ErrorKind, message: str = "no") -> ProviderError:
    """A definite refusal."""
    return ProviderError(ErrorFacts(kind=kind, message=message, provider=KEY))


def lost_answer() -> UnknownOutcomeError:
    """A connection that broke after the request was sent."""
    facts = ErrorFacts(kind=ErrorKind.UNKNOWN_OUTCOME, message="the connection broke", provider=KEY)
    return UnknownOutcomeError(facts)


def nothing(items: Items) -> None:
    """The hook that does nothing."""


@dataclass
class TinyTarget:
    """Its records by id. ``blind`` looks see nothing; ``adds`` falsifies the totals it reports."""

    refuses_doubles: bool = True
    before: Callable[[Items], None] = nothing
    after: Callable[[Items], None] = nothing
    on_list: Callable[[str], None] = lambda kind: None
    blind: int = 0
    adds: str = "0"
    currency: str = "USD"
    locked_until: str = ""
    refused: dict[str, ProviderError] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    vendors: list[str] = field(default_factory=lambda: ["Acme"])
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    # --- what the sink is asked for ---------------------------------------------------------

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        [result] = self._write([(part, step)])
        if isinstance(result, ProviderError):
            raise result
        return result

    def perform_batch(self, client: Any, items: Items) -> list[TargetState | ProviderError]:
        return self._write(items)

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        refuse_inside_transaction()
        self.looks.append(part.reference)
        if self.blind:
            self.blind -= 1
            return Absent()
        if not step.creates:
            return self._probe_change(part, step)
        found = self.of_reference(part.reference)
        if found:
            return Found(state=self._state(found[0]))
        doubles = self._of_number(part)
        if doubles:
            words = f"{part.number} stands there already, without our reference."
            return Conflict(words=words, state=self._state(doubles[0]))
        return Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        refuse_inside_transaction()
        return self._state(part.target_id) if part.target_id in self.records else None

    def web_url(self, target_kind: str, target_id: str, profile: Any) -> str:
        return f"https://target.example/{target_kind}/{target_id}"

    # --- what tests ask for -----------------------------------------------------------------

    def of_reference(self, reference: str) -> list[str]:
        return [key for key, row in self.records.items() if row["reference"] == reference]

    def most_per_reference(self) -> int:
        """The largest number of records that carry one reference."""
        references = [row["reference"] for row in self.records.values()]
        return max((references.count(each) for each in references), default=0)

    def add(self, **row: Any) -> str:
        """A record that somebody typed there by hand."""
        key = f"T{next(self._ids)}"
        empty = {"reference": "", "status": "draft", "total": "10.00", "vendor": "v-acme"}
        self.records[key] = {**empty, "body": {}, **row}
        return key

    def edit(self, key: str, **values: Any) -> None:
        """Type something over what stands there, as a person would."""
        row = self.records[key]
        row["body"] = {**row["body"], **values}
        row["total"] = row["body"]["total"]

    # --- inside -----------------------------------------------------------------------------

    def _write(self, items: Items) -> list[TargetState | ProviderError]:
        refuse_inside_transaction()
        self.before(items)
        deadline = current_write_deadline()
        assert deadline is not None, "the engine sets a deadline for every write"
        if deadline.passed:
            raise NotSentError(
                ErrorFacts(kind=ErrorKind.TRANSIENT, message="the deadline passed", provider=KEY)
            )
        self.calls.append((items[0][1].action, tuple(part.reference for part, _ in items)))
        results = [self._take_effect(part, step) for part, step in items]
        self.after(items)
        return results

    def _take_effect(self, part: PartRef, step: Step) -> TargetState | ProviderError:
        if part.reference in self.refused:
            return self.refused[part.reference]
        if not step.creates:
            return self._change(part, step)
        if self.refuses_doubles and self._of_number(part):
            return error(ErrorKind.REJECTED, f"{part.number} has been used already")
        return self._state(
            self.add(
                kind=part.target_kind,
                number=part.number,
                reference=part.reference,
                vendor=part.vendor_key,
                total=step.body["total"],
                body=dict(step.body),
            )
        )

    def _change(self, part: PartRef, step: Step) -> TargetState | ProviderError:
        row = self.records.get(part.target_id)
        if row is None:
            return error(ErrorKind.NOT_FOUND, f"there is no {part.target_id}")
        if step.body:
            row.update(body=dict(step.body), total=step.body["total"])
        else:
            row["status"] = step.status
        return self._state(part.target_id)

    def _probe_change(self, part: PartRef, step: Step) -> Probe:
        row = self.records.get(part.target_id)
        if row is None:
            return Conflict(words=f"{part.number} is no longer there.")
        done = row["body"] == dict(step.body) if step.body else row["status"] == step.status
        return Found(state=self._state(part.target_id)) if done else Absent()

    def _of_number(self, part: PartRef) -> list[str]:
        wanted = (part.target_kind, part.number)
        return [k for k, row in self.records.items() if (row["kind"], row["number"]) == wanted]

    def _state(self, key: str) -> TargetState:
        row = self.records[key]
        return TargetState(
            target_id=key,
            number=row["number"],
            status=row["status"],
            total=parse_decimal(row["total"]) + parse_decimal(self.adds),
            currency=self.currency,
            reference=row["reference"],
            vendor_key=row["vendor"],
            content=dict(row["body"]),
        )
