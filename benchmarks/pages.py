"""`python -m benchmarks.pages`: how long the server takes for each page of a large workspace.

Each page is asked several times in one process, with the middlewares that production has; the
public sign-in check of an unknown address is the floor. Prints medians, and each beside the floor.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from statistics import median
from typing import Any

from benchmarks.service import measured_service

AIM_MS = 150
WORKSPACE = (
    "",
    "review/",
    "documents/",
    "documents/?q=DOC-4711",
    "documents/?q=dor%204711%20trad",
    "documents/?q=4%2C711.00",
    "mappings/",
    "integrations/",
    "integrations/{integration}/",
    "integrations/{integration}/agreement/",
    "connections/",
    "activity/",
    "activity/?q=DOC-4711",
    "settings/",
)
STAFF = (
    "",
    "connectors/document/",
    "connectors/document/?q=DOC-4711",
    "connectors/integration/",
    "connectors/connection/",
    "connectors/run/",
    "connectors/mapping/",
    "connectors/mappingfailure/",
    "connectors/referenceitem/",
    "connectors/inboxevent/",
    "connectors/webhookendpoint/",
    "audit/auditevent/",
    "tenants/tenant/",
    "tenants/user/",
)


def main(arguments: Sequence[str] | None = None) -> int:
    command = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    command.add_argument("--times", type=int, default=5, help="requests of each page")
    for name, number in (("documents", 100_000), ("events", 1_000_000), ("tenants", 10_000)):
        command.add_argument(f"--{name}", type=int, default=number)
    chosen = command.parse_args(arguments)
    with measured_service():
        big = import_module("benchmarks.big")
        begin = time.monotonic()
        sizes = big.Sizes(documents=chosen.documents, events=chosen.events, tenants=chosen.tenants)
        large = big.make(sizes)
        print(f"  filled in {time.monotonic() - begin:.0f} s: {sizes}")
        member, staff = _clients(large)
        floor, _, _ = _asked(member, "/no-such-page/", chosen.times)
        print(f"  floor, a page that is missing: {floor:.0f} ms; aim: {AIM_MS} ms")
        print(f"  {'page':<58}{'ms':>8}{'floors':>8}{'kB':>8}")
        paths = [(member, f"/w/{big.SLUG}/{path}") for path in WORKSPACE]
        paths += [(staff, f"/admin/{path}") for path in STAFF]
        for client, path in paths:
            address = path.format(integration=large.integration_id)
            ms, size, status = _asked(client, address, chosen.times)
            note = "" if status == 200 else f"  answered {status}"
            late = "" if ms <= AIM_MS else "  over the aim"
            row = f"{ms:>8.0f}{ms / floor:>8.1f}{size / 1000:>8.0f}"
            print(f"  {address:<58}{row}{late}{note}", flush=True)
    return 0


def _clients(large: Any) -> tuple[Any, Any]:
    """A member and a superuser, both signed in."""
    from django.conf import settings  # noqa: PLC0415 - Django is set up by now
    from django.test import Client  # noqa: PLC0415

    users = import_module("tenants.models").User.objects
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STAFF_NEEDS_TWO_FACTOR = False
    found = []
    for person in (large.owner, users.create_superuser("staff@example.com", "a-long-password")):
        client = Client(raise_request_exception=False)
        client.force_login(person)
        found.append(client)
    return found[0], found[1]


def _asked(client: Any, path: str, times: int) -> tuple[float, int, int]:
    """The median in milliseconds after one request that warms up, the size and the status."""
    answer = client.get(path, secure=True)
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        answer = client.get(path, secure=True)
        seconds.append(time.perf_counter() - begin)
    return 1000 * median(seconds), len(answer.content), answer.status_code


if __name__ == "__main__":
    sys.exit(main())
