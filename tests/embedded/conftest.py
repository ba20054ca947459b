"""Folders that the servers' own user can reach, and processes that hold servers in them."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from config import folders
from config.processes import is_running

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Holder:
    """A process with servers, as `tests.embedded.starter` reported them."""

    process: subprocess.Popen[str]
    env: dict[str, str]
    pids: dict[str, int]

    def kill(self) -> None:
        """As a crash would: no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Its orderly way down."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A fresh folder. Not pytest's own: under root those are closed to the servers' user."""
    made = Path(tempfile.mkdtemp(prefix="ml-connector-test-"))
    made.chmod(0o711)
    yield made
    # What was killed could not tidy up, and nobody starts there again.
    sockets = folders.outside_folder(Path(tempfile.gettempdir()), made)
    for left in (made, sockets):
        shutil.rmtree(left, ignore_errors=True)


@pytest.fixture
def hold() -> Iterator[Callable[[Path], Holder]]:
    """Starts servers in a folder from a process of their own."""
    held: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> Holder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.starter", str(folder)],
            cwd=PROJECT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        held.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the servers did not start, exit code {process.wait()}"
        return Holder(process, **json.loads(line))

    yield start
    for process in held:
        if process.poll() is None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def answers(env: dict[str, str]) -> bool:
    """Whether both servers do their work."""
    client = redis.Redis.from_url(env["REDIS_URL"])
    try:
        with psycopg.connect(env["DATABASE_URL"]) as connection:
            row: Any = connection.execute("SELECT 41 + 1").fetchone()
        return bool(row == (42,) and client.ping())
    finally:
        client.close()


def all_gone(pids: dict[str, int], within: float = 60.0) -> bool:
    """Whether all of them have ended; zombies count as ended."""
    deadline = time.monotonic() + within
    while any(is_running(pid, "") for pid in pids.values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
