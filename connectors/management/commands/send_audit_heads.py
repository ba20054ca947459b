"""``manage.py send_audit_heads``: note the heads of all audit chains outside the database, now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.services import audit_heads


class Command(BaseCommand):
    help = "Send the heads of all audit chains to the places that AUDIT_HEADS_* name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--show", action="store_true", help="Print them, and send nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["show"]:
            self.stdout.write(audit_heads.lines(), ending="")
            return
        if not audit_heads.places():
            raise CommandError(
                "No place is set. Set AUDIT_HEADS_FILE, AUDIT_HEADS_WEBHOOK or AUDIT_HEADS_EMAIL, "
                "or use --show."
            )
        if failed := audit_heads.send_now():
            raise CommandError(f"Not sent by {', '.join(failed)}: the log says why.")
        self.stdout.write(f"Sent by {', '.join(audit_heads.places())}.")
