"""``manage.py seed_demo``: load the example companies and set each up as a tenant that syncs.

Refuses to run anywhere but beside the simulators. Prints the logins; with ``--json`` also the ids
by company, in one line, for programs that drive the demo.
"""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.core.errors import ConnectorError
from connectors.management import demo, sandbox_door
from connectors.management.demo import EXAMPLES, Login, Seeded

_MAY = {
    "superuser": "may do everything",
    "support": "sees both companies, acts on documents and missing mappings",
}


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
            found = {company: _as_json(one) for company, one in seeded.items()}
            self.stdout.write(json.dumps(found))
            return
        for one in seeded.values():
            self.stdout.write(f"{one.tenant.name}: “{one.integration.name}” is running.")
        staff = demo.seed_staff()
        self.stdout.write(f"\nSign in at {settings.BASE_URL}/ as a member of a company")
        for one in seeded.values():
            for login in one.logins:
                self._write(login, f"{login.role} of {one.tenant.name}")
        self._write(demo.seed_empty(), "owner of Juniper Supply, which is empty")
        self.stdout.write("or as staff of the platform")
        for login in staff:
            self._write(login, _MAY[login.role])

    def _write(self, login: Login, may: str) -> None:
        self.stdout.write(f"  {login.email:<39}{login.password:<18}{may}")

    def _seed(self, *, default_limits: bool) -> dict[str, Seeded]:
        """Every company that the sandbox holds; all that are known if it is empty."""
        url = settings.SANDBOX_URL
        companies = sandbox_door.call(url, "GET", "/control/health")["companies"]
        if not companies:
            companies = list(EXAMPLES)
            wishes = [{"company": company} for company in companies]
            sandbox_door.call(url, "POST", "/control/reset", {"companies": wishes})
        unknown = sorted(set(companies) - set(EXAMPLES))
        if unknown:
            raise CommandError(
                f"The sandbox holds {', '.join(unknown)}, which this command does not know."
            )
        if not default_limits:
            sandbox_door.call(url, "POST", "/control/options", demo.SANDBOX_OPTIONS)
        return {
            company: demo.seed(url, EXAMPLES[company], default_limits=default_limits)
            for company in companies
        }


def _as_json(seeded: Seeded) -> dict[str, Any]:
    return {
        "tenant": seeded.tenant.pk,
        "integration": seeded.integration.pk,
        "logins": [
            {"email": login.email, "password": login.password, "role": login.role}
            for login in seeded.logins
        ],
    }
