"""The HTTP server: middleware chain log -> faults -> gates -> handler around all simulators.

Takes a world, gives an aiohttp application. The control door and the pages of people are
outside the chain: no fault, gate or log row ever touches them. Provider behaviour is none of its
business.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiohttp import web

from connectors.sandbox import control, misbehave
from connectors.sandbox.matching import Incoming, describe
from connectors.sandbox.misbehave import ABORTED, Handler
from connectors.sandbox.record_pages import routes as record_pages
from connectors.sandbox.request_log import KEY
from connectors.sandbox.world import World

INCOMING = web.RequestKey("incoming", Incoming)
FAULT = web.RequestKey("fault", str)
MAX_BODY = 32 * 2**20
OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
OWN_SITES = frozenset({"none", "same-origin"})


def create_app(world: World) -> web.Application:
    """An application that serves this world."""
    app = web.Application(
        middlewares=[keep_pages_out, log_requests, inject_faults, pass_gates],
        client_max_size=MAX_BODY,
    )
    app[control.WORLD] = world
    app.cleanup_ctx.append(send_deliveries)
    app.add_routes(control.routes())
    app.add_routes(record_pages.routes(world))
    for simulator in world.simulators.values():
        app.add_routes(simulator.routes())
    return app


async def send_deliveries(app: web.Application) -> AsyncIterator[None]:
    """Webhook deliveries leave while the server runs."""
    outbox = app[control.WORLD].deliveries
    await outbox.start()
    yield
    await outbox.stop()


@web.middleware
async def keep_pages_out(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The control door is for programs of this machine, not for pages that its browser shows.

    A page of elsewhere has its own origin, or reaches us under a name of its own that it has led
    to this machine (DNS rebinding).
    """
    if request.path.startswith("/control/"):
        name = urlsplit(f"//{request.host}").hostname
        origin = request.headers.get("Origin", f"http://{request.host}")
        site = request.headers.get("Sec-Fetch-Site", "none")
        if name not in OWN_NAMES or origin != f"http://{request.host}" or site not in OWN_SITES:
            said = "The control door is open to programs of this machine only."
            return control.answer({"error": said}, status=403)
    return await handler(request)


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write every provider request down at its arrival and again with its answer."""
    if request.path.startswith(("/control/", record_pages.PREFIX)):
        return await handler(request)
    world = request.app[control.WORLD]
    # Read now: a request held at a gate must survive the death of the client that sent it.
    body = await request.read()
    incoming = describe(request.method, request.path, request.query_string, body)
    request[INCOMING] = incoming
    row = world.log.arrive(incoming, world.clock.now().isoformat())
    request[KEY] = row.key
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = 0 if request.get(ABORTED) else response.status
    except web.HTTPException as error:
        status = error.status
        raise
    else:
        return response
    finally:
        row.fault = request.get(FAULT, "")
        world.log.finish(row, status, time.perf_counter() - started)


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the rules in force change what happens to this request."""
    incoming = request.get(INCOMING)
    if incoming is None:
        return await handler(request)
    world = request.app[control.WORLD]
    simulator = world.simulators.get(incoming.provider)
    for rule in world.faults.draw(incoming):
        request[FAULT] = f"{request.get(FAULT, '')} {rule.kind}".strip()
        for edit in rule.meanwhile:
            world.apply(edit)
        if rule.kind == "delay":
            await misbehave.wait(rule)
        elif rule.kind in PROVIDER_CALLS:
            world.call(incoming.provider, PROVIDER_CALLS[rule.kind], {})
        else:
            make_error = getattr(simulator, "error_response", misbehave.generic_error)
            return await misbehave.act_out(rule, request, handler, make_error)
    return await handler(request)


PROVIDER_CALLS = {
    "expire_tokens": "expire_tokens",
    "revoke_grant": "revoke_grants",
    "suspend": "suspend",
}


@web.middleware
async def pass_gates(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hold the request at a gate before it is done or before its answer leaves."""
    incoming = request.get(INCOMING)
    if incoming is None:
        return await handler(request)
    gates = request.app[control.WORLD].gates
    if await gates.pass_through("before", incoming) == "abort":
        return misbehave.abort(request)
    response = await handler(request)
    if await gates.pass_through("after", incoming) == "abort":
        return misbehave.abort(request)
    return response
