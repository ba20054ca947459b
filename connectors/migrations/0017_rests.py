"""Connections that rest until their provider takes calls again; what is due waits with them."""

from django.db import migrations, models

from tenants.isolation import RoutingFunction

# As before, and neither connection rests.
USABLE = """
    NOT EXISTS (
        SELECT 1 FROM connectors_connection c
        WHERE c.id IN (i.source_id, i.target_id)
            AND (c.health NOT IN ('new', 'ready') OR c.resting_until > now())
    )
"""

DUE_INTEGRATIONS = f"""
SELECT i.tenant_id, i.id FROM connectors_integration i
WHERE i.enabled AND i.next_run_at <= now() AND {USABLE}
ORDER BY row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.next_run_at), i.next_run_at
LIMIT most
"""

RUNS = f"""
SELECT r.tenant_id, r.id FROM connectors_run r
JOIN connectors_integration i ON i.id = r.integration_id
WHERE r.status IN ('queued', 'running') AND r.next_at <= now() AND r.leased_until <= now()
    AND {USABLE}
    AND NOT (r.status = 'queued' AND EXISTS (
        SELECT 1 FROM connectors_run o
        WHERE o.integration_id = r.integration_id AND o.status = 'running'
    ))
ORDER BY row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.next_at), r.next_at
LIMIT most
"""

SLOTS = f"""
SELECT s.tenant_id, s.id FROM (
    SELECT tenant_id, integration_id, count(*) AS documents FROM connectors_document
    WHERE state = 'due' AND next_at <= now() AND (record IS NOT NULL OR gone OR unread <> '')
    GROUP BY tenant_id, integration_id
) d
JOIN connectors_workslot s ON s.integration_id = d.integration_id
JOIN connectors_integration i ON i.id = d.integration_id
WHERE s.leased_until <= now() AND i.enabled AND i.reads_after IS NULL AND {USABLE}
    AND s.number <= ceil(d.documents / 5.0)
    AND NOT EXISTS (
        SELECT 1 FROM connectors_run r WHERE r.integration_id = d.integration_id
        AND r.status = 'running' AND r.phase IN ('references', 'extract')
    )
ORDER BY row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.number, s.rung_at), s.rung_at
LIMIT most
"""

DOUBTFUL = f"""
SELECT d.tenant_id, d.integration_id FROM (
    SELECT DISTINCT tenant_id, integration_id FROM connectors_document
    WHERE (state = 'delivering' AND claimed_until <= now())
        OR (state = 'unconfirmed' AND next_at <= now() AND claimed_until <= now())
) d
JOIN connectors_integration i ON i.id = d.integration_id
WHERE {USABLE}
LIMIT most
"""

# Hints stay where they are while everything that would follow them is paused.
INBOX = """
SELECT e.tenant_id, e.connection_id FROM (
    SELECT DISTINCT tenant_id, connection_id FROM connectors_inboxevent
    WHERE status = 'pending' AND next_at <= now()
) e
JOIN connectors_connection c ON c.id = e.connection_id
WHERE c.health IN ('new', 'ready') AND (c.resting_until IS NULL OR c.resting_until <= now())
    AND (SELECT coalesce(bool_or(i.enabled), true) FROM connectors_integration i
        WHERE c.id IN (i.source_id, i.target_id))
LIMIT most
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0016_alerts")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="resting_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="resting_words",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="integration",
            name="reads_after",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="reads_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        RoutingFunction("routing_due_integrations", DUE_INTEGRATIONS),
        RoutingFunction("routing_runs", RUNS),
        RoutingFunction("routing_slots", SLOTS),
        RoutingFunction("routing_doubtful", DOUBTFUL),
        RoutingFunction("routing_inbox", INBOX),
    ]
