"""``verify_audit``: follow every chain, and name the first event that breaks one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from audit.chain import ChainBrokenError, Head
from audit.platform import PlatformChain
from audit.services import TenantChain
from audit.verifying import KeptChain, check_anchor, verify
from tenants.models import Tenant
from tenants.scope import platform_scope

# No slug of a tenant looks like that.
PLATFORM = "(platform)"


class Command(BaseCommand):
    help = "Verify all audit chains, or one of them. Exit code 1 if a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--tenant", help="The short name (slug) of one tenant.")
        which.add_argument(
            "--platform",
            action="store_true",
            help="Only the platform's own chain: what happened to people and their rights.",
        )
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="SEQ:HASH",
            help="A head of that chain that was noted earlier; may be given several times.",
        )
        parser.add_argument(
            "--anchors",
            type=Path,
            metavar="FILE",
            help="Heads of any chains that send_audit_heads noted, a line of JSON each.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["anchor"] and not (options["tenant"] or options["platform"]):
            raise CommandError("Name the chain of the anchors with --tenant, or with --platform.")
        anchors = [_anchor(text) for text in options["anchor"]]
        noted = _read(options["anchors"]) if options["anchors"] else {}
        chains = _chains(options["tenant"], platform_only=options["platform"])
        broken = [
            name
            for key, name, kept in chains
            if not self._verify(name, kept, [*anchors, *noted.pop(key, [])])
        ]
        if not (options["tenant"] or options["platform"]):
            broken += [self._missing(key) for key in noted]
        if broken:
            raise CommandError(f"The audit chain is broken for: {', '.join(broken)}.")

    def _missing(self, tenant_id: int | None) -> str:
        name = f"tenant {tenant_id}"
        self.stderr.write(f"{name}: BROKEN: a head of it was noted, and it is not there")
        return name

    def _verify(self, name: str, kept: KeptChain, anchors: list[Head]) -> bool:
        try:
            head = verify(kept)
            for anchor in anchors:
                check_anchor(kept, anchor)
        except ChainBrokenError as error:
            self.stderr.write(f"{name}: BROKEN: {error}")
            return False
        self.stdout.write(f"{name}: {head.sequence} events, head {head.hash}")
        return True


def _read(path: Path) -> dict[int | None, list[Head]]:
    """The heads in a file of ``send_audit_heads``, by tenant; None is the platform."""
    found: dict[int | None, list[Head]] = {}
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            noted = json.loads(line)
            head = _anchor(f"{noted['sequence']}:{noted['hash']}")
            found.setdefault(noted["tenant"], []).append(head)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"{path} holds no heads as send_audit_heads writes them: {error}"
        ) from error
    return found


def _anchor(text: str) -> Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise CommandError(
            f"{text!r} is no anchor: write an event's number, a colon, and its hash."
        )
    return Head(int(found[1]), found[2])


def _chains(
    slug: str | None, *, platform_only: bool
) -> Iterator[tuple[int | None, str, KeptChain]]:
    if not slug:
        yield None, PLATFORM, PlatformChain()
    if not platform_only:
        for tenant in _tenants(slug):
            yield tenant.pk, tenant.slug, TenantChain(tenant.pk)


def _tenants(slug: str | None) -> list[Tenant]:
    with platform_scope():
        found: QuerySet[Tenant] = Tenant.objects.order_by("pk")
        tenants = list(found.filter(slug=slug) if slug else found)
    if slug and not tenants:
        raise CommandError(f"There is no tenant with the short name {slug!r}.")
    return tenants
