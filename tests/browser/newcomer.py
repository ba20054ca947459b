"""Somebody who has never seen the product: from signing up to a document that is posted."""

import re
import time
from dataclasses import dataclass
from typing import Any

from tests.browser.watched import Watched
from tests.timing import eventually

_PUBLIC = (
    *("/how/procurify_to_zoho_books/", "/how/zoho_books_to_procore/", "/security/", "/status/"),
    *("/docs/", "/docs/running/"),
)
_PASSWORD = "a-long-enough-passphrase"
_MOST_SECONDS, _MOST_CLICKS = 300, 40


@dataclass(frozen=True)
class Trip:
    """What the newcomer connects: a flow, and per side the labels and values of its form."""

    flow: str
    source: dict[str, str]
    target: dict[str, str]
    since: str
    # The organisations or companies of both sides.
    accounts: tuple[str, str]
    # What of the source is which id at the target, by its key.
    partners: dict[str, str]


class Newcomer:
    """Does one step after the other, as the pages say it."""

    def __init__(self, watched: Watched, outbox: Watched, name: str) -> None:
        self.web, self.outbox = watched, outbox
        self.email = f"{name}@example.com"
        self.slug = f"{name}-works"
        self.started = 0.0

    def sign_up(self) -> None:
        """An account, the code from the mail, a workspace."""
        web = self.web
        self.started, web.clicks = time.monotonic(), 0
        web.open("/")
        web.look("landing")
        for path in _PUBLIC:
            web.open(path)
            web.look(path)
        web.open("/")
        web.click("See if it fits")
        web.look("sign-up")
        web.fill({"Name": self.slug, "Email": self.email, "Password": _PASSWORD})
        web.click("Make the account")
        web.look("code")
        web.page.locator("input[name=code]").fill(self._code())
        web.click(web.page.locator("form button[type=submit]").first)
        web.look("new workspace")
        web.page.locator("input[name=name]").fill(self.slug.replace("-", " "))
        web.page.locator("select[name=time_zone]").select_option("America/Los_Angeles")
        web.click(web.page.locator("form button[type=submit]").first)
        web.look("empty overview")

    def set_up(self, trip: Trip) -> None:
        """Every step of the guided set-up, until the integration is live."""
        web = self.web
        web.click("Set up")
        web.look("set-up")
        card = web.page.locator(f"a[href$='/set-up/{trip.flow}/']")
        web.click(card.first)
        self._confirm()
        self._connect(trip.source, trip.accounts[0])
        self._connect(trip.target, trip.accounts[1])
        web.look("options")
        web.page.locator("input[name=history_start]").fill(trip.since)
        web.click("Save and read both systems")
        web.look("reading")
        web.wait_for("What is matched")
        web.look("matching")
        self._match(trip.partners)
        web.wait_for("Both systems, month by month")
        web.look("fit report")
        # Left, and found again.
        web.open(f"/w/{self.slug}/")
        web.look("overview before going live")
        web.open(f"/w/{self.slug}/set-up/{trip.flow}/")
        web.look("go live")
        web.click(web.page.get_by_role("button", name=re.compile("Go live")))
        web.look("integration")

    def see_posted(self) -> None:
        """Until the first document stands as posted; prints what that took."""
        posted = self.web.page.locator("a.row-link")

        def is_there() -> bool:
            self.web.open(f"/w/{self.slug}/documents/?state=posted")
            return posted.count() > 0

        assert eventually(is_there, 120), f"{self.slug}: nothing was posted."
        seconds, clicks = time.monotonic() - self.started, self.web.clicks
        print(
            f"{self.slug}, {self.web.width} px: from sign-up to the first posted document "
            f"{seconds:.0f} s and {clicks} clicks.",
            flush=True,
        )
        assert seconds < _MOST_SECONDS, seconds
        assert clicks < _MOST_CLICKS, clicks

    def resolve_first(self) -> None:
        """Link what waits in Review, by a search where nothing is suggested."""
        web = self.web
        web.open(f"/w/{self.slug}/review/")
        web.look("review")
        links = web.page.locator("a[href*='/review/missing/']")
        assert links.count(), "nothing waits in Review"
        web.click(links.first)
        if not web.page.locator("input[name=target]").count():
            web.page.locator("input[name=search]").fill("e")
            web.click("Search")
        web.click(web.page.get_by_role("button", name=re.compile("Link and post")))
        web.wait_for("will post now")
        web.look("resolved")

    def invite(self, viewer: Watched) -> None:
        """A colleague who may only look, and is told so."""
        web = self.web
        colleague = f"colleague-of-{self.slug}@example.com"
        web.open(f"/w/{self.slug}/settings/")
        form = web.page.locator("form[action$='/settings/invite/']")
        form.locator("input[name=email]").fill(colleague)
        form.locator("select[name=role]").select_option("viewer")
        web.click(form.locator("button[type=submit]"))
        web.look("settings")
        link = self._mail(colleague, r"(/invitations/\S+)")
        viewer.open(link)
        viewer.look("invitation")
        viewer.open("/sign-up/")
        viewer.fill({"Name": "Colleague", "Email": colleague, "Password": _PASSWORD})
        viewer.click("Make the account")
        code = self._mail(colleague, r"^\s+(\S+)$")
        viewer.page.locator("input[name=code]").fill(code)
        viewer.click(viewer.page.locator("form button[type=submit]").first)
        viewer.open(link)
        viewer.click("Join")
        viewer.look("a viewer's overview")
        viewer.expected = {403}
        viewer.open(f"/w/{self.slug}/set-up/")
        assert "needs the role" in viewer.text(), viewer.text()
        viewer.look("refused")

    def see_all(self, paths: list[str]) -> None:
        """Every page of the workspace."""
        for path in paths:
            self.web.open(f"/w/{self.slug}/{path}")
            self.web.look(path or "overview")

    def _connect(self, values: dict[str, str], account: str) -> None:
        """Fill in one side, authorise or test it, and go on."""
        web = self.web
        web.look("connect")
        web.fill(values)
        web.click(web.page.get_by_role("button", name=re.compile("^Connect ")))
        web.look("connection")
        consent = web.page.get_by_role("link", name=re.compile("^Authorise at"))
        if consent.count():
            web.click(consent)
            # The provider's own page, whose looks are not ours.
            web.clicks += 1
            web.page.locator("button, input[type=submit]").first.click()
            web.page.wait_for_load_state()
        else:
            web.click("Test the connection")
        self._choose(account)
        web.look("tested")
        web.click("Continue")

    def _choose(self, account: str) -> None:
        """Say which organisation it is, where the account lets us into several."""
        if self.web.page.locator("input[name=offer]").count():
            self.web.clicks += 1
            self.web.page.locator(f"input[name=offer][value='{account}']").check()
            self.web.click(self.web.page.locator("form:has(input[name=offer]) button").first)

    def _match(self, partners: dict[str, str]) -> None:
        """Name a partner for all but the last thing that has none; that one waits in Review."""
        page = self.web.page
        wanted = [
            (number, partners[key])
            for number in range(page.locator("input[name^='source_key-']").count())
            if (key := page.locator(f"input[name='source_key-{number}']").input_value()) in partners
        ]
        if not wanted:
            self.web.click("Continue")
            return
        for number, target in wanted[: max(1, len(wanted) - 1)]:
            page.locator(f"input[name='named-{number}']").fill(target)
        self.web.click("Link what is chosen")
        assert "linked. The next fit report" in self.web.text(), self.web.text()
        self.web.look("linked")
        self.web.click("Make the fit report with these links")

    def _confirm(self) -> None:
        """The password once more, where it was not given just now."""
        field = self.web.page.locator("form input[type=password][name=password]")
        if "/confirm/" in self.web.page.url:
            field.fill(_PASSWORD)
            self.web.click(self.web.page.locator("form button[type=submit]").first)

    def _code(self) -> str:
        return self._mail(self.email, r"^\s+(\S+)$")

    def _mail(self, to: str, pattern: str) -> str:
        """What the newest mail to an address says, from the outbox page."""
        said: list[str] = []

        def came() -> bool:
            self.outbox.open("/outbox/")
            for letter in self.outbox.page.locator("section.panel").all():
                if to in letter.locator(".panel-head").inner_text():
                    body = letter.locator(".letter").text_content() or ""
                    said.extend(re.findall(pattern, body, re.MULTILINE)[:1])
            return bool(said)

        assert eventually(came), f"No mail to {to} says {pattern}."
        return said[0]


def form_values(given: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """Labels with the values of a sandbox company; those that it lacks are left out."""
    return {label: str(given[name]) for label, name in names.items() if given.get(name)}
