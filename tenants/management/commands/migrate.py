"""``migrate``, run as the owner role, which first gives the other roles their privileges."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate

from tenants.roles import as_owner, owner_login, prepare_database


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            owner_login()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        with as_owner(options["database"]):
            prepare_database(options["database"])
            super().handle(*args, **options)
