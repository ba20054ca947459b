"""A service to measure: its own durable servers, production's settings, one tenant that listens.

A stack leaves, with Django set up against it, and the tenant that is measured. What differs from
production is that TLS ends before the door, and that everything is on one machine.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import django

from config import keys
from config.env import BASE_DIR
from config.folders import AlreadyRunningError, local_folder
from config.stack import Stack, running_stack

if TYPE_CHECKING:
    from benchmarks.tenant import Listening


# What `benchmarks.backfill` says when it does.
BACKFILL_BEGINS = "The backfill begins."


@dataclass(frozen=True, slots=True)
class Measured:
    """What can be started, and who is measured."""

    stack: Stack
    tenant: "Listening"


@contextmanager
def measured_service(*, integrations: int = 1) -> Iterator[Measured]:
    """Servers of our own that lose nothing at a power cut, until the block ends."""
    # In the project and not under /tmp, which may be in memory, where nothing is slow to keep.
    folder = local_folder(BASE_DIR, "benchmark")
    try:
        with running_stack(folder, durable=True) as stack:
            _as_in_production(stack.env)
            os.environ.pop("SANDBOX_URL", None)
            os.environ.update(stack.env)
            django.setup()
            # Only now may modules with models be imported.
            yield Measured(stack, import_module("benchmarks.tenant").make(integrations))
    except AlreadyRunningError as error:
        raise SystemExit(str(error)) from None


def _as_in_production(env: dict[str, str]) -> None:
    """A demo's process keeps every statement it made for a look at them; nobody else's does."""
    env.pop("SANDBOX_URL", None)
    env.update(
        DEBUG="false",
        SECRET_KEY=keys.secret_key(),
        FIELD_ENCRYPTION_KEYS=keys.encryption_key(),
        ENV_FILE=os.devnull,
        LOG_LEVEL="WARNING",
    )
