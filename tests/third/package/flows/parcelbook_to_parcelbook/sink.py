"""The receiving house: does one step, or looks whether it has happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from tests.third.package.flows.parcelbook_to_parcelbook.decide import ANNOUNCE, CHANGE, CREATE
from tests.third.package.providers.parcelbook.records import delivery_state


class DeliverySink:
    """What the engine calls; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        """One step of one delivery."""
        if step.action == CREATE:
            return delivery_state(
                client.create_delivery({"reference": part.reference, **step.body})
            )
        if step.action == CHANGE:
            return delivery_state(client.change_delivery(part.target_id, step.body))
        if step.action == ANNOUNCE:
            return delivery_state(client.announce_delivery(part.target_id))
        raise BadInputError(f"no step {step.action!r} for a delivery")

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        """Parcelbook takes one at a time; one's refusal is not the others'."""
        return [self._tried(client, part, step) for part, step in items]

    def _tried(self, client: Any, part: PartRef, step: Step) -> TargetState | ProviderError:
        try:
            return self.perform(client, part, step)
        except ProviderError as error:
            return error

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """By our reference before we know an id, by the id afterwards."""
        if step.action == CREATE:
            rows = [row for page in client.deliveries(part.reference) for row in page.rows]
            return Found(state=delivery_state(rows[0])) if rows else Absent()
        state = self.read(client, part)
        if state is None:
            return Conflict(words=f"Delivery {part.number} is no longer there.")
        meant = state.status == step.status if step.status else state.content == dict(step.body)
        return Found(state=state) if meant else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The delivery as it stands; None when it is gone."""
        try:
            return delivery_state(client.delivery(part.target_id))
        except ProviderError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        del target_kind
        root = str(profile.get("web_root") or "")
        return f"{root}/deliveries/{target_id}" if root and target_id else ""
