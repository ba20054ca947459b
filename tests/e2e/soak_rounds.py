"""One round of a soak: a company of random size, played while calls and processes fail.

A running service, its chaos and a seeded chance enter; what was found leaves as a Round.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.management import demo
from tests.e2e.builder import SCRIPT
from tests.e2e.chaos import Chaos
from tests.e2e.playing import Driver, Round, play
from tests.e2e.rounds import HASTY as HASTY
from tests.e2e.stack import Service

# Claims of a worker that stands still are over by then.
PAUSE_SECONDS = HASTY["claim_seconds"] + 2
CALLS = {"path_regex": "/api/"}
TARGETS = {"manufacturing": "zoho_books", "construction": "procore"}
AT_A_TIME = 5


def play_one(service: Service, chaos: Chaos, chance: random.Random, number: int) -> Round:
    """Both flows in turn."""
    name = ("manufacturing", "construction")[number % 2]
    service.load_all({name: sizes(name, chance)}, options=demo.SANDBOX_OPTIONS)
    example = replace(demo.EXAMPLES[name], slug=f"soak-{number}")
    integration = demo.seed(service.url, example, interval_minutes=60).integration
    service.control("DELETE", "faults?counts=1")
    service.control("POST", "faults", {"rules": faults(name, chance)})
    scripts: dict[str, Callable[[Driver], None]] = {
        "manufacturing": Driver.play_everything,
        "construction": partial(by_webhooks, service, chance),
    }

    def script(driver: Driver) -> None:
        scripts[name](driver)
        chaos.calm()
        # Whoever stood still may have something late to say.
        time.sleep(1)
        driver.settle("in the end")

    title = f"round {number + 1}, {name}"
    return play(
        service,
        title,
        integration,
        script,
        company=name,
        between=chaos.tick,
    )


def sizes(company: str, chance: random.Random) -> dict[str, int]:
    """How large a company is."""
    if company == "manufacturing":
        return {"orders": chance.randint(50, 70), "bills": chance.randint(104, 116)}
    return {"orders": chance.randint(132, 146), "edited": chance.randint(54, 60)}


def faults(company: str, chance: random.Random) -> list[dict[str, Any]]:
    """One in five writes loses its answer, one in ten calls gets 429, 500 or a broken body."""
    writes = {"provider": TARGETS[company], "write": True}
    rules: list[dict[str, Any]] = [
        {"kind": "drop_after", "match": writes, "probability": 0.2},
        {"kind": "status", "status": 429, "retry_after": "1", "match": CALLS, "probability": 0.025},
        {"kind": "status", "status": 500, "match": CALLS, "probability": 0.025},
        {"kind": "malformed_body", "match": CALLS, "probability": 0.025},
        {"kind": "truncated_body", "match": CALLS, "probability": 0.025},
    ]
    return [{**rule, "seed": chance.randint(1, 10**6)} for rule in rules]


def by_webhooks(service: Service, chance: random.Random, driver: Driver) -> None:
    """First sync; edits told by webhooks that go wrong, then by a poll; the missing mappings."""
    driver.settle("first sync")
    service.control("DELETE", "deliveries")
    seed = chance.randint(1, 10**6)
    service.control("POST", "deliveries", {**SCRIPT, "seed": seed, "first_pause": 0.2})
    name = driver.edit_by_and_by(most=AT_A_TIME, pause=0.25)
    driver.rest(f"{name} by webhooks")
    driver.run_now(sweep=True)
    driver.settle(f"{name}, webhooks and poll")
    mapped = driver.resolve()
    driver.run_now()
    driver.settle(f"{mapped} mappings resolved")


def faults_fired(service: Service) -> Counter[str]:
    """How many of each kind, in this round."""
    return Counter(service.control("GET", "faults")["fired"])


def webhooks_told(service: Service) -> Counter[str]:
    """What became of the webhooks of this round's edits."""
    told: Counter[str] = Counter()
    for counts in service.control("GET", "deliveries")["deliveries"].values():
        told.update({name: int(n) for name, n in counts.items() if isinstance(n, int)})
    return told
