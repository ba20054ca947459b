"""The wall around the audit, and the trigger that lets nobody change an event."""

from django.db import migrations

from tenants.isolation import AppendOnly, IsolateTenantTables


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [IsolateTenantTables(), AppendOnly("AuditEvent")]
