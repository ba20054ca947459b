"""The wall around people's tables, and the one question that may be asked before a scope exists."""

from django.db import migrations

from tenants.isolation import IsolateTenantTables, RoutingFunction


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        IsolateTenantTables(),
        RoutingFunction(
            "routing_memberships",
            "SELECT tenant_id FROM tenants_member WHERE user_id = person_id ORDER BY tenant_id",
        ),
    ]
