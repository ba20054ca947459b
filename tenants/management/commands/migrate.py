"""``migrate``, run as the owner role, which first gives the other roles their privileges."""

from typing import Any

from django.core.management.commands import migrate

from tenants.roles import as_owner, prepare_database


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(options["database"]):
            prepare_database(options["database"])
            super().handle(*args, **options)
