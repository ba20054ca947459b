"""64 threads in four processes ask for a token that has expired: one refresh request leaves.

Real processes, real simulators; the requests are counted where they arrive.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings

from config.env import BASE_DIR
from config.processes import python_module
from connectors.engine import tokens
from connectors.engine.job import Job
from connectors.models import ConnectionToken
from tests.engine.conftest import Connected
from tests.sandbox_process import SandboxProcess

TOKEN = {"provider": "zoho_books", "method": "POST", "path_regex": "/oauth/v2/token"}


@pytest.fixture
def job(connected: Connected) -> Job:
    return connected(plain=True, orders=0, bills=1)


class Askers:
    """Processes of threads that want the target's token."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pids: list[int] = []

    def go(self, job: Job) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{job.tenant_id} {job.target.pk}\n")
        self._process.stdin.flush()
        self.pids = []
        self._said: list[dict[str, Any]] = []
        while not self.pids:
            self._take(self._line())

    def versions(self) -> list[Any]:
        """What all threads of all processes that live got."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._take(json.loads(line))
        return [version for said in self._said for version in said["got"]]

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line

    def _take(self, line: dict[str, Any]) -> None:
        if "pids" in line:
            self.pids = line["pids"]
        else:
            self._said.append(line)


@contextmanager
def askers(processes: int) -> Iterator[Askers]:
    database = settings.DATABASES["default"]
    address = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    process = subprocess.Popen(
        python_module("tests.e2e.token_askers", str(processes), "16"),
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "DATABASE_POOL": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Askers(process)
        finally:
            process.kill()


def expire(job: Job) -> None:
    with job.scope():
        tokens.forget_token(job.target)


def refreshes(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.get("/control/requests", provider="zoho_books")["requests"]
    return [row for row in rows if "/oauth/v2/token" in row["path"]]


@pytest.mark.crash
def test_one_refresh_for_64_threads_in_four_processes(job: Job, sandbox: SandboxProcess) -> None:
    expire(job)
    sandbox.delete("/control/requests")
    with askers(4) as crowd:
        crowd.go(job)
        versions = crowd.versions()
    assert len(versions) == 64
    assert set(versions) == {2}, set(versions)  # the consent brought the first
    assert [row["status"] for row in refreshes(sandbox)] == [200]


@pytest.mark.crash
@pytest.mark.xdist_group("crash_bills")
@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_death_in_mid_refresh_costs_no_grant(
    job: Job, sandbox: SandboxProcess, phase: str
) -> None:
    """Killed while its request is held; the simulator never does it, or has done it for nobody."""
    expire(job)
    sandbox.delete("/control/requests")
    gate = sandbox.post("/control/gates", {"match": TOKEN, "phase": phase})["id"]
    with askers(1) as victim, askers(3) as crowd:
        victim.go(job)
        assert sandbox.get(f"/control/gates/{gate}/wait", timeout=50)["hit"]
        crowd.go(job)
        os.kill(victim.pids[0], signal.SIGKILL)
        sandbox.post(f"/control/gates/{gate}/release", {"action": "abort"})
        with job.scope():  # its lease runs out
            ConnectionToken.objects.filter(connection=job.target).update(leased_until=None)
        versions = crowd.versions()
    assert len(versions) == 48
    assert set(versions) == {2}, set(versions)
    rows = refreshes(sandbox)
    assert len(rows) == 2
    assert [row["status"] for row in rows] == [0, 200]
