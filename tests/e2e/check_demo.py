"""`python -m tests.e2e.check_demo`: the main job over real processes, compared to the cent.

Three rounds on free ports: the whole company; a smaller one while calls fail, answers are lost and
look-ups lag behind; a small one under Zoho's own limits. Exit code 0 only if the books of every
stage are the ones that were written down.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.stack import running_service

if TYPE_CHECKING:
    from tests.e2e.rounds import Round

LIMIT_SECONDS = 240
AT_REST = ("posted", "waiting", "held", "cancelled", "not_applicable")
ROUNDS = ("main", "faults", "paced")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds; gives the exit code."""
    command = argparse.ArgumentParser(prog="check_demo", description=__doc__)
    command.add_argument("--keep", type=Path, help="folder for data and logs, kept afterwards")
    command.add_argument("--only", choices=ROUNDS, action="append", help="some rounds alone")
    chosen = command.parse_args(arguments)
    started = time.monotonic()
    complaints: list[str] = []
    with ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(running_service(folder))
        print(f"Everything is up after {time.monotonic() - started:.1f} s.", flush=True)
        # Only now is Django set up, which everything with models needs.
        rounds = import_module("tests.e2e.rounds")
        found = [rounds.ROUNDS[name](service, complaints) for name in chosen.only or ROUNDS]
        print(service.stack.run("verify_audit").strip().splitlines()[-1])
        complaints += service.errors_logged()
    seconds = time.monotonic() - started
    if seconds > LIMIT_SECONDS:
        complaints.append(f"{seconds:.0f} s is longer than the {LIMIT_SECONDS} s it may take")
    print(f"{seconds:.0f} s in all.")
    return conclude(found, complaints)


def conclude(found: "list[Round]", complaints: list[str]) -> int:
    """Say everything that is wrong, then the one line; gives the exit code."""
    for made in found:
        for stage, result in made.results:
            if not result.ok:
                complaints.append(f"{made.name}, {stage}: the books are not as written down")
    count = {state: sum(made.count(state) for made in found) for state in AT_REST}
    documents = sum(len(made.rows) for made in found)
    if documents != sum(count.values()):
        complaints.append(f"{documents} documents, but at rest {count}")
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    results = [result for made in found for _, result in made.results]
    print(
        f"check-demo: documents={documents} posted={count['posted']} "
        f"waiting={count['waiting']} held={count['held']} "
        f"duplicates={sum(len(result.duplicates) for result in results)} "
        f"lost={sum(len(result.lost) for result in results)} "
        f"cents_off={sum(result.cents_off for result in results)}"
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
