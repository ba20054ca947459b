"""A large data set made by SQL alone: one workspace with much in it, and many tenants beside it.

Sizes enter, the tenant that holds the documents leaves. Needs Django set up and a migrated
database; the owner's role writes past the policies, in one transaction that puts them back.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from connectors import registry
from connectors.models import Connection, Health
from connectors.services import integrations
from tenants.models import User
from tenants.roles import as_owner
from tenants.scope import tenant_scope
from tenants.services import create_tenant

ACTOR = "command:benchmarks"
FLOW = "procurify_to_zoho_books"
SLUG = "large"
_TABLES = (
    "tenants_tenant",
    "connectors_connection",
    "connectors_integration",
    "connectors_referenceitem",
    "connectors_mapping",
    "connectors_mappingfailure",
    "connectors_document",
    "connectors_wait",
    "connectors_link",
    "connectors_targetrecord",
    "connectors_attempt",
    "connectors_outcome",
    "audit_auditevent",
)
# One in fifty waits, one in a hundred is held, the others are posted.
_STATE = "CASE WHEN n %% 50 = 1 THEN 'waiting' WHEN n %% 100 = 2 THEN 'held' ELSE 'posted' END"
_FILL = (
    """INSERT INTO tenants_tenant (name, slug, time_zone, alert_email, created_at)
    SELECT 'Tenant ' || n, 'tenant-' || n, 'UTC', '', now()
    FROM generate_series(1, %(tenants)s) n""",
    """INSERT INTO connectors_connection (tenant_id, provider, name, settings, profile, secret_id,
        sealed_credentials, confirmed, asked, health, health_words, probe_failures, resting_words,
        created_at)
    SELECT t.id, p.provider, p.provider, '{}', '{}', gen_random_uuid(), '', '', '', 'ready', '', 0,
        '', now()
    FROM tenants_tenant t, (VALUES ('procurify'), ('zoho_books')) p (provider)
    WHERE t.slug LIKE 'tenant-%%'""",
    """INSERT INTO connectors_integration (tenant_id, flow, name, source_id, target_id, enabled,
        shadow, interval_minutes, cron, options, created_at)
    SELECT s.tenant_id, %(flow)s, 'Purchasing', s.id, z.id, false, false, 15, '', '{}', now()
    FROM connectors_connection s
    JOIN connectors_connection z ON z.tenant_id = s.tenant_id AND z.provider = 'zoho_books'
    JOIN tenants_tenant t ON t.id = s.tenant_id AND t.slug LIKE 'tenant-%%'
    WHERE s.provider = 'procurify'""",
    """INSERT INTO connectors_referenceitem (tenant_id, connection_id, kind, key, name, number,
        active, gone, attributes, seen_at)
    SELECT %(tenant)s, c.id, 'vendor', n::text, 'Vendor ' || n || ' Trading Inc', '', true, false,
        '{}', now()
    FROM generate_series(1, 2000) n, (VALUES (%(source)s::bigint), (%(target)s::bigint)) c (id)""",
    """INSERT INTO connectors_mapping (tenant_id, integration_id, kind, source_key, target_key,
        origin, evidence, actor, created_at, changed_at)
    SELECT %(tenant)s, %(integration)s, 'vendor', n::text, n::text, 'automatic', 'equal names', '',
        now(), now()
    FROM generate_series(1, 1500) n""",
    """INSERT INTO connectors_mappingfailure (tenant_id, integration_id, kind, source_key, label,
        status, opened_at, resolved_by, freed)
    SELECT %(tenant)s, %(integration)s, 'vendor', n::text, 'Vendor ' || n || ' Trading Inc',
        'open', now(), '', '[]'
    FROM generate_series(1501, 1600) n""",
    f"""INSERT INTO connectors_document (tenant_id, integration_id, stream, rank, key, number,
        twin_number, party, party_key, day, total, currency, sightings, locator, wants_read, listed,
        gone, sweep, record, read_at, read_tries, read_next_at, unread, version, fingerprint, state,
        reason, words, told, state_at, next_at, tries, again, renumbered, wants_look, fence,
        claimed_until, created_at)
    SELECT %(tenant)s, %(integration)s, CASE WHEN n %% 2 = 0 THEN 'bill' ELSE 'purchase_order' END,
        n %% 2, n::text, 'DOC-' || n, 'DOC' || n,
        'Vendor ' || n %% 2000 + 1 || ' Trading Inc', (n %% 2000 + 1)::text,
        current_date - n %% 700, (n * 7 %% 900000)::numeric / 100 + 1, 'EUR', '{{}}', '', false,
        false, false, 0, jsonb_build_object('id', n), now(), 0, now(), '', '', '', s.state,
        CASE s.state WHEN 'waiting' THEN 'vendor_missing' WHEN 'held' THEN 'total_differs'
            ELSE '' END,
        CASE s.state WHEN 'posted' THEN '' ELSE 'It needs somebody.' END, '',
        now() - n * interval '5 minutes', now(), 0, false, 0, false, 1, now(), now()
    FROM generate_series(1, %(documents)s) n, LATERAL (SELECT {_STATE} AS state) s""",
    """INSERT INTO connectors_wait (tenant_id, document_id, failure_id)
    SELECT d.tenant_id, d.id, f.id FROM connectors_document d
    JOIN connectors_mappingfailure f ON f.tenant_id = d.tenant_id
        AND f.source_key = (1501 + d.key::bigint %% 100)::text
    WHERE d.tenant_id = %(tenant)s AND d.state = 'waiting'""",
    """INSERT INTO connectors_link (tenant_id, document_id, connection_id, part, target_kind,
        target_id, target_number, reference, status, payload, mappings, options, renewed, lines,
        total, currency, version, restores, adopted, doubles, posted_at, confirmed_at, matched_at,
        matched, seen)
    SELECT tenant_id, id, %(target)s, 'whole', stream, 'Z' || key, 'BK-' || key, 'mlc:' || key,
        'open', '{}', '[]', '{}', '[]', '{}', total, currency, '', '{}', '{}', '[]', state_at,
        state_at, state_at, 'total', ''
    FROM connectors_document WHERE tenant_id = %(tenant)s AND state = 'posted'""",
    """INSERT INTO connectors_targetrecord (tenant_id, connection_id, kind, target_id, number,
        twin_number, reference, vendor_key, status, total, currency, day, part, modified, seen_at)
    SELECT l.tenant_id, l.connection_id, l.target_kind, l.target_id, l.target_number, '',
        l.reference, d.party_key, l.status, l.total, l.currency, d.day::text, '', '', now()
    FROM connectors_link l JOIN connectors_document d ON d.id = l.document_id
    WHERE l.tenant_id = %(tenant)s""",
    """INSERT INTO connectors_attempt (tenant_id, document_id, part, action, reference, plan, step,
        version, fingerprint, fence, deadline, at)
    SELECT tenant_id, document_id, part, 'create', reference, '{}', '{}', '', '', 1, posted_at,
        posted_at
    FROM connectors_link WHERE tenant_id = %(tenant)s""",
    """INSERT INTO connectors_outcome (tenant_id, attempt_id, result, words, error_kind, code,
        target, at)
    SELECT tenant_id, id, 'done', '', '', '', '{}', at
    FROM connectors_attempt WHERE tenant_id = %(tenant)s""",
    # The hashes prove nothing: nobody verifies this chain.
    """INSERT INTO audit_auditevent (tenant_id, sequence, at, actor, action, integration_id,
        document_id, source_kind, source_id, source_number, target_kind, target_id, target_number,
        details, previous_hash, hash)
    SELECT %(tenant)s, 1000 + n, now() - (%(events)s - n) * interval '30 seconds',
        CASE WHEN n %% 20 = 0 THEN 'user:1' ELSE 'engine' END, 'document.posted', %(integration)s,
        %(first)s + n %% greatest(%(documents)s, 1), 'bill', n::text, 'DOC-' || n, 'bill', 'Z' || n,
        'BK-' || n, '{}', repeat('0', 64), repeat('0', 64)
    FROM generate_series(1, %(events)s) n""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many there are of what is many."""

    documents: int = 100_000
    events: int = 1_000_000
    tenants: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """The workspace that holds the documents, and its owner."""

    tenant_id: int
    integration_id: int
    owner: User


def make(sizes: Sizes) -> Large:
    """Fill the database, and let the planner look at it."""
    owner = User.objects.create_user("large@example.com", name="Dana Ortiz")
    tenant = create_tenant(name="Large", slug=SLUG, owner=owner, actor=ACTOR)
    with tenant_scope(tenant.pk):
        source, target = (
            Connection.objects.create(provider=provider, name=name, health=Health.READY)
            for provider, name in (("procurify", "Procurify"), ("zoho_books", "Zoho Books"))
        )
    integration = integrations.create(
        tenant_id=tenant.pk,
        resolved=registry.resolve(FLOW),
        name="Purchasing",
        source=source,
        target=target,
        actor=ACTOR,
        enabled=False,
    )
    values: dict[str, Any] = {
        "tenant": tenant.pk,
        "source": source.pk,
        "target": target.pk,
        "integration": integration.pk,
        "flow": FLOW,
        "documents": sizes.documents,
        "events": sizes.events,
        "tenants": sizes.tenants,
    }
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        _force(cursor, on=False)
        # Documents come in the state in which they stay, which only this trigger refuses.
        cursor.execute("ALTER TABLE connectors_document DISABLE TRIGGER document_begins")
        for statement in _FILL:
            cursor.execute("SELECT coalesce(min(id), 1) FROM connectors_document")
            cursor.execute(statement, {**values, "first": cursor.fetchone()[0]})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE connectors_document ENABLE TRIGGER document_begins")
        _force(cursor, on=True)
        cursor.execute("ANALYZE")
    return Large(tenant_id=tenant.pk, integration_id=integration.pk, owner=owner)


def _force(cursor: Any, *, on: bool) -> None:
    """Bind the owner to the policies, or let it write for every tenant."""
    for table in _TABLES:
        words = sql.SQL("ALTER TABLE {} " + ("" if on else "NO ") + "FORCE ROW LEVEL SECURITY")
        cursor.execute(words.format(sql.Identifier(table)))
