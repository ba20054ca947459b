"""``verify_audit``: follow every tenant's chain and name the first event that breaks it."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from audit.chain import ChainBrokenError, Head
from audit.services import check_anchor, verify_tenant
from tenants.models import Tenant
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = "Verify the audit chain of all tenants, or of one. Exit code 1 if a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="The short name (slug) of one tenant.")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="SEQ:HASH",
            help="A head of that tenant that was noted earlier; may be given several times.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["anchor"] and not options["tenant"]:
            raise CommandError("Name the tenant of the anchors with --tenant.")
        anchors = [_anchor(text) for text in options["anchor"]]
        tenants = _tenants(options["tenant"])
        broken = [tenant.slug for tenant in tenants if not self._verify(tenant, anchors)]
        if broken:
            raise CommandError(f"The audit chain is broken for: {', '.join(broken)}.")

    def _verify(self, tenant: Tenant, anchors: list[Head]) -> bool:
        try:
            head = verify_tenant(tenant.pk)
            for anchor in anchors:
                check_anchor(tenant.pk, anchor)
        except ChainBrokenError as error:
            self.stderr.write(f"{tenant.slug}: BROKEN: {error}")
            return False
        self.stdout.write(f"{tenant.slug}: {head.sequence} events, head {head.hash}")
        return True


def _anchor(text: str) -> Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise CommandError(
            f"{text!r} is no anchor: write an event's number, a colon, and its hash."
        )
    return Head(int(found[1]), found[2])


def _tenants(slug: str | None) -> list[Tenant]:
    with platform_scope():
        found: QuerySet[Tenant] = Tenant.objects.order_by("pk")
        tenants = list(found.filter(slug=slug) if slug else found)
    if slug and not tenants:
        raise CommandError(f"There is no tenant with the short name {slug!r}.")
    return tenants
