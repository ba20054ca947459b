"""`python -m tests.e2e.token_askers`: processes full of threads that all want one access token.

Reads "TENANT CONNECTION" and then "go" from its input; forks as many processes as it was told to,
each of which prints one line of JSON: the versions of the token that its threads got. Says the
processes' pids first.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django
from django.db import DatabaseError

from connectors.core.errors import ConnectorError, RetryLater

PROCESSES, THREADS = int(sys.argv[1]), int(sys.argv[2])
_PATIENCE = 120.0


def main() -> None:
    """Fork, and in each fork ask from all threads at once."""
    django.setup()
    askers = import_module("tests.e2e.token_wish")
    tenant_id, connection_id = map(int, sys.stdin.readline().split())
    pids = []
    for _ in range(PROCESSES):
        pid = os.fork()
        if pid == 0:
            versions = ask_from_threads(lambda: askers.wish(tenant_id, connection_id))
            os.write(1, (json.dumps({"pid": os.getpid(), "got": versions}) + "\n").encode())
            os._exit(0)
        pids.append(pid)
    os.write(1, (json.dumps({"pids": pids}) + "\n").encode())
    for pid in pids:
        os.waitpid(pid, 0)


def ask_from_threads(wish: Callable[[], Any]) -> list[Any]:
    """What every thread got: a version, or the name of its error."""
    got: list[Any] = []
    together = threading.Barrier(THREADS)

    def ask() -> None:
        together.wait()
        got.append(patiently(wish))

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def patiently(wish: Callable[[], Any]) -> Any:
    """As a worker does: told to come back later, it comes back."""
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            return wish()
        except RetryLater as later:
            if time.monotonic() > ends:
                return f"still told to wait: {later.why}"
            time.sleep(0.1)
        except (ConnectorError, DatabaseError, OSError) as error:
            return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
