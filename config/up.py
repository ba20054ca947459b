"""`python -m config.up`: brings the whole service up on one machine, and takes it down again.

`demo` runs everything until Ctrl-C; `exec COMMAND...` runs one command beside the servers, starting
them if no demo runs. Whatever ends the supervisor, its children end with it.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from config import parts
from config.embedded import embedded_services
from config.embedded_postgres import PostgresError
from config.embedded_redis import RedisError
from config.env import BASE_DIR
from config.folders import AlreadyRunningError, FolderError, local_folder
from config.processes import spawn
from config.stack import PartError, Stack, demo_environment

_WEB_PORT = 8000
_SANDBOX_PORT = 8090
_COMPANIES = ("manufacturing", "construction")
_EXPECTED = (FolderError, PostgresError, RedisError, PartError)


class StopRequested(BaseException):
    """Somebody wants the supervisor to end. No Exception, so that nothing swallows it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    command = argparse.ArgumentParser(prog="python -m config.up", description=__doc__)
    kinds = command.add_subparsers(dest="kind", required=True)
    kinds.add_parser("demo", help="run the whole service with example companies")
    execute = kinds.add_parser("exec", help="run one command beside the servers")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    chosen = command.parse_args(arguments)
    _listen_for_the_end()
    os.umask(0o077)  # logs and data are their user's business
    folder = BASE_DIR
    try:
        folder = local_folder(BASE_DIR, "demo")
        return demo(folder) if chosen.kind == "demo" else execute_beside(folder, chosen.command)
    except AlreadyRunningError as error:
        print(error, *_address_of_the_running_one(folder), sep="\n", file=sys.stderr)
        return 1
    except _EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    except StopRequested:
        print("Stopped.")
        return 0


def demo(folder: Path) -> int:
    """Everything, until told to stop or until a part ends by itself."""
    _say("Starting PostgreSQL and Redis")
    with embedded_services(folder, fresh=True) as services:
        ports = {
            "web_port": parts.free_port(_WEB_PORT),
            "sandbox_port": parts.free_port(_SANDBOX_PORT),
        }
        stack = Stack(folder, demo_environment(folder, services, **ports))
        with _environment_for_others(folder, stack.env), _ending(stack):
            _say("Preparing the database")
            stack.run("migrate", "--no-input")
            _start_parts(stack, **ports)
            _say("Loading the example companies")
            print(stack.run("seed_demo").rstrip())
            print(f"\nThe service runs at {stack.env['BASE_URL']}")
            print(f"Its mail is shown at {stack.env['BASE_URL']}/outbox/")
            print(f"To try the set-up, take credentials from {stack.env['BASE_URL']}/sandbox/")
            print(f"Logs are in {folder}. Ctrl-C ends everything.", flush=True)
            while True:
                stack.raise_if_one_ended()
                time.sleep(0.2)


def execute_beside(folder: Path, command: list[str]) -> int:
    """One command with the demo's environment; its exit code is ours."""
    try:
        with embedded_services(folder) as services:
            env = demo_environment(folder, services, web_port=_WEB_PORT, sandbox_port=_SANDBOX_PORT)
            return _run(command, env)
    except AlreadyRunningError:
        return _run(command, json.loads(_environment_file(folder).read_text()))


def _start_parts(stack: Stack, *, web_port: int, sandbox_port: int) -> None:
    for part in (
        parts.sandbox(sandbox_port, *(f"--company={name}" for name in _COMPANIES)),
        parts.web(web_port),
        parts.worker(),
        parts.beat(stack.folder / "beat-schedule"),
    ):
        _say(f"Starting {part.name}")
        stack.log(part.name).unlink(missing_ok=True)
        stack.start(part)


def _run(command: list[str], env: dict[str, str]) -> int:
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise PartError("Name a command, such as: python -m config.up exec ./manage.py shell")
    process = spawn(command, env=env, interactive=True)
    # Ctrl-C at a shared terminal is for the command, a shell for instance, to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        process.kill()


@contextmanager
def _environment_for_others(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Leave the environment where `exec` finds it; it holds keys, so only its user may read it."""
    path = _environment_file(folder)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(env, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _ending(stack: Stack) -> Iterator[None]:
    try:
        yield
    finally:
        _ignore_further_requests()
        _say("Stopping")
        stack.stop()


def _address_of_the_running_one(folder: Path) -> list[str]:
    try:
        return [f"It is at {json.loads(_environment_file(folder).read_text())['BASE_URL']}"]
    except (OSError, ValueError, KeyError):
        return []  # it is still starting


def _environment_file(folder: Path) -> Path:
    return folder / "environment.json"


def _listen_for_the_end() -> None:
    def request(number: int, frame: FrameType | None) -> NoReturn:
        _ignore_further_requests()
        raise StopRequested

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, request)


def _ignore_further_requests() -> None:
    """An impatient second Ctrl-C must not cut the ending short; it takes seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _say(what: str) -> None:
    print(f"{what} ...", flush=True)


if __name__ == "__main__":
    sys.exit(main())
