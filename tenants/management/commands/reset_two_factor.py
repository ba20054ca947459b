"""``manage.py reset_two_factor EMAIL``: let somebody in who lost their phone and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import actors
from audit.acting import acting
from tenants.accounts import two_factor
from tenants.models import User


class Command(BaseCommand):
    help = (
        "Forget a person's authenticator app and recovery codes and end their sessions, for when "
        "nobody is left who may do it on the staff pages. Be sure that it is them who asks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address that the person signs in with.")

    def handle(self, *args: Any, **options: Any) -> None:
        email = User.objects.normalize_email(options["email"])
        person = User.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {email}.")
        if two_factor.turned_on_at(person) is None:
            raise CommandError(f"{email} has no authenticator app. Nothing was changed.")
        with acting(lambda: actors.command("reset_two_factor")):
            two_factor.reset(person)
        self.stdout.write(f"{email} signs in with the password alone now.")
