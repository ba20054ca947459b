"""Workers that start in a moment: a process that has imported everything forks a worker per wish.

`python -m tests.e2e.nursery` reads wishes as JSON lines, with the worker's name, its log file and
the engine's times, and answers with a pid. Each worker is Celery's own, with a session of its own;
the kernel ends it with the nursery.
"""

import json
import os
import signal
import sys
from importlib import import_module

import django
from django.conf import settings

from config.celery import app
from config.processes import die_with_parent_if_supervised

OPTIONS = ["--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"]
OPTIONS += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
# What Celery imports when a worker starts: half of its time until it is ready.
LATER_IMPORTS = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.loops",
    "celery.worker.strategy",
    "kombu.transport.redis",
)


def main() -> None:
    """Import what a worker imports, then fork on demand."""
    django.setup()
    app.loader.import_default_modules()
    for name in LATER_IMPORTS:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    print("ready", flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            settings.ENGINE = wish["engine"]
            become_worker(wish["name"], wish["log"])
        print(pid, flush=True)


def become_worker(name: str, log: str) -> None:
    """Turn this fork into a worker; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with_parent_if_supervised()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    app.worker_main(["worker", "--hostname", f"{name}@%h", *OPTIONS])
    os._exit(0)


if __name__ == "__main__":
    main()
