"""Real workers on demand, behind a proxy that sees their commits.

A folder and an environment enter; each wish gives the pid of a Celery worker process, which ends
with the block at the latest. What the workers do is none of its business.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from config.env import BASE_DIR
from config.processes import is_running, python_module

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
    born: list[int] = field(default_factory=list)

    def start(self, **engine: float) -> int:
        """A new worker, with other times of the engine where some are given; its pid."""
        wish = {
            "name": f"crash{len(self.born)}",
            "log": str(self.log),
            "engine": {**ENGINE, **engine},
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        self.born.append(int(self.process.stdout.readline()))
        return self.born[-1]

    def stop(self, pid: int) -> None:
        """Kill a worker and wait until it is gone."""
        while is_running(pid, "nursery"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    def stop_all(self) -> None:
        """Kill whoever is left, also one that was paused."""
        for pid in self.born:
            self.stop(pid)


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


def worker_env(proxy: Path, *, base_url: str) -> dict[str, str]:
    """This test run's own environment, with the database behind the proxy.

    Providers deliver their webhooks to ``base_url``.
    """
    database = settings.DATABASES["default"]
    # Real time stands still for nobody: a paused transaction lets go sooner than in production.
    options = quote("-c idle_in_transaction_session_timeout=1s")
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}"
        f"?host={quote(str(proxy))}&options={options}",
        "DATABASE_POOL": "8",
        "BASE_URL": base_url,
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def socket_folder_of_database() -> Path:
    """Where the real server listens."""
    folder = Path(settings.DATABASES["default"]["HOST"])
    assert (folder / ".s.PGSQL.5432").is_socket(), "crash tests need the embedded PostgreSQL"
    return folder
