"""``manage.py rotate_credentials``: bring every sealed value under the newest encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.services.keys import CURRENT, ROTATED, UNREADABLE, rotate_all


class Command(BaseCommand):
    help = (
        "Re-encrypt all credentials, tokens and webhook secrets under the first key of "
        "FIELD_ENCRYPTION_KEYS. Run it after putting a new key in front; remove the old key once "
        "it reports none left."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        columns = rotate_all(actor="command:rotate_credentials")
        for column, counts in columns.items():
            self.stdout.write(
                f"{column}: {counts[ROTATED]} re-encrypted, {counts[CURRENT]} current already, "
                f"{counts[UNREADABLE]} unreadable"
            )
        if unreadable := sum(counts[UNREADABLE] for counts in columns.values()):
            raise CommandError(
                f"{unreadable} values open under no key that is configured. They were left as "
                "they are: put the missing key back, or enter those credentials again."
            )
