"""What the database itself guards: tenants, append-only tables, the moves of a document; and routing."""

from django.db import migrations

from connectors.core.states import MOVES, State
from tenants.isolation import AppendOnly, IsolateTenantTables, RoutingFunction

_PAIRS = ", ".join(
    f"('{before}', '{after}')" for before, afters in MOVES.items() for after in sorted(afters)
)

MOVES_TRIGGER = f"""
CREATE OR REPLACE FUNCTION document_moves() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> '{State.DUE}' THEN
            RAISE EXCEPTION 'a document begins as due, not as %', NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (OLD.state, NEW.state) NOT IN ({_PAIRS}) THEN
        RAISE EXCEPTION 'a document does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_begins BEFORE INSERT ON connectors_document
    FOR EACH ROW EXECUTE FUNCTION document_moves();
CREATE TRIGGER document_moves BEFORE UPDATE OF state ON connectors_document
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION document_moves();
"""

USABLE = """
    NOT EXISTS (
        SELECT 1 FROM connectors_connection c
        WHERE c.id IN (i.source_id, i.target_id) AND c.health NOT IN ('new', 'ready')
    )
"""

DUE_INTEGRATIONS = f"""
SELECT i.tenant_id, i.id FROM connectors_integration i
WHERE i.enabled AND i.next_run_at <= now() AND {USABLE}
ORDER BY row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.next_run_at), i.next_run_at
LIMIT most
"""

# A queued run waits while another one of its integration runs.
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

# Posting waits until a run has read what it came to read; one more slot for every five documents.
SLOTS = f"""
SELECT s.tenant_id, s.id FROM (
    SELECT tenant_id, integration_id, count(*) AS documents FROM connectors_document
    WHERE state = 'due' AND next_at <= now() AND (record IS NOT NULL OR gone)
    GROUP BY tenant_id, integration_id
) d
JOIN connectors_workslot s ON s.integration_id = d.integration_id
JOIN connectors_integration i ON i.id = d.integration_id
WHERE s.leased_until <= now() AND i.enabled AND {USABLE}
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

TOKENS = """
SELECT t.tenant_id, t.connection_id FROM connectors_connectiontoken t
JOIN connectors_connection c ON c.id = t.connection_id
WHERE c.health = 'ready' AND t.expires_at <= before
    AND (t.leased_until IS NULL OR t.leased_until <= now())
    AND EXISTS (
        SELECT 1 FROM connectors_integration i
        WHERE i.enabled AND c.id IN (i.source_id, i.target_id)
    )
"""

PROBES = """
SELECT c.tenant_id, c.id FROM connectors_connection c
WHERE c.health = 'suspended' AND c.probe_at <= now() ORDER BY c.probe_at LIMIT most
"""

# Mapping failures are gathered for a while; a connection that stopped is told at once, and once.
ALERTS = """
SELECT f.tenant_id FROM connectors_mappingfailure f
GROUP BY f.tenant_id
HAVING bool_or(f.status = 'open' AND f.alerted_at IS NULL)
    AND coalesce(max(f.alerted_at) <= quiet_since, true)
UNION
SELECT c.tenant_id FROM connectors_connection c
WHERE c.health NOT IN ('new', 'ready') AND c.alerted_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_tables"),
        ("tenants", "0002_isolation"),
    ]

    operations = [
        IsolateTenantTables(),
        AppendOnly("Attempt"),
        AppendOnly("Outcome"),
        migrations.RunSQL(
            MOVES_TRIGGER,
            "DROP TRIGGER document_begins ON connectors_document;"
            "DROP TRIGGER document_moves ON connectors_document;"
            "DROP FUNCTION document_moves();",
        ),
        RoutingFunction("routing_due_integrations", DUE_INTEGRATIONS),
        RoutingFunction("routing_runs", RUNS),
        RoutingFunction("routing_slots", SLOTS),
        RoutingFunction("routing_doubtful", DOUBTFUL),
        RoutingFunction("routing_tokens", TOKENS),
        RoutingFunction("routing_probes", PROBES),
        RoutingFunction("routing_alerts", ALERTS),
    ]
