"""Posts deliveries at fixed times, whether or not the earlier ones have been answered.

Times, addresses and bodies enter; answers leave, each with the seconds since the time at which its
delivery was to be sent. A sender that waited for slow answers would send less just when it hurts,
and so flatter the receiver.
"""

import http.client
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What goes to whom; ``event`` is how it is recognised afterwards. ``at``: time.monotonic()."""

    at: float
    to: str
    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``status`` is 0 where none came; ``late`` are those of the seconds that the sender took."""

    delivery: Delivery
    status: int
    seconds: float
    late: float = 0.0


def send_all(deliveries: Iterable[Delivery], *, senders: int = 32) -> list[Answer]:
    """Send each at its time, from so many threads; returns when all are answered or given up."""
    queue = _Queue(deliveries)
    answers: list[Answer] = []
    threads = [threading.Thread(target=_send_some, args=(queue, answers)) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class _Queue:
    """Hands each delivery to one thread."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._next: Iterator[Delivery] = iter(deliveries)
        self._lock = threading.Lock()

    def take(self) -> Delivery | None:
        with self._lock:
            return next(self._next, None)


def _send_some(queue: _Queue, answers: list[Answer]) -> None:
    while (delivery := queue.take()) is not None:
        time.sleep(max(0.0, delivery.at - time.monotonic()))
        late = time.monotonic() - delivery.at
        status = _send(delivery)
        seconds = time.monotonic() - delivery.at
        answers.append(Answer(delivery=delivery, status=status, seconds=seconds, late=late))


def _send(delivery: Delivery) -> int:
    """On a line of its own, as providers and many proxies do."""
    line = http.client.HTTPConnection("127.0.0.1", delivery.port, timeout=_PATIENCE)
    try:
        line.request("POST", delivery.path, delivery.body, dict(delivery.headers))
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        line.close()
