"""``export_audit``: write the audit of a tenant or of the platform, one JSON object per line.

``audit/verify_export.py`` verifies the file without this service.
"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import platform
from audit.chain import canonical
from audit.services import export_tenant
from tenants.models import Tenant
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = "Write the audit as JSON lines, to be verified by audit/verify_export.py."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", help="The short name (slug) of the tenant.")
        which.add_argument(
            "--platform", action="store_true", help="What happened to people and their rights."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        events = platform.export() if options["platform"] else _of_tenant(options["tenant"])
        for content in events:
            self.stdout.write(canonical(content).decode("ascii"))


def _of_tenant(slug: str) -> Iterator[dict[str, Any]]:
    with platform_scope():
        tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no tenant with the short name {slug!r}.")
    return export_tenant(tenant.pk)
