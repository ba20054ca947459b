"""Django's entry to the package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit.people_log import listen  # noqa: PLC0415 - needs the models

        listen()
