"""``setup_database``: once per database server, create the roles, both logins and the database.

Reads the administrator's address from ADMIN_DATABASE_URL and everything else from the settings; the
running service never needs to know that address, nor the one of the login that migrates.
"""

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from tenants.roles import Login, ensure_roles, owner_login, role_names


class Command(BaseCommand):
    help = "Create the database roles, the two logins and the database. See ADMIN_DATABASE_URL."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Django's database alias.")
        parser.add_argument(
            "--allow-create-database",
            action="store_true",
            help="Let the owner role create further databases, as test runs need.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        admin = os.environ.get("ADMIN_DATABASE_URL")
        if not admin:
            raise CommandError(
                "Set ADMIN_DATABASE_URL, for this command only, to a login that may create roles "
                "and databases, for example postgresql://postgres:secret@host/postgres."
            )
        target = connections[options["database"]].settings_dict
        if not target["USER"]:
            raise CommandError("Name the login in DATABASE_URL: it is the role to be created.")
        try:
            owner = owner_login()
            ensure_roles(
                admin,
                login=Login(target["USER"], target["PASSWORD"]),
                owner_login=owner,
                database=target["NAME"],
                prefix=role_names().app.removesuffix("_app"),
                allow_create_database=options["allow_create_database"],
                running=settings.DATABASE_LIMITS,
                migrating=settings.DATABASE_LIMITS_MIGRATING,
            )
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Database {target['NAME']} is ready: {target['USER']} runs the service, {owner.name} "
            "migrates. Now migrate."
        )
