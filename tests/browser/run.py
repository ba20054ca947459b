"""`make browser`: newcomers of both integrations, in a wide and a narrow window, in real Chromium.

Everything runs as in production: web, worker, beat, PostgreSQL, Redis, and the sandbox providers.
"""

import os
import sys
import tempfile
import time
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
    "construction": {"plain": True, "orders": 6},
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


def main() -> int:
    """Run all journeys; gives the exit code."""
    try:
        path = chromium()
    except NoChromiumError as error:
        print(f"SKIPPED: the browser tests did not run. {error}")
        return 1 if os.environ.get("CI") else 0
    started = time.monotonic()
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for width in _WIDTHS:
            with running_service(Path(name) / str(width)) as service:
                service.load_all(_COUNTS)
                for company in _COUNTS:
                    told = service.control("GET", f"company?company={company}")
                    faults += _journey(browser, service, company, told, width)
                faults += service.errors_logged()
        browser.close()
    for fault in dict.fromkeys(faults):
        print(f"WRONG: {fault}")
    print(f"browser: {len(set(faults))} faults, {time.monotonic() - started:.0f} s.")
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
        print(f"{watched.page.url} says:\n{watched.text()[:2000]}", flush=True)
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
        since=told["history_start"],
        partners={row["source_key"]: row["target_id"] for row in told["mappings"]},
    )


if __name__ == "__main__":
    sys.exit(main())
