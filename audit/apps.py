"""Django's entry to the package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import people_log, sign_in_log, two_factor_log  # noqa: PLC0415 - need the models

        people_log.listen()
        sign_in_log.listen()
        two_factor_log.listen()
