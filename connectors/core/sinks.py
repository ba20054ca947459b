"""Several sinks as one: every kind of record has a sink of its own.

A part says of which kind it is; the call goes to that kind's sink. How a kind is written is not
known here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.core.decisions import Probe, Step
from connectors.core.errors import ProviderError
from connectors.core.flow import PartRef, Sink
from connectors.core.records import TargetState


class SinkByKind:
    """Several sinks as one; see ``core.flow.Sink``. Those of a batch are of one kind."""

    def __init__(self, sinks: Mapping[str, Sink]) -> None:
        self._sinks = sinks

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        return self._sinks[part.target_kind].perform(client, part, step)

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        return self._sinks[items[0][0].target_kind].perform_batch(client, items)

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        return self._sinks[part.target_kind].probe(client, part, step)

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        return self._sinks[part.target_kind].read(client, part)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        return self._sinks[target_kind].web_url(target_kind, target_id, profile)
