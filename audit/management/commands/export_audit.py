"""``export_audit``: write a tenant's audit events, one JSON object per line, for an auditor.

``audit/verify_export.py`` verifies the file without this service.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.chain import canonical
from audit.services import export_tenant
from tenants.models import Tenant
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = "Write a tenant's audit events as JSON lines, to be verified by audit/verify_export.py."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="The short name (slug) of the tenant.")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope():
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant with the short name {options['tenant']!r}.")
        for content in export_tenant(tenant.pk):
            self.stdout.write(canonical(content).decode("ascii"))
