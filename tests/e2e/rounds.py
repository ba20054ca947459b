"""The rounds of the check: which company, under which weather, and what must have happened.

A running service enters; what was found leaves as a Round, and complaints are added to a list.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from connectors.management import demo
from connectors.models import Integration
from tests.e2e import builder, cases, ledger
from tests.e2e.playing import Driver, Round, play
from tests.e2e.stack import Service, wait_until

ORDERS, BILLS = 300, 400
SMALL_ORDERS, SMALL_BILLS = 60, 110
PACED_BILLS = 90
LIMIT_PER_MINUTE = 100
BUILDER_ORDERS, BUILDER_EDITED = 300, 200

# Looks come sooner than in production, but later than the slowest look-up of the fault script.
HASTY = {
    "claim_seconds": 9,
    "write_seconds": 4,
    "settle_seconds": 4,
    "retry_first_seconds": 1,
    "retry_most_seconds": 8,
    "run_lease_seconds": 15,
}
VISIBILITY_SECONDS = 3
WRITES = {"provider": "zoho_books", "write": True}
CALLS = {"path_regex": "/api/"}
# One in five writes loses its answer after it was done; one in ten calls gets 429, 500 or a
# broken body.
FAULTS: list[dict[str, Any]] = [
    {"kind": "drop_after", "match": WRITES, "probability": 0.2},
    {"kind": "status", "status": 429, "retry_after": "1", "match": CALLS, "probability": 0.025},
    {"kind": "status", "status": 500, "match": CALLS, "probability": 0.025},
    {"kind": "malformed_body", "match": CALLS, "probability": 0.025},
    {"kind": "truncated_body", "match": CALLS, "probability": 0.025},
]
# At least so many of each kind, or the round has proved nothing.
MINIMUM = {"drop_after": 15, "status": 10, "malformed_body": 4, "truncated_body": 4}


def whole_company(service: Service, complaints: list[str]) -> Round:
    """The demo's first company, as its own command sets it up."""
    integration = _as_in_the_demo(service, "manufacturing", orders=ORDERS, bills=BILLS)
    made = play(service, "main", integration, Driver.play_everything)
    complaints += cases.unlike(made.company, made.last.cases)
    return made


def the_builder(service: Service, complaints: list[str]) -> Round:
    """The demo's second company, told by webhooks that are late, doubled and lost."""
    sizes = {"orders": BUILDER_ORDERS, "edited": BUILDER_EDITED}
    integration = _as_in_the_demo(service, "construction", **sizes)
    made = play(
        service,
        "builder",
        integration,
        partial(builder.under_webhooks, service, complaints, BUILDER_EDITED),
        company="construction",
    )
    complaints += cases.unlike(made.company, made.last.cases)
    return made


def with_faults(service: Service, complaints: list[str]) -> Round:
    """Lost answers, refused and broken calls, look-ups that lag behind: the same books."""
    service.use_engine(**HASTY)
    options = {**demo.SANDBOX_OPTIONS, "visibility_delay": VISIBILITY_SECONDS}
    service.load(options=options, orders=SMALL_ORDERS, bills=SMALL_BILLS)
    integration = _connect(service, "faults")
    service.control("POST", "faults", {"rules": FAULTS})
    made = play(
        service,
        "faults",
        integration,
        Driver.play_everything,
        # What people add at Zoho Books is visible only then.
        lag_seconds=VISIBILITY_SECONDS + 0.5,
    )
    complaints += cases.unlike(made.company, made.last.cases)
    fired = service.control("GET", "faults")["fired"]
    service.control("DELETE", "faults")
    print(f"  faults fired: {' '.join(f'{kind}={n}' for kind, n in sorted(fired.items()))}")
    for kind, least in MINIMUM.items():
        if fired.get(kind, 0) < least:
            complaints.append(f"only {fired.get(kind, 0)} faults of kind {kind}, {least} wanted")
    return made


def under_default_limits(service: Service, complaints: list[str]) -> Round:
    """Zoho's 100 calls a minute, kept by us and enforced by the simulator; Redis is lost midway.

    Its books are kept in another currency than Procurify's, which needs a company of its own.
    """
    service.load(plain=True, orders=1, bills=PACED_BILLS, zoho_base="CAD")
    integration = _connect(service, "paced", default_limits=True)

    def script(driver: Driver) -> None:
        wait_until("half of the bills", lambda: _half_posted(service), seconds=240)
        service.lose_redis()
        driver.settle("first sync, Redis lost midway")

    made = play(service, "paced", integration, script)
    complaints += cases.unlike(cases.OTHER_BASE, made.last.cases)
    calls = service.control("GET", "totals")["totals"]["zoho_books"]["requests"]
    refused = service.answered("zoho_books", 429)
    print(f"  calls to Zoho Books: {calls}, answered with 429: {refused}")
    if refused or calls <= LIMIT_PER_MINUTE:
        complaints.append(f"{calls} calls, {refused} of them answered with 429")
    return made


def _as_in_the_demo(service: Service, company: str, **sizes: int) -> Integration:
    """Load a company and let the demo's own command set it up."""
    service.load_all({company: sizes}, options=demo.SANDBOX_OPTIONS)
    ids = json.loads(service.stack.run("seed_demo", "--json").splitlines()[-1])[company]
    return ledger.integration(ids["tenant"], ids["integration"])


def _half_posted(service: Service) -> bool | str:
    posted = service.answered("zoho_books", 201)
    return posted > PACED_BILLS / 2 or f"{posted} posted"


def _connect(service: Service, name: str, *, default_limits: bool = False) -> Integration:
    example = demo.Example(slug=name, name=name.title(), time_zone="UTC")
    seeded = demo.seed(service.url, example, default_limits=default_limits, interval_minutes=60)
    return seeded.integration


ROUNDS: dict[str, Callable[[Service, list[str]], Round]] = {
    "main": whole_company,
    "faults": with_faults,
    "builder": the_builder,
    "paced": under_default_limits,
}
