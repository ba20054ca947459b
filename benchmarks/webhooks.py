"""`python -m benchmarks.webhooks`: how fast Procore's webhooks are answered during a backfill.

The real web process, one tenant, and a first reading that takes all it can get, over servers that
lose nothing. A peer behind the same server is asked in turn with our door, first while nothing else
runs. Afterwards a worker follows what came in. Exit code 1 when a promise is not kept, with words
that say which.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from statistics import mean
from typing import Any

from benchmarks import deliveries, figures
from benchmarks.deliveries import Receiver
from benchmarks.figures import LATENCY_HEAD, Latencies
from benchmarks.machine import Usage
from benchmarks.peer import INSERT, NOTHING
from benchmarks.sender import Answer, send_all
from benchmarks.service import BACKFILL_BEGINS, Measured, measured_service
from config import parts
from config.processes import python_module
from config.stack import web_port

PROMISED_P99 = 250.0
PROMISED_RATE = 1_000.0
# The load that is promised, and a little more; how much the machine could take is another question.
PACE = 1_100.0
WARM_UP_SECONDS = 2.0
START_SECONDS = 5.0
# Peers get every so many of the events, so that it is our own door that makes the load.
PEERS_SHARE = 3
# Served as Granian serves Django best.
_PEER = ("--interface", "wsgi", "--no-ws", "--workers", "1", "--blocking-threads", "4")
PEER_APPLICATION = "benchmarks.peer_wsgi:application"
# A standstill; what it takes is printed.
FOLLOWED_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What came of it. The answers are those of all receivers."""

    receivers: Sequence[Receiver]
    history: int
    warm_up: Sequence[Answer]
    idle: Sequence[Answer]
    busy: Sequence[Answer]
    busy_between: tuple[float, float]
    backfills: Sequence[dict[str, Any]]

    @property
    def stored(self) -> int:
        return sum(one["stored"] for one in self.backfills)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, judge; gives the exit code."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.webhooks", description=__doc__)
    command.add_argument("--seconds", type=float, default=30, help="how long under the backfill")
    command.add_argument("--idle-seconds", type=float, default=10, help="how long beforehand")
    command.add_argument("--rate", type=float, default=50, help="webhooks a second")
    command.add_argument("--backfills", type=int, default=2, help="integrations at once")
    command.add_argument("--pace", type=float, default=PACE, help="records a second; 0 takes all")
    command.add_argument("--worker", action="store_true", help="follow them at once, not after")
    chosen = command.parse_args(arguments)
    with measured_service(integrations=chosen.backfills) as measured:
        receivers = _start(measured)
        if chosen.worker:
            measured.stack.start(parts.worker())
        done = _measure(measured, receivers, chosen)
        _print_latencies(done)
        if not chosen.worker:
            measured.stack.start(parts.worker())
        complaints = _judge_speed(done) + _judge_books(measured, done) + _judge_following(measured)
    for complaint in complaints:
        print(f"NOT KEPT: {complaint}")
    return 1 if complaints else 0


def _start(measured: Measured) -> list[Receiver]:
    """Start the doors, ours and the peer's; gives who is asked, ours first."""
    stack, tenant = measured.stack, measured.tenant
    import_module("benchmarks.tenant").make_table_of_peer()
    web = parts.web(web_port(stack))
    peer_port = parts.free_port()
    stack.start(web)
    stack.start(
        parts.Part(
            name="peer",
            argv=python_module("granian", *_PEER, "--port", str(peer_port), PEER_APPLICATION),
            ready_url=f"http://{parts.LOOPBACK}:{peer_port}/healthz",
        )
    )
    return [
        Receiver(
            name="our door",
            port=web_port(stack),
            path=tenant.path,
            headers={"Authorization": tenant.authorization},
        ),
        Receiver(name="peer: one plain INSERT", port=peer_port, path=INSERT, share=PEERS_SHARE),
        Receiver(name="peer: no database", port=peer_port, path=NOTHING, share=PEERS_SHARE),
    ]


def _measure(
    measured: Measured, receivers: Sequence[Receiver], load: argparse.Namespace
) -> Measurement:
    source = deliveries.Source(receivers, load.rate)
    warm_up = send_all(source.deliveries(WARM_UP_SECONDS))
    history = _history(measured)
    before = measured.tenant.documents_read()
    print(f"Nothing else runs for {load.idle_seconds:.0f} s ...", flush=True)
    idle = send_all(source.deliveries(load.idle_seconds))
    print(f"A backfill runs for {load.seconds:.0f} s ...", flush=True)
    _start_backfills(measured, load.seconds + 2 * WARM_UP_SECONDS, first=history, pace=load.pace)
    time.sleep(WARM_UP_SECONDS)
    begin, used = time.time(), Usage.now()
    busy = send_all(source.deliveries(load.seconds))
    end = time.time()
    print(f"  {Usage.now().since(used).words(end - begin)}")
    return Measurement(
        receivers=receivers,
        history=before,
        warm_up=warm_up,
        idle=idle,
        busy=busy,
        busy_between=(begin, end),
        backfills=_ends_of_backfills(measured),
    )


