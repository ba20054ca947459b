"""Vendors in Procore: written by their sync call, many at once, and looked at.

A step with its part enters, the vendor's state leaves. A vendor that is to be made is looked up
under its origin id first: one of another name is not written over.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import BadInputError, ErrorFacts, ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.names import normalise_name
from connectors.core.records import Raw, TargetState
from connectors.core.upkeep import CREATE
from connectors.flows.zoho_books_to_procore import writing
from connectors.flows.zoho_books_to_procore.upkeep_vendors import NAME, ORIGIN, same, state_of
from connectors.providers.procore.records import vendor_row

Pair = tuple[PartRef, Step]
Result = TargetState | ProviderError


class VendorSink:
    """Company vendors; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        (result,) = self.perform_batch(client, [(part, step)])
        if isinstance(result, ProviderError):
            raise result
        return result

    def perform_batch(self, client: Any, items: Sequence[Pair]) -> Sequence[Result]:
        """One call for all; each gets its own result, in their order."""
        standing = _standing(client, [part for part, step in items if step.action == CREATE])
        rows = [_row(part, step, standing) for part, step in items]
        updates = [row for row in rows if row is not None]
        answers = iter(client.sync_vendors(updates) if updates else ())
        return [
            _taken(part, standing[part.reference]) if row is None else _written(next(answers))
            for (part, _), row in zip(items, rows, strict=True)
        ]

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        if step.action == CREATE:
            return _created(client, part)
        state = _read(client, str(step.body["id"]))
        if state is None:
            return Conflict(words=f"Vendor {part.payload[NAME]} is no longer in Procore.")
        row = step.body["row"]
        done = all(same(name, value, state.content.get(name)) for name, value in row.items())
        return Found(state=state) if done else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The vendor as it stands; None when Procore does not know it."""
        return _read(client, part.target_id)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """The company's directory by vendor; empty while the company is not known."""
        del target_kind
        root, company = (str(profile.get(name) or "") for name in ("web_root", "company_id"))
        if not (root and company and target_id):
            return ""
        return f"{root}/{company}/company/directory/groups/users?group_by=vendor.id"


def _standing(client: Any, parts: Sequence[PartRef]) -> dict[str, TargetState]:
    """What carries our origin ids already, of those that are to be made."""
    wanted = [part.reference for part in parts]
    rows = client.vendors_by_origin(wanted) if wanted else ()
    states = [state_of(vendor_row(raw)) for raw in rows]
    return {state.reference: state for state in states}


def _row(part: PartRef, step: Step, standing: Mapping[str, TargetState]) -> dict[str, Any] | None:
    """The row of the sync call; None for one that would write over another vendor."""
    fields = dict(step.body["row"])
    if step.action != CREATE:
        return {"id": str(step.body["id"]), **fields}
    there = standing.get(part.reference)
    if there is not None and not _is_meant(part, there):
        return None
    return {**fields, ORIGIN: part.reference}


def _is_meant(part: PartRef, state: TargetState) -> bool:
    return normalise_name(state.number) == normalise_name(str(part.payload.get(NAME)))


def _taken(part: PartRef, state: TargetState) -> ProviderError:
    """A refusal of our own: what stands there is then looked at."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Procore's vendor {state.number} carries our origin id {part.reference}.",
            hint="Nothing was written.",
            provider="procore",
        )
    )


def _created(client: Any, part: PartRef) -> Probe:
    """By our origin id, which Procore gives to one vendor only."""
    state = _standing(client, [part]).get(part.reference)
    if state is None:
        return Absent()
    if _is_meant(part, state):
        return Found(state=state)
    return Conflict(
        words=f"Vendor {state.number} in Procore carries our origin id {part.reference}, but has "
        f"another name than {part.payload[NAME]}. Link the two in the mapping, or dismiss this.",
        state=state,
    )


def _read(client: Any, vendor_id: str) -> TargetState | None:
    try:
        return state_of(vendor_row(client.vendor(vendor_id)))
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None


def _written(answer: Raw | ProviderError) -> Result:
    if isinstance(answer, ProviderError):
        return answer
    try:
        return state_of(vendor_row(answer))
    except BadInputError as error:
        return writing.unreadable(error)
