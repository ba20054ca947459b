"""The Zoho Books side: does one step by one call, or looks whether it has happened.

A step with its part enters, the target's state leaves. Nothing is looked up before a write; who
asks for a probe, and when, is not decided here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.records import Raw, TargetState
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.comparing import line_ids, says
from connectors.flows.procurify_to_zoho_books.long_texts import naming_places
from connectors.flows.procurify_to_zoho_books.plan import CREATE, SET_STATUS, UPDATE, reached
from connectors.flows.procurify_to_zoho_books.words import BILLS, DEAD, ORDERS, taken
from connectors.providers.zoho_books.records import bill_state, purchase_order_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of record is written, read and found."""

    title: str
    path: str
    state: Callable[[Raw], TargetState]
    create: Callable[[Any, Mapping[str, Any]], Raw]
    update: Callable[[Any, str, Mapping[str, Any]], Raw]
    get: Callable[[Any, str], Raw]
    by_reference: Callable[[Any, PartRef], Sequence[Raw]]
    by_number: Callable[[Any, PartRef], Sequence[Raw]]
    dead: Mapping[str, str]


KINDS: Mapping[str, Kind] = {
    ORDERS: Kind(
        title="purchase order",
        path="purchaseorders",
        state=purchase_order_state,
        create=lambda client, body: client.create_purchase_order(body),
        update=lambda client, key, body: client.update_purchase_order(key, body),
        get=lambda client, key: client.purchase_order(key),
        by_reference=lambda client, part: client.find_purchase_orders(reference=part.reference),
        by_number=lambda client, part: client.find_purchase_orders(number=part.number),
        # One that was cancelled cannot be opened again.
        dead={"cancelled": "cancelled"},
    ),
    BILLS: Kind(
        title="bill",
        path="bills",
        state=bill_state,
        create=lambda client, body: client.create_bill(body),
        update=lambda client, key, body: client.update_bill(key, body),
        get=lambda client, key: client.bill(key),
        by_reference=lambda client, part: client.find_bills(reference=part.reference),
        by_number=lambda client, part: client.find_bills(
            number=part.number, vendor_id=part.vendor_key
        ),
        dead={"void": "voided"},
    ),
}


class ZohoBooksSink:
    """What the engine calls; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        """One call. Its answer is the target's own word on what now stands there."""
        kind = KINDS[part.target_kind]
        try:
            if step.action == CREATE:
                return _written(kind, part, kind.create(client, step.body))
            if step.action == UPDATE:
                return _written(kind, part, kind.update(client, part.target_id, step.body))
        except ProviderError as error:
            raise naming_places(error, step.body) from error
        if step.action == SET_STATUS and part.target_kind == ORDERS:
            client.set_purchase_order_status(part.target_id, step.status)
            return _after_status(part, step)
        raise BadInputError(f"no step {step.action!r} for a {kind.title} in Zoho Books")

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        """Zoho Books takes one record per call, and no step of this flow asks for a batch."""
        raise BadInputError(f"Zoho Books has no call for {len(items)} records at once")

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        kind = KINDS[part.target_kind]
        if step.action == CREATE:
            return _probe_create(kind, client, part, step)
        state = self.read(client, part)
        if state is None:
            return Conflict(
                words=f"The {kind.title} {part.number} is no longer in Zoho Books. Post it anew, "
                "restore it there and replay, or dismiss this document."
            )
        if step.action == UPDATE:
            return Found(state=state) if says(state, part, step.body) else Absent()
        return Found(state=state) if reached(step.status, state.status) else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The record as it stands; None when it is gone."""
        kind = KINDS[part.target_kind]
        try:
            raw = kind.get(client, part.target_id)
        except ProviderError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return _state(kind, part, raw)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """Where a person sees the record; empty while the organisation is not known."""
        root = str(profile.get("web_root") or "")
        return f"{root}#/{KINDS[target_kind].path}/{target_id}" if root and target_id else ""


def _probe_create(kind: Kind, client: Any, part: PartRef, step: Step) -> Probe:
    """By our mark first; a record with the number alone is somebody else's."""
    ours = kind.by_reference(client, part)
    if len(ours) > 1:
        return Conflict(
            words=f"{len(ours)} {kind.title}s in Zoho Books carry our reference {part.reference}. "
            "Delete all but one there, then replay."
        )
    if ours:
        return _adopt(kind, client, part, step, kind.state(ours[0]))
    numbered = [kind.state(raw) for raw in kind.by_number(client, part)]
    for state in numbered:
        # It may have become visible between the two looks.
        if state.reference == part.reference:
            return _adopt(kind, client, part, step, state)
    rivals = [state for state in numbered if _same_year(part, state)]
    if rivals:
        used_up = part.target_kind == ORDERS and rivals[0].status in DEAD
        return Conflict(
            words=taken(kind.title, rivals[0]),
            state=rivals[0],
            reason=Reason.NUMBER_USED if used_up else Reason.DUPLICATE_SUSPECTED,
        )
    return Absent()


def _same_year(part: PartRef, state: TargetState) -> bool:
    """Whether the number is taken for ours, too: a bill's may repeat in another fiscal year."""
    year = part.payload.get("fiscal_year")
    day = str(state.content.get("date", ""))
    return not year or not day or str(year[0]) <= day <= str(year[1])


def _adopt(kind: Kind, client: Any, part: PartRef, step: Step, head: TargetState) -> Probe:
    """Ours, whatever number, vendor or total it has by now: the mark is what is unique.

    The detail is read for its lines' ids, and for whether it says what the step would say.
    """
    state = ZohoBooksSink().read(client, replace(part, target_id=head.target_id))
    if state is None:
        return Absent()
    if state.status in kind.dead:
        return Conflict(
            words=f"The {kind.title} {state.number} that we posted was {kind.dead[state.status]} "
            "in Zoho Books. Delete it there and replay to post it anew, or dismiss this document.",
            state=state,
        )
    return Found(state=state, as_meant=says(state, part, step.body))


def _written(kind: Kind, part: PartRef, raw: Raw) -> TargetState:
    """The answer to a write. One that cannot be read leaves the write's fate to a probe."""
    try:
        return _state(kind, part, raw)
    except BadInputError as error:
        raise UnknownOutcomeError(
            ErrorFacts(
                kind=ErrorKind.UNKNOWN_OUTCOME,
                message=f"Zoho Books wrote the {kind.title}, but its answer is unreadable: {error}",
                provider="zoho_books",
            )
        ) from error


def _state(kind: Kind, part: PartRef, raw: Raw) -> TargetState:
    state = kind.state(raw)
    return replace(state, lines=line_ids(part.payload, state, part.lines))


def _after_status(part: PartRef, step: Step) -> TargetState:
    """A status call answers with no record: what is known is that it was taken."""
    return TargetState(
        target_id=part.target_id,
        number=part.number,
        status=step.status,
        total=None,
        currency="",
        reference=part.reference,
        vendor_key=part.vendor_key,
    )
