"""``manage.py delete_tenant SLUG --export FOLDER``: export all of a tenant, then delete it."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import actors
from connectors.core.errors import BadInputError
from connectors.services import tenant_deletion
from tenants.models import Tenant
from tenants.roles import owner_login
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = (
        "Write everything of a tenant but its secrets into a new folder, then delete the tenant. "
        "Needs DATABASE_OWNER_URL. There is no way back but a backup."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The short name of the tenant.")
        parser.add_argument("--export", type=Path, required=True, help="A folder to be made.")
        parser.add_argument(
            "--yes-delete", metavar="SLUG", help="The short name again; else it is asked for."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        with platform_scope():
            tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f"There is no tenant with the short name {slug!r}.")
        try:
            owner_login()
            tenant_deletion.refuse_while_working(tenant.pk)
            exported = tenant_deletion.export(tenant.pk, options["export"])
            count = sum(exported.rows.values())
            self.stdout.write(f"{count} rows of {slug} stand in {options['export']}.")
            typed = options["yes_delete"] or input(f"Type {slug} to delete all of them: ")
            if typed != slug:
                raise CommandError(f"Typed {typed!r}, not {slug!r}. Nothing was deleted.")
            tenant_deletion.delete(tenant.pk, exported, actor=actors.command("delete_tenant"))
        except (BadInputError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except FileExistsError as error:
            raise CommandError(
                f"{options['export']} is there already. Name a new folder. Nothing was deleted."
            ) from error
        self.stdout.write(f"{slug} is deleted. The platform's audit keeps that it was.")
