"""``python -m connectors.sandbox``: start all simulators on one port of this machine.

Reads the command line, prints one line when ready and ends on SIGTERM or SIGINT at once. It is the
only place that joins simulators and companies.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from connectors.sandbox import procore, procurify, zoho_books
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.server import create_app
from connectors.sandbox.world import SimulatorFactory, World

HOST = "127.0.0.1"
SIMULATORS: dict[str, SimulatorFactory] = {
    "procore": procore.Simulator,
    "procurify": procurify.Simulator,
    "zoho_books": zoho_books.Simulator,
}


def parser() -> argparse.ArgumentParser:
    """The command line, shared with ``manage.py sandbox``."""
    command = argparse.ArgumentParser(prog="sandbox", description="Simulators of the providers.")
    command.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one"
    )
    command.add_argument(
        "--company",
        action="append",
        default=[],
        help=f"company to load, may be repeated: {', '.join(sorted(COMPANIES))}",
    )
    command.add_argument("--seed", type=int, default=1, help="seed of the companies")
    command.add_argument(
        "--count",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="size of each company, such as bills=20000; may be repeated",
    )
    command.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="simulator option, value as JSON or text; may be repeated",
    )
    return command


def pairs(texts: Sequence[str]) -> dict[str, Any]:
    """``key=value`` arguments as a dict; values are read as JSON where they are JSON."""
    found: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise SystemExit(f"sandbox: write KEY=VALUE instead of {text!r}.")
        try:
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found


def build_world(arguments: argparse.Namespace) -> World:
    """The world that the command line asks for."""
    world = World(SIMULATORS, COMPANIES, pairs(arguments.option))
    if arguments.company:
        try:
            counts = pairs(arguments.count)
            world.load_companies(
                {"company": name, "seed": arguments.seed, "counts": counts}
                for name in arguments.company
            )
        except LookupError as error:
            raise SystemExit(f"sandbox: {error}") from error
    return world


async def serve(world: World, port: int) -> None:
    """Serve until told to stop."""
    runner = web.AppRunner(create_app(world), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    address = runner.addresses[0]
    sys.stdout.write(f"sandbox ready on http://{HOST}:{address[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    world.gates.clear()
    await runner.cleanup()


def main(argv: Sequence[str] | None = None) -> None:
    """Entry of the command."""
    arguments = parser().parse_args(argv)
    asyncio.run(serve(build_world(arguments), arguments.port))


if __name__ == "__main__":
    main()
