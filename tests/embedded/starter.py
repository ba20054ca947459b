"""A process that holds embedded servers until its input ends, so that tests can kill it.

Takes a folder; says in one line of JSON how to reach the servers and which processes they are.
"""

import json
import sys
from pathlib import Path

from config.embedded import embedded_services
from config.folders import AlreadyRunningError


def main() -> int:
    """Start, report, wait, stop."""
    try:
        with embedded_services(Path(sys.argv[1]), durable=False, given={}) as services:
            print(json.dumps({"env": services.env, "pids": services.pids()}), flush=True)
            sys.stdin.read()
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
