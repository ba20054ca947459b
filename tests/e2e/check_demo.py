"""`python -m tests.e2e.check_demo`: the main job over real processes, compared to the cent.

Four rounds on free ports: the demo's first company; a smaller one while calls fail, answers are
lost and look-ups lag behind; the second company, under webhooks that are late, doubled and lost;
and one under Zoho's own limits. Exit code 0 only if the books of every stage are the ones that were
written down.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from config.env import BASE_DIR
from config.processes import kill_session, python_module, spawn
from tests.e2e.report import Report, before_the_end
from tests.e2e.stack import running_service

# What it takes on two quiet cores. A busy machine takes longer, which is said and no fault.
STATED_SECONDS = 240
ROUNDS = ("main", "faults", "builder", "paced")
# Each in a service of its own beside the others: one waits for minutes to pass more than it works,
# and the other has a worker's worth of work.
BESIDE = ("paced", "builder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds; gives the exit code."""
    command = argparse.ArgumentParser(prog="check_demo", description=__doc__)
    command.add_argument("--keep", type=Path, help="folder for data and logs, kept afterwards")
    command.add_argument("--only", choices=ROUNDS, action="append", help="some rounds alone")
    chosen = command.parse_args(arguments)
    started = time.monotonic()
    with ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if chosen.only:
            report = play(folder / "rounds", chosen.only)
        else:
            with ExitStack() as others:
                beside = [others.enter_context(round_beside(folder, name)) for name in BESIDE]
                report = play(folder / "rounds", [name for name in ROUNDS if name not in BESIDE])
                for process in beside:
                    process.wait()
            for name in BESIDE:
                said = (folder / name / "said.log").read_text()
                print(before_the_end(said))
                report.add_said(said)
    seconds = time.monotonic() - started
    late = f", longer than the stated {STATED_SECONDS} s" if seconds > STATED_SECONDS else ""
    print(f"{seconds:.0f} s in all{late}.")
    return report.conclude()


def play(folder: Path, names: Sequence[str]) -> Report:
    """Play rounds one after the other in one service."""
    report = Report()
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with running_service(folder) as service:
        print(f"Everything is up after {time.monotonic() - started:.1f} s.", flush=True)
        # Only now is Django set up, which everything with models needs.
        rounds = import_module("tests.e2e.rounds")
        for name in names:
            report.take(rounds.ROUNDS[name](service, report.complaints))
        print(service.stack.run("verify_audit").strip().splitlines()[-1])
        report.complaints += service.errors_logged()
    return report


@contextmanager
def round_beside(parent: Path, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The same program with one round, in a process whose words go to a file."""
    folder = parent / name
    folder.mkdir(parents=True, exist_ok=True)
    command = python_module("tests.e2e.check_demo", "--only", name, "--keep", str(folder))
    with (folder / "said.log").open("wb") as output:
        process = spawn(command, cwd=BASE_DIR, output=output)
        try:
            yield process
        finally:
            kill_session(process)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
