"""A tenant's events may go with the tenant, which the platform's chain then tells."""

from django.db import migrations

from tenants.isolation import LetTenantsBeDeleted


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_platform")]

    operations = [LetTenantsBeDeleted()]
