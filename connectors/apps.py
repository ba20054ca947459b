"""Registers the connector application with Django, and lets it listen for sign-ins."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    """Models, tasks, commands and admin of what connects systems."""

    name = "connectors"
    verbose_name = "Connectors"

    def ready(self) -> None:
        from connectors.services import sign_in_mail  # noqa: PLC0415 - needs the models

        sign_in_mail.listen()
