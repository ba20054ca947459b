"""Django's entry to the package: its name, its key type and its system checks."""

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created

from tenants.checks import check_login_role, check_tenant_models
from tenants.roles import refuse_old_connection


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.accounts import addresses, sessions  # noqa: PLC0415 - they need the models

        sessions.listen()
        addresses.listen()
        checks.register(check_tenant_models, checks.Tags.models)
        checks.register(check_login_role, checks.Tags.database)
        connection_created.connect(refuse_old_connection)
