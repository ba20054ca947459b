"""`python -m tests.e2e.soak --seed 7 --minutes 3`: companies synced while everything goes wrong.

Round after round, in turn for both flows: a company of random size, calls that fail, webhooks that
are late, doubled and lost, and blows against workers, web, beat and Redis. Leases and claims end by
the clock alone. Exit code 0 only if the books of every stage are the ones that were written down
and enough has gone wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from config import parts
from tests.e2e.chaos import BAG, WORKERS, Chaos
from tests.e2e.report import Report
from tests.e2e.stack import Service, running_service

FEWEST_ROUNDS = 2
BLOWS_A_ROUND = 12
FEWEST_BLOWS_A_ROUND = 4
# Of each kind, for every round.
FEWEST_FAULTS = {"drop_after": 3, "status": 2, "malformed_body": 1, "truncated_body": 1}
FEWEST_WEBHOOKS = {"lost": 2, "duplicated": 2, "delayed": 2}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play rounds until the time is over; gives the exit code."""
    command = argparse.ArgumentParser(prog="soak", description=__doc__)
    command.add_argument("--seed", type=int, help="one that was printed, to repeat what it chose")
    command.add_argument("--minutes", type=float, default=30, help="no round begins after so long")
    command.add_argument("--keep", type=Path, help="folder for data and logs, kept afterwards")
    chosen = command.parse_args(arguments)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randint(1, 10**6)
    print(f"seed {seed}, {chosen.minutes:g} minutes", flush=True)
    report = Report(name="soak")
    with ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        service = stack.enter_context(running_service(folder))
        try:
            soak(service, report, random.Random(seed), 60 * chosen.minutes)
        except AssertionError as error:
            report.complaints.append(str(error))
        print(service.stack.run("verify_audit").strip().splitlines()[-1])
        report.complaints += service.errors_logged(*WORKERS, "beat", "web")
    code = report.conclude()
    if code:
        print(f'Repeat with: make soak ARGS="--seed {seed} --minutes {chosen.minutes:g}"')
    return code


def soak(service: Service, report: Report, chance: random.Random, seconds: float) -> None:
    """Rounds in one service, and what they met counted against what they should have met."""
    # Only now is Django set up, which everything with models needs.
    rounds = import_module("tests.e2e.soak_rounds")
    service.use_engine(**rounds.HASTY)
    service.stack.start(parts.worker("second"))
    chaos = Chaos(service, chance, pause_seconds=rounds.PAUSE_SECONDS)
    faults: Counter[str] = Counter()
    webhooks: Counter[str] = Counter()
    ends, played = time.monotonic() + seconds, 0
    while played < FEWEST_ROUNDS or time.monotonic() < ends:
        chaos.begin(BLOWS_A_ROUND)
        report.take(rounds.play_one(service, chaos, chance, played))
        faults.update(rounds.faults_fired(service))
        webhooks.update(rounds.webhooks_told(service))
        played += 1
    print(f"{played} rounds")
    wanted = {
        "blows": (chaos.blows, dict.fromkeys(BAG, played // 2)),
        "faults": (faults, {kind: least * played for kind, least in FEWEST_FAULTS.items()}),
        "webhooks": (
            webhooks,
            {kind: least * (played // 2) for kind, least in FEWEST_WEBHOOKS.items()},
        ),
    }
    for title, (found, least) in wanted.items():
        report.complaints += counted(title, found, least)
    if chaos.blows.total() < FEWEST_BLOWS_A_ROUND * played:
        report.complaints.append(f"only {chaos.blows.total()} blows in {played} rounds")


def counted(title: str, found: Counter[str], least: dict[str, int]) -> list[str]:
    """Print how often each kind happened; gives what happened too rarely."""
    print(f"{title}: {', '.join(f'{kind} {found[kind]}' for kind in sorted({*found, *least}))}")
    return [
        f"{title}: {kind} happened {found[kind]} times, {number} wanted"
        for kind, number in least.items()
        if found[kind] < number
    ]


if __name__ == "__main__":
    sys.exit(main())
