"""The queue of outgoing webhook deliveries, and the task that sends them.

Simulators put deliveries in from any thread; while the server runs, each leaves when its time has
come on the simulated clock. At least once, in due order, with the retries that the provider's
settings say.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp

from connectors.sandbox.clock import Clock
from connectors.sandbox.deliveries.delivery import (
    DELIVERED,
    DISCARDED,
    FAILED,
    LOST,
    RETRYING,
    SENDING,
    Delivery,
    require_loopback,
)
from connectors.sandbox.deliveries.endpoint import Endpoint
from connectors.sandbox.deliveries.posting import post
from connectors.sandbox.deliveries.script import Script, Settings
from connectors.sandbox.deliveries.tally import Tally


class Outbox:
    """Deliveries of all providers. ``start`` and ``stop`` belong to the server's loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._defaults: dict[str, Settings] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._number = 0
        self.clear()
        clock.listen(self._ring)

    def clear(self) -> None:
        """Forget everything that waits, the counts and the scripts."""
        self.tally = Tally()
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._scripts = {name: Script(settings) for name, settings in self._defaults.items()}
        self._ring()

    def introduce(self, provider: str, settings: Settings) -> None:
        """How a provider delivers when nobody says otherwise."""
        self._defaults[provider] = settings
        self._scripts[provider] = Script(settings)

    # What simulators and the control door use

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery; safe from any thread."""
        require_loopback(delivery.url)
        if self._loop is not None and threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self._accept, delivery)
        else:
            self._accept(delivery)

    def script(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Set what goes wrong, for one provider or for all; counting starts anew for seeds."""
        changes = dict(raw)
        provider = changes.pop("provider", None)
        if provider is not None and provider not in self._scripts:
            raise LookupError(f"{provider} delivers nothing; there is {sorted(self._scripts)}.")
        names = [provider] if provider else list(self._scripts)
        changed = {name: self._scripts[name].settings.changed(changes) for name in names}
        self._scripts |= {name: Script(settings) for name, settings in changed.items()}
        self._ring()
        return self.summary()

    def summary(self) -> dict[str, Any]:
        scripts = {name: script.settings.shown() for name, script in self._scripts.items()}
        return {"deliveries": self.tally.summary(), "script": scripts}

    def rows(self, provider: str | None, since: int) -> list[dict[str, Any]]:
        """Single deliveries, oldest first."""
        return [
            one.row()
            for one in self.tally.kept()
            if one.number > since and provider in (None, one.provider)
        ]

    def history(self, provider: str, source: str) -> list[Delivery]:
        """All deliveries of one hook or rule that are still known."""
        return [
            one for one in self.tally.kept() if (one.provider, one.source) == (provider, source)
        ]

    async def idle(self, seconds: float) -> bool:
        """Wait until nothing waits to be sent; false when that took too long."""
        deadline = time.monotonic() + seconds
        while self.tally.pending():
            self._idle.clear()
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                await asyncio.wait_for(self._idle.wait(), left)
            except TimeoutError:
                return not self.tally.pending()
        return True

    # The life of the server

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._session = aiohttp.ClientSession()
        self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        running = [task for task in (self._runner, *self._tasks) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._loop = self._runner = self._session = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._start_due()
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    def _start_due(self) -> float | None:
        """Start what is due; the seconds until more may be, None when nothing waits."""
        now = self._now()
        for (provider, _), endpoint in list(self._endpoints.items()):
            settings = self._scripts[provider].settings
            while delivery := endpoint.next(now, settings):
                endpoint.active += 1
                delivery.state, delivery.started = SENDING, now
                task = asyncio.create_task(self._deliver(delivery, endpoint, settings))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        later = [due - now for one in self._endpoints.values() if (due := one.due(now)) > now]
        soonest = min(later, default=float("inf"))
        return None if soonest == float("inf") else max(soonest, 0.001)

    # One delivery

    def _accept(self, delivery: Delivery) -> None:
        now = self._now()
        fate = self._scripts[delivery.provider].fate()
        self.tally.count(delivery.provider, "made")
        delivery.made, delivery.due = now, now + fate.delay
        if fate.lost:
            delivery.state, delivery.finished = LOST, now
            self.tally.count(delivery.provider, "lost")
            self._number += 1
            delivery.number = self._number
            self.tally.keep(delivery)
            return
        if fate.delay:
            self.tally.count(delivery.provider, "delayed")
        self._queue(delivery)
        if fate.copy_after is not None:
            self.tally.count(delivery.provider, "duplicated")
            copy = replace(delivery, copy_of=delivery.number, answer_seconds=[])
            copy.due += fate.copy_after
            self._queue(copy)

    def _queue(self, delivery: Delivery) -> None:
        self._number += 1
        delivery.number = self._number
        self.tally.keep(delivery)
        key = (delivery.provider, delivery.url)
        self._endpoints.setdefault(key, Endpoint()).push(delivery)
        self._ring()

    async def _deliver(self, delivery: Delivery, endpoint: Endpoint, settings: Settings) -> None:
        tally = self.tally
        if delivery.attempts:
            tally.count(delivery.provider, "retried")
        delivery.attempts += 1
        tally.count(delivery.provider, "sent")
        began = time.perf_counter()
        delivery.status, delivery.problem = await post(self._session, delivery, settings)
        seconds = time.perf_counter() - began
        endpoint.active -= 1
        if delivery.status is None:
            tally.count(delivery.provider, "unanswered")
        else:
            tally.took(delivery.provider, seconds)
            delivery.answer_seconds.append(round(seconds, 4))
        if delivery.status is not None and 200 <= delivery.status < 300:
            tally.count(delivery.provider, "answered")
            delivery.state, delivery.finished = DELIVERED, self._now()
            endpoint.succeeded()
        else:
            if delivery.status is not None:
                tally.count(delivery.provider, "refused")
            self._failed(delivery, endpoint, settings, tally)
        self._ring()

    def _failed(
        self, delivery: Delivery, endpoint: Endpoint, settings: Settings, tally: Tally
    ) -> None:
        now = self._now()
        if settings.retries is not None and delivery.attempts > settings.retries:
            delivery.state, delivery.finished = FAILED, now
            tally.count(delivery.provider, "failed")
            return
        delivery.state = RETRYING
        if settings.pauses_address:
            too_long = endpoint.failed(delivery.started, now, settings)
        else:
            grown = settings.first_pause * 2 ** (delivery.attempts - 1)
            delivery.due = now + min(grown, settings.largest_pause)
            too_long = delivery.due - delivery.made >= settings.give_up_after
        dropped = [delivery]
        if too_long and settings.pauses_address:
            dropped += endpoint.flush()
        if not too_long:
            endpoint.push(delivery)
            return
        for one in dropped:
            one.state, one.finished = DISCARDED, now
            tally.count(one.provider, "discarded")

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _ring(self) -> None:
        """Let the sender look again; safe from any thread."""
        if self._loop is None:
            return
        if threading.get_ident() == self._thread:
            self._signal()
        else:
            self._loop.call_soon_threadsafe(self._signal)

    def _signal(self) -> None:
        self._wake.set()
        self._idle.set()
