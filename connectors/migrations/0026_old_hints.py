"""Which tenants hold hints that may be deleted by age."""

from django.db import migrations

from tenants.isolation import RoutingFunction

OLD_HINTS = """
SELECT DISTINCT e.tenant_id FROM connectors_inboxevent e
WHERE e.status <> 'pending' AND e.received_at < before
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0025_kept")]

    operations = [RoutingFunction("routing_old_hints", OLD_HINTS)]
