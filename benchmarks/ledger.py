"""`python -m benchmarks.ledger`: how many records a second the engine reads into its ledger.

Each round takes orders that nobody has seen, and goes over them in turn: a plain bulk INSERT as the
floor, the first reading, the same orders saved again unchanged, and a poll that brings no news.
Prints medians with their ranges, and what each costs beside the floor of the same round.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from benchmarks.figures import spread
from benchmarks.machine import Usage
from benchmarks.service import measured_service

FLOOR = "floor"
# What is printed, by the name of the pass.
PASSES = {
    "floor": "floor: plain bulk INSERT",
    "first_read": "first reading",
    "read_again": "read again, unchanged",
    "listed_again": "listed again, no news",
}
Seconds = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    command = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    command.add_argument("--rounds", type=int, default=7)
    command.add_argument("--records", type=int, default=2_000, help="in each round")
    chosen = command.parse_args(arguments)
    with measured_service() as measured:
        passes = import_module("benchmarks.passes")
        orders = import_module("benchmarks.orders").Orders()
        passes.make_floor()
        rounds: list[Seconds] = []
        begin, used = time.monotonic(), Usage.now()
        for number in range(chosen.rounds + 1):
            numbers = range(number * chosen.records, (number + 1) * chosen.records)
            one = passes.Round(measured.tenant.job(), orders, numbers)
            rounds.append({name: getattr(one, name)() for name in PASSES})
            import_module("benchmarks.tenant").analyse()
        print(f"  {Usage.now().since(used).words(time.monotonic() - begin)}")
    # The first round warms up, and its planner has not seen the tables yet.
    report(rounds[1:], chosen.records)
    return 0


def report(rounds: Sequence[Seconds], records: int) -> None:
    """Rates, and the time of each pass as a multiple of the floor's in the same round."""
    print(f"  {len(rounds)} rounds of {records:,} records; median (slowest to fastest round)")
    print(f"  {'pass':<28}{'records/s':>28}{'times the floor':>26}")
    for name, words in PASSES.items():
        rates = spread([records / one[name] for one in rounds])
        ratios = spread([one[name] / one[FLOOR] for one in rounds], digits=1)
        print(f"  {words:<28}{rates:>28}{ratios:>26}")


if __name__ == "__main__":
    sys.exit(main())
