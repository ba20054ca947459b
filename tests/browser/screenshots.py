"""`make screenshots`: pictures of every page for README and docs, made from the demo's companies.

They are taken of the running service, so that they show what there is; look at each of them.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from config.env import BASE_DIR
from tests.browser.chromium import NoChromiumError, chromium
from tests.e2e.stack import running_service
from tests.timing import eventually

_FOLDER = BASE_DIR / "docs" / "images"
_COMPANIES: dict[str, dict[str, Any]] = {
    "manufacturing": {"orders": 60, "bills": 110},
    "construction": {},
}
# Name of the picture, and the page of Cascadia Works that it is of.
_PAGES = {
    "overview": "",
    "review": "review/",
    "documents": "documents/",
    "mappings": "mappings/",
    "integrations": "integrations/",
    "integration": "integrations/1/",
    "agreement": "integrations/1/agreement/",
    "fit-report": "integrations/1/fit/",
    "connections": "connections/",
    "activity": "activity/",
    "settings": "settings/",
}
_DARK = ("overview", "agreement")
_NARROW = ("overview", "review", "documents")
# Until the companies' first documents are posted.
_SETTLE_SECONDS = 90


def main() -> int:
    """Take all of them; gives the exit code."""
    try:
        path = chromium()
    except NoChromiumError as error:
        print(f"No pictures were taken. {error}")
        return 1
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with running_service(Path(name)) as service:
            service.load_all(_COMPANIES)
            said = service.stack.run("seed_demo", "--json").strip().splitlines()[-1]
            login = json.loads(said)["manufacturing"]["logins"][0]
            base = service.stack.env["BASE_URL"]
            _picture(browser, f"{base}/", "landing")
            page = _signed_in(browser, base, login, width=1440)
            _wait_for_documents(page, base)
            _make_fit_report(page, base)
            for picture, address in _PAGES.items():
                _take(page, f"{base}/w/cascadia-works/{address}", picture)
            page.goto(f"{base}/w/cascadia-works/documents/?state=posted&kind=bill")
            _take(page, page.locator("a.row-link").first.evaluate("link => link.href"), "document")
            for width, scheme, names in ((1440, "dark", _DARK), (390, "light", _NARROW)):
                other = _signed_in(browser, base, login, width=width, scheme=scheme)
                for picture in names:
                    ending = scheme if scheme == "dark" else "narrow"
                    url = f"{base}/w/cascadia-works/{_PAGES[picture]}"
                    _take(other, url, f"{picture}-{ending}")
        browser.close()
    print(f"{len(list(_FOLDER.glob('*.png')))} pictures in {_FOLDER.relative_to(BASE_DIR)}.")
    return 0


def _signed_in(
    browser: Browser, base: str, login: dict[str, str], *, width: int, scheme: Any = "light"
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{base}/sign-in/")
    page.fill("input[name=username]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.click("button[type=submit]")
    page.wait_for_load_state()
    return page


def _wait_for_documents(page: Page, base: str) -> None:
    """Until nothing is going through any more, or for as long as a picture is worth."""

    def listed(state: str) -> int:
        page.goto(f"{base}/w/cascadia-works/documents/?state={state}")
        return page.locator("a.row-link").count()

    eventually(lambda: not listed("due") and listed("posted"), _SETTLE_SECONDS)


def _make_fit_report(page: Page, base: str) -> None:
    page.goto(f"{base}/w/cascadia-works/integrations/1/")
    page.get_by_role("button", name="Pause").click()
    page.goto(f"{base}/w/cascadia-works/integrations/1/fit/")
    page.get_by_role("button", name="Make a fit report").click()
    page.get_by_text("What waits, and why").wait_for(timeout=120_000)


def _picture(browser: Browser, url: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    _take(page, url, name)


def _take(page: Page, url: str, name: str) -> None:
    page.goto(url)
    # What a page loads by itself.
    page.wait_for_load_state("networkidle")
    page.screenshot(path=_FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