def _history(measured: Measured) -> int:
    """A database that is in use; gives how many documents each integration has."""
    _start_backfills(measured, WARM_UP_SECONDS, first=0, pace=0)
    stored = max(told["stored"] for told in _ends_of_backfills(measured))
    import_module("benchmarks.tenant").analyse()
    return int(stored)


def _start_backfills(measured: Measured, seconds: float, *, first: int, pace: float) -> None:
    """All run together for so long; the earlier ones wait for the later ones to start."""
    tenant, count = measured.tenant, len(measured.tenant.integration_ids)
    for later, integration_id in zip(reversed(range(count)), tenant.integration_ids, strict=True):
        of_whom = (tenant.tenant_id, integration_id, seconds + later * START_SECONDS)
        how = ("--first", first, "--pace", pace / count)
        measured.stack.start(
            parts.Part(
                name=f"backfill-{integration_id}",
                argv=python_module("benchmarks.backfill", *map(str, of_whom + how)),
                ready_text=BACKFILL_BEGINS,
            )
        )


def _ends_of_backfills(measured: Measured) -> list[dict[str, Any]]:
    """What each of them says at its end."""
    names = [f"backfill-{number}" for number in measured.tenant.integration_ids]
    while measured.stack.pids().keys() & set(names):
        time.sleep(0.1)
    return [_last_words(measured, name) for name in names]


def _last_words(measured: Measured, name: str) -> dict[str, Any]:
    said = measured.stack.log(name).read_text().splitlines()
    try:
        told: dict[str, Any] = json.loads(said[-1])
    except (IndexError, ValueError):
        raise RuntimeError("\n".join([f"{name} failed.", *said[-30:]])) from None
    return told


def _print_latencies(done: Measurement) -> None:
    print(LATENCY_HEAD)
    for when, answers in (("idle", done.idle), ("backfill", done.busy)):
        for receiver in done.receivers:
            print(Latencies.of(receiver.seconds(answers)).row(f"{when}, {receiver.name}"))
    print(Latencies.of([answer.late for answer in done.busy]).row("backfill, the sender itself"))
    of_door, *of_peers = (Latencies.of(one.seconds(done.busy)).p99 for one in done.receivers)
    floor = Latencies.of(done.receivers[0].seconds(done.idle)).p99
    ratios = [f"{of_door / floor:.1f} x its own when idle"]
    for peer, p99 in zip(done.receivers[1:], of_peers, strict=True):
        ratios.append(f"{of_door / p99:.1f} x {peer.name}")
    print(f"  our door's p99 during the backfill is {', '.join(ratios)}")


def _judge_speed(done: Measurement) -> list[str]:
    read_at = (instant for one in done.backfills for instant in one["read_at"])
    per_second = figures.per_second(read_at, *done.busy_between)
    rate = mean(per_second)
    print(
        f"  backfill: {rate:,.0f} records a second on average, {min(per_second):,} in the slowest "
        f"of {len(per_second)}; {done.stored:,} stored in all"
    )
    complaints = []
    p99 = Latencies.of(done.receivers[0].seconds(done.busy)).p99
    if p99 > PROMISED_P99:
        complaints.append(f"p99 is {p99:.0f} ms, above {PROMISED_P99:.0f} ms.")
    if rate < PROMISED_RATE:
        complaints.append(f"{rate:,.0f} records a second are below {PROMISED_RATE:,.0f}.")
    return complaints


def _judge_books(measured: Measured, done: Measurement) -> list[str]:
    """A fast wrong answer does not count: what was accepted is there, once."""
    answers = done.receivers[0].answers([*done.warm_up, *done.idle, *done.busy])
    accepted = {one.delivery.event for one in answers if one.status == 200}
    refused = [one.status for one in answers if one.status != 200]
    stored = measured.tenant.inbox()
    print(
        f"  our door: {len(answers):,} deliveries of {len(accepted):,} events, "
        f"{len(answers) - len(refused):,} accepted, {stored.total():,} stored"
    )
    complaints = []
    if refused:
        complaints.append(f"{len(refused)} deliveries were answered {sorted(set(refused))}.")
    if set(stored) != accepted or stored.total() != len(accepted):
        complaints.append(f"{len(accepted)} events were accepted, {stored.total()} are stored.")
    read = measured.tenant.documents_read() - done.history
    if read != done.stored:
        complaints.append(f"{done.stored} records were read, {read} are stored.")
    return complaints


def _judge_following(measured: Measured) -> list[str]:
    """Hints that nobody follows would be worth nothing."""
    begin, waiting = time.monotonic(), measured.tenant.pending()
    while (left := measured.tenant.pending()) and time.monotonic() < begin + FOLLOWED_SECONDS:
        time.sleep(0.2)
    seconds = time.monotonic() - begin
    print(f"  a worker followed the {waiting - left:,} that were left in {seconds:.1f} s")
    return [f"{left} events were not followed."] if left else []


if __name__ == "__main__":
    sys.exit(main())
