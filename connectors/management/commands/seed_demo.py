"""``manage.py seed_demo``: load the example companies and set each up as a tenant that syncs.

Refuses to run anywhere but beside the simulators. Prints the logins; with ``--json`` also the ids,
in one line, for programs that drive the demo.
"""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.core.errors import ConnectorError
from connectors.management import demo, sandbox_door
from connectors.management.demo import EXAMPLES, Seeded


class Command(BaseCommand):
    help = "Load the example companies into the sandbox and set them up as tenants."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--default-limits",
            action="store_true",
            help="keep the providers' own calls per minute instead of a demo's larger ones",
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG and settings.SANDBOX_URL):
            raise CommandError("A demo needs DEBUG=true and SANDBOX_URL: use `make demo`.")
        try:
            seeded = self._seed(default_limits=options["default_limits"])
        except (ConnectorError, sandbox_door.DoorError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(seeded)))
        else:
            self._tell(seeded)

    def _seed(self, *, default_limits: bool) -> Seeded:
        url = settings.SANDBOX_URL
        health = sandbox_door.call(url, "GET", "/control/health")
        company = health["company"] or "manufacturing"
        if company not in EXAMPLES:
            raise CommandError(f"The sandbox holds {company}, which this command does not know.")
        if health["company"] is None:
            sandbox_door.call(url, "POST", "/control/reset", {"company": company})
        if not default_limits:
            sandbox_door.call(url, "POST", "/control/options", demo.SANDBOX_OPTIONS)
        return demo.seed(url, EXAMPLES[company], default_limits=default_limits)

    def _tell(self, seeded: Seeded) -> None:
        self.stdout.write(f"{seeded.tenant.name}: “{seeded.integration.name}” is running.")
        for login in seeded.logins:
            self.stdout.write(f"  {login.role:<9}{login.email:<36}{login.password}")


def _as_json(seeded: Seeded) -> dict[str, Any]:
    return {
        "tenant": seeded.tenant.pk,
        "integration": seeded.integration.pk,
        "logins": [
            {"email": login.email, "password": login.password, "role": login.role}
            for login in seeded.logins
        ],
    }
