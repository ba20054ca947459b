import datetime

from django.db import migrations, models

from tenants.isolation import RoutingFunction

# As before, and those too that are to be held because they cannot be read.
SLOTS = """
SELECT s.tenant_id, s.id FROM (
    SELECT tenant_id, integration_id, count(*) AS documents FROM connectors_document
    WHERE state = 'due' AND next_at <= now() AND (record IS NOT NULL OR gone OR unread <> '')
    GROUP BY tenant_id, integration_id
) d
JOIN connectors_workslot s ON s.integration_id = d.integration_id
JOIN connectors_integration i ON i.id = d.integration_id
WHERE s.leased_until <= now() AND i.enabled
    AND NOT EXISTS (
        SELECT 1 FROM connectors_connection c
        WHERE c.id IN (i.source_id, i.target_id) AND c.health NOT IN ('new', 'ready')
    )
    AND s.number <= ceil(d.documents / 5.0)
    AND NOT EXISTS (
        SELECT 1 FROM connectors_run r WHERE r.integration_id = d.integration_id
        AND r.status = 'running' AND r.phase IN ('references', 'extract')
    )
ORDER BY row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.number, s.rung_at), s.rung_at
LIMIT most
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0013_doubles'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='read_next_at',
            field=models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)),
        ),
        migrations.AddField(
            model_name='document',
            name='read_tries',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='document',
            name='unread',
            field=models.TextField(blank=True, default=''),
        ),
        RoutingFunction("routing_slots", SLOTS),
    ]
