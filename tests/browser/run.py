"""`make browser`: newcomers of both integrations, in a wide and a narrow window, in real Chromium.

Everything runs as in production: web, worker, beat, PostgreSQL, Redis, and the sandbox providers.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.chromium import NoChromiumError, chromium
from tests.browser.newcomer import Newcomer, Trip, form_values
from tests.browser.watched import Watched
from tests.e2e.stack import running_service

_WIDTHS = (1440, 390)
_COUNTS: dict[str, dict[str, Any]] = {
    "manufacturing": {"plain": True, "orders": 4, "bills": 4},
    "construction": {"plain": True, "orders": 6, "projects": 5},
}
_LABELS = {
    "procurify": {
        "Client ID": "client_id",
        "Client secret": "client_secret",
        "Subdomain": "subdomain",
    },
    "zoho_books": {
        "Client ID": "client_id",
        "Client secret": "client_secret",
        "Region of the client": "region",
    },
    "procore": {
        "Client ID": "client_id",
        "Client secret": "client_secret",
        "Environment": "environment",
        "Company ID": "company_id",
    },
}
_PAGES = [
    *("", "documents/", "mappings/", "integrations/", "connections/", "activity/", "settings/"),
    *("review/", "set-up/", "agreement/"),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all journeys, those of the two widths side by side; gives the exit code."""
    command = argparse.ArgumentParser(prog="browser", description=__doc__)
    command.add_argument("--width", type=int, choices=_WIDTHS, help="one width alone")
    chosen = command.parse_args(arguments)
    try:
        path = chromium()
    except NoChromiumError as error:
        print(f"SKIPPED: the browser tests did not run. {error}")
        return 1 if os.environ.get("CI") else 0
    if chosen.width:
        return _one_width(path, chosen.width)
    started = time.monotonic()
    codes = [process.wait() for process in [_beside(width) for width in _WIDTHS]]
    print(f"browser: {time.monotonic() - started:.0f} s in all.")
    return max(codes)


def _beside(width: int) -> "subprocess.Popen[bytes]":
    """The same program for one width."""
    command = [sys.executable, "-m", "tests.browser.run", "--width", str(width)]
    return subprocess.Popen(command)


def _one_width(path: str, width: int) -> int:
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with running_service(Path(name)) as service:
            service.load_all(_COUNTS)
            for company in _COUNTS:
                told = service.control("GET", f"company?company={company}")
                faults += _journey(browser, service, company, told, width)
            faults += service.errors_logged()
        browser.close()
    for fault in dict.fromkeys(faults):
        print(f"WRONG: {fault}")
    print(f"{width} px: {len(set(faults))} faults.", flush=True)
    return 1 if faults else 0


def _journey(browser: Browser, service: Any, company: str, told: Any, width: int) -> list[str]:
    base = service.stack.env["BASE_URL"]
    watched = Watched(browser, base, width=width, dark=width == 390)
    outbox, viewer = (Watched(browser, base, width=width) for _ in range(2))
    newcomer = Newcomer(watched, outbox, f"{company}-{width}")
    try:
        newcomer.sign_up()
        newcomer.set_up(_trip(company, told))
        newcomer.see_posted()
        newcomer.see_all(_PAGES)
        newcomer.resolve_first()
        newcomer.invite(viewer)
    except (AssertionError, PlaywrightError) as error:
        print(f"{watched.page.url} says:\n{watched.page.inner_text('main')[:2000]}", flush=True)
        watched.open(f"/w/{newcomer.slug}/review/")
        print(f"Review says:\n{watched.page.inner_text('main')[:2000]}", flush=True)
        watched.faults.append(f"{width} px: {newcomer.slug} could not go on: {error}")
    return [*watched.faults, *viewer.faults]


def _trip(company: str, told: dict[str, Any]) -> Trip:
    flow, source, target = {
        "manufacturing": ("procurify_to_zoho_books", "procurify", "zoho_books"),
        "construction": ("zoho_books_to_procore", "zoho_books", "procore"),
    }[company]
    return Trip(
        flow=flow,
        source=form_values(told[source], _LABELS[source]),
        target=form_values(told[target], _LABELS[target]),
        accounts=(_account(told[source]), _account(told[target])),
        since=told["history_start"],
        partners={row["source_key"]: row["target_id"] for row in told["mappings"]},
    )


def _account(given: dict[str, Any]) -> str:
    return str(given.get("organization_id") or given.get("company_id") or "")


if __name__ == "__main__":
    sys.exit(main())
