"""Serves a sandbox world over real HTTP from a thread of the test, on a port of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from connectors.sandbox.server import create_app
from connectors.sandbox.world import World
from tests.timing import PATIENCE


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The world's address, until the test is over."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(create_app(world), access_log=None, shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        loop.call_soon_threadsafe(world.gates.clear)
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
