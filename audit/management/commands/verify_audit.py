"""``verify_audit``: follow every tenant's chain and name the first event that breaks it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from audit.chain import ChainBrokenError
from audit.services import verify_tenant
from tenants.models import Tenant
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = "Verify the audit chain of all tenants, or of one. Exit code 1 if a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="The short name (slug) of one tenant.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = _tenants(options["tenant"])
        broken = [tenant.slug for tenant in tenants if not self._verify(tenant)]
        if broken:
            raise CommandError(f"The audit chain is broken for: {', '.join(broken)}.")

    def _verify(self, tenant: Tenant) -> bool:
        try:
            head = verify_tenant(tenant.pk)
        except ChainBrokenError as error:
            self.stderr.write(f"{tenant.slug}: BROKEN: {error}")
            return False
        self.stdout.write(f"{tenant.slug}: {head.sequence} events, head {head.hash}")
        return True


def _tenants(slug: str | None) -> list[Tenant]:
    with platform_scope():
        found: QuerySet[Tenant] = Tenant.objects.order_by("pk")
        tenants = list(found.filter(slug=slug) if slug else found)
    if slug and not tenants:
        raise CommandError(f"There is no tenant with the short name {slug!r}.")
    return tenants
