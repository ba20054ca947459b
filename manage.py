#!/usr/bin/env python
"""Django's command line for this project: a command and its arguments in, an exit code out."""

import os
import sys

from django.core.management import execute_from_command_line

from audit import actors
from audit.acting import acting

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with acting(lambda: actors.command(sys.argv[1])):
        execute_from_command_line(sys.argv)
