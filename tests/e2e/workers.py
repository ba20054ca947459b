"""Real workers on demand, behind a proxy that sees their commits.

A folder and an environment enter; each wish gives the pid of a Celery worker process, which ends
with the block at the latest. What the workers do is none of its business.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from config.env import BASE_DIR
from config.processes import python_module

ENGINE = {
    "claim_seconds": 8,
    "write_seconds": 1.5,
    "settle_seconds": 0.5,
    "first_look_seconds": 0.2,
    "retry_first_seconds": 0.3,
    "retry_most_seconds": 2,
    "run_lease_seconds": 8,
    "slice_seconds": 6,
    "claim_batch": 4,
}


@dataclass
class Nursery:
    """Starts workers by forking a process that has imported everything already."""

    process: "subprocess.Popen[str]"
    log: Path
    born: int = 0

    def start(self) -> int:
        self.born += 1
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"start crash{self.born} {self.log}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def nursery(folder: Path, env: dict[str, str]) -> Iterator[Nursery]:
    """Workers with this environment; all end with the block."""
    with (folder / "nursery.log").open("ab") as output:
        process = subprocess.Popen(
            python_module("tests.e2e.nursery"),
            cwd=BASE_DIR,
            env={**env, "SUPERVISED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready == "ready\n", (folder / "nursery.log").read_text()
            yield Nursery(process, folder / "worker.log")
        finally:
            process.kill()


def worker_env(proxy: Path, **engine: float) -> dict[str, str]:
    """This test run's own environment, with the database behind the proxy."""
    database = settings.DATABASES["default"]
    # Real time stands still for nobody: a paused transaction lets go sooner than in production.
    options = quote("-c idle_in_transaction_session_timeout=1s")
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}"
        f"?host={quote(str(proxy))}&options={options}",
        "DATABASE_POOL": "8",
        # Where providers deliver webhooks to.
        "BASE_URL": settings.BASE_URL,
        "ENGINE": json.dumps({**ENGINE, **engine}),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def socket_folder_of_database() -> Path:
    """Where the real server listens."""
    folder = Path(settings.DATABASES["default"]["HOST"])
    assert (folder / ".s.PGSQL.5432").is_socket(), "crash tests need the embedded PostgreSQL"
    return folder
