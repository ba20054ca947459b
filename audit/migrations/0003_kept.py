"""Tables that are kept for good cannot be emptied at one stroke."""

from django.db import migrations

from tenants.isolation import RefuseTruncate


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_isolation")]

    operations = [RefuseTruncate("AuditEvent"), RefuseTruncate("AuditHead")]
