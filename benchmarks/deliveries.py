"""Deliveries as Procore's hook sends them, to several receivers in turn and at a steady rate.

Receivers and a rate enter; deliveries with their times leave, one in twenty of them for the second
time, as Procore delivers at least once.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from benchmarks.sender import Answer, Delivery

COMPANY_ID = 4_030_017
REPEATED_ONE_IN = 20
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is sent to, and measured; with ``share`` 5 only every fifth event."""

    name: str
    port: int
    path: str
    share: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)

    def answers(self, answers: Iterable[Answer]) -> list[Answer]:
        """Those of this receiver."""
        return [answer for answer in answers if answer.delivery.to == self.name]

    def seconds(self, answers: Iterable[Answer]) -> list[float]:
        return [answer.seconds for answer in self.answers(answers)]


class Source:
    """Makes up ``rate`` events a second."""

    def __init__(self, receivers: Sequence[Receiver], rate: float) -> None:
        self._receivers = receivers
        self._rate = rate
        self._random = Random(20261122)
        self._count = 0

    def deliveries(self, seconds: float) -> Iterator[Delivery]:
        """Those of the next so many seconds, beginning now; the receivers of one in turn."""
        begin = time.monotonic()
        event: dict[str, object] = {}
        for number in range(int(seconds * self._rate)):
            if (number + 1) % REPEATED_ONE_IN:
                event = self._event()
            chosen = [one for one in self._receivers if number % one.share == 0]
            for place, receiver in enumerate(chosen):
                yield Delivery(
                    at=begin + (number + place / len(chosen)) / self._rate,
                    to=receiver.name,
                    port=receiver.port,
                    path=receiver.path,
                    headers={"Content-Type": "application/json", **receiver.headers},
                    body=json.dumps(event).encode(),
                    event=str(event["ulid"]),
                )

    def _event(self) -> dict[str, object]:
        self._count += 1
        return {
            "id": self._count,
            "ulid": "".join(self._random.choices(_ALPHABET, k=_ULID)),
            "timestamp": "2026-11-22T09:30:00.000000Z",
            "metadata": {
                "source_user_id": 41,
                "source_project_id": 7_001,
                "source_operation_id": None,
                "source_company_id": COMPANY_ID,
                "source_application_id": None,
            },
            "user_id": 41,
            "company_id": COMPANY_ID,
            "project_id": 7_001,
            "api_version": "v2.0",
            "event_type": "update",
            "resource_name": "Purchase Order Contracts",
            "resource_id": 8_000_000 + self._count,
        }
