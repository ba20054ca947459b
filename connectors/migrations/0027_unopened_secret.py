"""Since when no key opens a webhook secret, and whether people were told."""

from django.db import migrations, models

from tenants.isolation import RoutingFunction

ALERTS = """
SELECT c.tenant_id FROM connectors_connection c
WHERE c.health NOT IN ('new', 'ready') AND c.alerted_at IS NULL
UNION
SELECT n.tenant_id FROM (
    SELECT f.tenant_id FROM connectors_mappingfailure f
    WHERE f.status = 'open' AND f.alerted_at IS NULL
    UNION
    SELECT d.tenant_id FROM connectors_document d WHERE d.state = 'held' AND d.told <> d.reason
    UNION
    SELECT r.tenant_id FROM connectors_run r WHERE r.status = 'failed' AND r.alerted_at IS NULL
    UNION
    SELECT e.tenant_id FROM connectors_webhookendpoint e
    WHERE e.unopened_at IS NOT NULL AND e.alerted_at IS NULL
) n
WHERE NOT EXISTS (
    SELECT 1 FROM connectors_alert a WHERE a.tenant_id = n.tenant_id AND a.at > quiet_since
)
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0026_old_hints")]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="unopened_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="alerted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        RoutingFunction("routing_alerts", ALERTS),
    ]
