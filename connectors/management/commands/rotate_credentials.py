"""``manage.py rotate_credentials``: bring every sealed value under the newest encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.services.keys import rotate_all


class Command(BaseCommand):
    help = (
        "Re-encrypt all credentials and tokens under the first key of FIELD_ENCRYPTION_KEYS. "
        "Run it after putting a new key in front; remove the old key once it reports none left."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts = rotate_all(actor="command:rotate_credentials")
        self.stdout.write(
            f"{counts['rotated']} re-encrypted, {counts['current']} were current already."
        )
        if counts["unreadable"]:
            raise CommandError(
                f"{counts['unreadable']} values open under no key that is configured. They were "
                "left as they are: put the missing key back, or enter those credentials again."
            )
