"""A page of the browser that is watched: every click counted, every fault of a page noted."""

from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

_SERIOUS = ("serious", "critical")
_PATIENCE = 30_000


class Watched:
    """One person's browser; ``faults`` is what was wrong with the pages that it saw."""

    def __init__(self, browser: Browser, base: str, *, width: int, dark: bool = False) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self.base, self.width = base, width
        self.clicks = 0
        self.faults: list[str] = []
        self.expected: set[int] = set()
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.on("pageerror", lambda error: self._fault(f"script failed: {error}"))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def open(self, path: str) -> None:
        """Go to an address of the service."""
        self.page.goto(self.base + path)

    def click(self, what: str | Locator) -> None:
        """Click a link or button by its name."""
        self.clicks += 1
        self._named(what).click()
        self.page.wait_for_load_state()

    def fill(self, values: dict[str, str]) -> None:
        """Type into fields by their labels' beginnings."""
        for label, value in values.items():
            field = self.page.get_by_label(label, exact=False).first
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def text(self) -> str:
        return self.page.inner_text("body")

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Until the page says so; it may load itself anew meanwhile."""
        self.page.get_by_text(words).first.wait_for(timeout=seconds * 1000)

    def look(self, name: str) -> None:
        """Check the page as it stands: nothing sticks out, and everybody can use it."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self._fault(f"{name}: {wide} px wide in a window of {self.width} px")
        for violation in Axe().run(self.page).response["violations"]:
            if violation["impact"] in _SERIOUS:
                where = violation["nodes"][0]["html"][:160]
                self._fault(f"{name}: {violation['id']}, {violation['help']}: {where}")

    def _named(self, what: str | Locator) -> Locator:
        if not isinstance(what, str):
            return what
        for role in ("button", "link"):
            found = self.page.get_by_role(role, name=what)
            if found.count():
                return found.first
        return self.page.get_by_role("button", name=what).first

    def _fault(self, words: str) -> None:
        self.faults.append(f"{self.width} px: {words}")

    def _console(self, message: ConsoleMessage) -> None:
        # The browser repeats each failed answer, which is noted already.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._fault(f"{self.page.url}: console says {message.text}")

    def _request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname
        if request.url.startswith("http") and host not in ("127.0.0.1", "localhost"):
            self._fault(f"{self.page.url}: asked {request.url}, which is off the machine")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self._fault(f"{response.url}: answered {response.status}")
