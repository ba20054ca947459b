"""``manage.py sandbox``: become the simulators' own process, with the same arguments.

It replaces this process instead of importing them, since nothing of the service may.
"""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

MODULE = "connectors.sandbox"


class Command(BaseCommand):
    help = "Start the simulators of the providers; arguments as `python -m connectors.sandbox`."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        # Not parsed here: every option, --help included, belongs to the simulators' own parser.
        self.handle(*argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        os.execv(sys.executable, [sys.executable, "-m", MODULE, *map(str, args)])  # noqa: S606
