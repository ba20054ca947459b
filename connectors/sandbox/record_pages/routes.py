"""The addresses of record pages, and who is let in: browsers of this machine, by its own names.

A form is taken from a page of the simulators only, as at the control door.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from connectors.sandbox import procore, procurify, zoho_books
from connectors.sandbox.record_pages import markup
from connectors.sandbox.record_pages.procore import Desk as ProcoreDesk
from connectors.sandbox.record_pages.procurify import Desk as ProcurifyDesk
from connectors.sandbox.record_pages.record import Desk, Page, read_changes
from connectors.sandbox.record_pages.zoho_books import Desk as ZohoBooksDesk
from connectors.sandbox.world import World

PREFIX = "/records/"
MOST = 100_000
OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    # Another value would have browsers send "Origin: null" with forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
TITLES = {"procurify": "Procurify", "zoho_books": "Zoho Books", "procore": "Procore"}
Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes(world: World) -> list[web.RouteDef]:
    """All record pages of this world."""
    one = f"{PREFIX}{{provider}}/{{account:[-\\w]{{1,80}}}}/{{kind}}/{{key:[-\\w]{{1,80}}}}/"

    async def style(request: web.Request) -> web.Response:
        return web.Response(text=markup.STYLE, content_type="text/css", headers=HEADERS)

    async def show(request: web.Request) -> web.Response:
        said = "Done." if request.query.get("done") else ""
        return _answer(markup.record_page(_page(world, request), said=said))

    async def change(request: web.Request) -> web.Response:
        return await _change(world, request)

    return [
        web.get(f"{PREFIX}style.css", style),
        web.get(one, _guarded(show)),
        web.post(one, _guarded(change)),
    ]


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.Response:
        name = urlsplit(f"//{request.host}").hostname
        own = f"http://{request.host}"
        if name not in OWN_NAMES or (
            request.method == "POST" and request.headers.get("Origin") != own
        ):
            return _words(request, "These pages are for browsers of this machine only.", 403)
        try:
            return await handler(request)
        except LookupError as error:
            return _words(request, str(error.args[0] if error.args else error), 404)

    return guarded


async def _change(world: World, request: web.Request) -> web.Response:
    if (request.content_length or MOST + 1) > MOST:
        return _words(request, f"A form has {MOST} bytes at most.", 413)
    sent = await request.post()
    page, place = _page(world, request), _place(request)
    desk, deed = _desk(world, request), str(sent.get("do", ""))
    try:
        if sent.get("seen") != page.seen:
            raise ValueError("It was changed meanwhile. Look at it again, then repeat your change.")
        if deed == "save":
            changes = read_changes(page, sent)
            if changes:
                desk.save(*place, changes)
        elif deed in {one.name for one in page.buttons}:
            desk.press(*place, deed)
        else:
            raise ValueError("That cannot be done to it as it stands. Load the page again.")
    except ValueError as error:
        return _answer(markup.record_page(_page(world, request), error=str(error)), 400)
    if deed == "delete":
        return _words(request, f"{page.kind} {page.title} was deleted.", 200)
    raise web.HTTPSeeOther(f"{request.path}?done=1", headers=HEADERS)


def _desk(world: World, request: web.Request) -> Desk:
    simulator = world.simulators.get(request.match_info["provider"])
    if isinstance(simulator, procurify.Simulator):
        return ProcurifyDesk(simulator)
    if isinstance(simulator, zoho_books.Simulator):
        return ZohoBooksDesk(simulator)
    if isinstance(simulator, procore.Simulator):
        return ProcoreDesk(simulator)
    raise LookupError("There is no such provider here.")


def _place(request: web.Request) -> tuple[str, str, str]:
    info = request.match_info
    return info["account"], info["kind"], info["key"]


def _page(world: World, request: web.Request) -> Page:
    return _desk(world, request).page(*_place(request))


def _words(request: web.Request, words: str, status: int) -> web.Response:
    provider = TITLES.get(request.match_info.get("provider", ""), "Provider")
    kind = "said" if status == 200 else "error"
    return _answer(markup.document(provider, words, markup.notice(words, kind)), status)


def _answer(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
