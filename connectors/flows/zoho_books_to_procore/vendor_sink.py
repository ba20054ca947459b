"""Vendors in Procore: written by their sync call, many at once, and looked at.

A step with its part enters, the vendor's state leaves. A vendor that is to be made is looked up
under its origin id first: one that carries it is ours, whatever it is called by now.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    RetryLater,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.records import Raw, TargetState
from connectors.core.upkeep import CREATE
from connectors.flows.zoho_books_to_procore import writing
from connectors.flows.zoho_books_to_procore.upkeep_vendors import (
    ACTIVE,
    NAME,
    ORIGIN,
    same,
    state_of,
)
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
        answers = iter(_synced(client, updates))
        return [
            _stands_already(part) if row is None else _written(next(answers))
            for (part, _), row in zip(items, rows, strict=True)
        ]

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        if step.action == CREATE:
            return _created(client, part, step)
        state = _read(client, str(step.body["id"]))
        if state is None:
            return Conflict(
                words=f"Vendor {part.payload.get(NAME, part.number)} is no longer in Procore. "
                "Restore it there and replay, post it anew, or dismiss this document."
            )
        return Found(state=state) if _says(state, step) else Absent()

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
    """The row of the sync call; None for one that is there already."""
    fields = dict(step.body["row"])
    if step.action != CREATE:
        return {"id": str(step.body["id"]), **fields}
    return None if part.reference in standing else {**fields, ORIGIN: part.reference}


def _synced(client: Any, updates: Sequence[Mapping[str, Any]]) -> list[Raw | ProviderError]:
    """What became of each row. Those of inactive vendors may need a call of their own first."""
    if not updates:
        return []
    answers = list(client.sync_vendors(updates))
    for place, (row, answer) in enumerate(zip(updates, answers, strict=True)):
        try:
            if _met_an_inactive_one(client, row, answer):
                answers[place] = _of_inactive(client, row)
        except RetryLater as later:
            answers[place] = _later(row, later)
    return answers


def _later(row: Mapping[str, Any], later: RetryLater) -> ProviderError:
    """A limit in the middle of a batch: the rows before it are written, this one comes again."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.TRANSIENT,
            message=f"Vendor {row.get('id')} could not be looked at yet: {later.why}",
            hint="Nothing to do: it is tried again.",
            provider="procore",
            retry_at=later.at,
        )
    )


def _of_inactive(client: Any, row: Mapping[str, Any]) -> Raw | ProviderError:
    """What a row comes to whose vendor is inactive: active again, so already, or refused."""
    if row.get(ACTIVE):
        return _activated(client, row)
    if row.keys() == {"id", ACTIVE}:
        found: Raw = client.vendor(str(row["id"]))
        return found
    return _inactive(row)


def _met_an_inactive_one(client: Any, row: Mapping[str, Any], answer: Raw | ProviderError) -> bool:
    """Whether a row was refused, or not followed, since its vendor is inactive."""
    if not isinstance(answer, ProviderError):
        return bool(row.get(ACTIVE)) and answer.get(ACTIVE) is False
    if answer.kind is not ErrorKind.REJECTED or "id" not in row:
        return False
    state = _read(client, str(row["id"]))
    return state is not None and not state.content[ACTIVE]


def _activated(client: Any, row: Mapping[str, Any]) -> Raw | ProviderError:
    """Set it active by the call that Procore has for that, then the rest of the row."""
    try:
        active: Raw = client.reactivate_vendor(str(row["id"]))
    except UnknownOutcomeError:
        raise
    except ProviderError as error:
        return error
    rest = {name: value for name, value in row.items() if name != ACTIVE}
    if rest.keys() == {"id"}:
        return active
    (answer,) = client.sync_vendors([rest])
    found: Raw | ProviderError = answer
    return found


def _inactive(row: Mapping[str, Any]) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Vendor {row['id']} is inactive in Procore, which changes active ones only.",
            hint="Activate it there and replay this document, or dismiss it.",
            provider="procore",
        )
    )


def _stands_already(part: PartRef) -> ProviderError:
    """A refusal of our own: what stands there is then looked at, and adopted."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Procore already has a vendor with our origin id {part.reference}.",
            hint="Nothing was written.",
            provider="procore",
        )
    )


def _created(client: Any, part: PartRef, step: Step) -> Probe:
    """By our origin id, which Procore gives to one vendor only: its name may change, this not.

    One that says something else by now is told all of it again; one that somebody has switched
    off stays so until a person says otherwise.
    """
    state = _standing(client, [part]).get(part.reference)
    if state is None:
        return Absent()
    if not state.content[ACTIVE] and step.body["row"][ACTIVE]:
        return Conflict(
            words=f"Vendor {state.number} in Procore carries our origin id {part.reference}, but "
            "is inactive. Activate it there and replay this document, or dismiss it.",
            state=state,
        )
    return Found(state=state, as_meant=_says(state, step))


def _says(state: TargetState, step: Step) -> bool:
    """Whether the vendor says every field that the step sends."""
    row = step.body["row"]
    return all(same(name, value, state.content.get(name)) for name, value in row.items())


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
