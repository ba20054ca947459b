"""Recording: in order, in few statements, without secrets, and never for somebody else."""

import threading
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import actors
from audit.chain import ChainBrokenError
from audit.models import AuditEvent, AuditHead
from audit.services import Event, export_tenant, read_head, record, verify_tenant
from audit.verify_export import main as verify_file
from tenants.roles import as_owner, role_names
from tenants.scope import ScopeError, tenant_scope
from tests.audit.conftest import tampering
from tests.people import make_tenant, make_user


def posted(number: int, **details: object) -> Event:
    return Event(
        action="document.posted",
        actor=actors.system("worker"),
        integration_id=3,
        run_id=4,
        document_id=number,
        source_kind="bill",
        source_id=str(number),
        source_number=f"INV-{number}",
        target_kind="bill",
        target_id=f"98200000{number}",
        target_number=f"INV-{number}",
        details=details,
    )


def test_events_are_chained_in_order(tenant):
    with tenant_scope(tenant.pk):
        record(posted(1), posted(2))
        record(posted(3, total=Decimal("12.30"), note="Käse \0", big=10**30, ratio=1.5))
        assert list(AuditEvent.objects.values_list("sequence", "source_number")) == [
            (1, ""),
            (2, "INV-1"),
            (3, "INV-2"),
            (4, "INV-3"),
        ]
        assert AuditEvent.objects.get(sequence=4).details == {
            "total": "12.30",
            "note": "Käse ",
            "big": 10**30,
            "ratio": "1.5",
        }
    assert verify_tenant(tenant.pk) == read_head(tenant.pk)
    assert read_head(tenant.pk).sequence == 4


def test_many_events_cost_three_statements(tenant):
    with (
        tenant_scope(tenant.pk),
        CaptureQueriesContext(connection) as queries,
    ):
        record(*(posted(number) for number in range(500)))
    statements = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 3


def test_nothing_is_recorded_for_nothing(tenant):
    with tenant_scope(tenant.pk), CaptureQueriesContext(connection) as queries:
        assert record() == []
    assert len(queries) == 0


def test_recording_needs_a_scope(tenant):
    with pytest.raises(ScopeError, match="tenant_scope"):
        record(posted(1))


def test_an_undone_transaction_leaves_no_gap(tenant):
    with pytest.raises(IndexError), tenant_scope(tenant.pk):
        record(posted(1))[1]  # there is only one
    with tenant_scope(tenant.pk):
        record(posted(2))
    assert verify_tenant(tenant.pk).sequence == 2


def test_chains_of_tenants_are_separate(tenant):
    other = make_tenant("zeta")
    for each in (tenant, other, tenant):
        with tenant_scope(each.pk):
            record(posted(1))
    assert [verify_tenant(each.pk).sequence for each in (tenant, other)] == [3, 2]
    assert {event["tenant"] for event in export_tenant(other.pk)} == {other.pk}


def test_secrets_are_taken_out_and_long_texts_cut(tenant):
    event = Event(
        action="credential.used",
        actor="x" * 500,
        details={"access_token": "1000.aaaa", "header": "Zoho-oauthtoken 1000.bbbb"},
    )
    with tenant_scope(tenant.pk):
        [row] = record(event)
    assert "aaaa" not in str(row.details)
    assert "bbbb" not in str(row.details)
    assert len(row.actor) == 200
    assert verify_tenant(tenant.pk).sequence == 2


def test_writers_at_the_same_time_queue_for_the_head(tenant):
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for number in range(10):
                with tenant_scope(tenant.pk):
                    record(posted(number), posted(number))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify_tenant(tenant.pk).sequence == 1 + 4 * 10 * 2


def test_actors_name_who_acted(transactional_db):
    anna = make_user("anna")
    assert actors.user(anna) == f"user:{anna.pk} anna@example.com"
    assert actors.command("rotate_credentials") == "command:rotate_credentials"


# ------------------------------------------------------------------ nobody edits quietly


def test_the_app_role_may_neither_change_nor_remove(tenant):
    for attack in (
        lambda: AuditEvent.objects.update(action="x"),
        lambda: AuditEvent.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant.pk):
            attack()


def test_the_owner_meets_the_trigger(tenant):
    for attack in (
        lambda: AuditEvent.objects.update(action="x"),
        lambda: AuditEvent.objects.all()._raw_delete("default"),
    ):
        # Also without a scope, where it would change no row.
        for scope in (tenant_scope(tenant.pk), nullcontext()):
            refused = pytest.raises(ProgrammingError, match="never changed or removed")
            with as_owner(), refused, scope:
                attack()


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_audithead", "connectors_attempt"])
def test_nobody_empties_what_is_kept_at_one_stroke(tenant, table):
    said = r"never changed or removed \(TRUNCATE"
    with as_owner(), pytest.raises(DatabaseError, match=said), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    refused = pytest.raises(DatabaseError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_the_running_login_cannot_become_the_owner_to_cut_the_tail(tenant):
    refused = pytest.raises(DatabaseError, match="permission denied to set role")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role_names().owner}")


def test_the_app_role_cannot_lift_the_trigger(tenant):
    for statement in (
        "ALTER TABLE audit_auditevent DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON audit_auditevent",
        "CREATE OR REPLACE FUNCTION refuse_changes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN'",
        "SET session_replication_role = replica",
    ):
        refused = pytest.raises(DatabaseError, match=r"must be owner|permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def fill(tenant_id: int) -> None:
    with tenant_scope(tenant_id):
        record(*(posted(number) for number in range(4)))


HEAD_BACK = """
UPDATE audit_audithead SET (sequence, hash) =
    (SELECT sequence, hash FROM audit_auditevent WHERE sequence = 3)
"""
TAMPERINGS = {
    "changed": (
        "UPDATE audit_auditevent SET target_id = '1' WHERE sequence = 3",
        "event 3 was changed",
    ),
    "details": ("UPDATE audit_auditevent SET details = '{\"a\": 1}' WHERE sequence = 3", "event 3"),
    "moved in time": (
        "UPDATE audit_auditevent SET at = at + interval '1 us' WHERE sequence = 2",
        "event 2",
    ),
    "removed": ("DELETE FROM audit_auditevent WHERE sequence = 3", "event 3 is missing"),
    "cut off": ("DELETE FROM audit_auditevent WHERE sequence > 3", "event 4 is missing"),
    "all gone": ("DELETE FROM audit_auditevent", "event 1 is missing"),
    "head lost": ("DELETE FROM audit_audithead", "behind the recorded end"),
    "head moved": ("UPDATE audit_audithead SET sequence = 4", "not the one that was recorded"),
    "head back": (HEAD_BACK, "behind the recorded end"),
}


@pytest.mark.parametrize(("statement", "says"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_is_found_and_named(statement, says, tenant, capsys):
    fill(tenant.pk)
    call_command("verify_audit")
    with tampering(tenant.pk), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
    with pytest.raises(ChainBrokenError, match=says):
        verify_tenant(tenant.pk)
    with pytest.raises(CommandError, match="broken for: acme"):
        call_command("verify_audit", tenant="acme")
    assert says in capsys.readouterr().err


def test_a_head_noted_earlier_shows_that_the_end_was_cut_off_with_its_head(tenant, capsys):
    fill(tenant.pk)
    early = read_head(tenant.pk)
    fill(tenant.pk)
    noted = read_head(tenant.pk)
    anchors = [f"{head.sequence}:{head.hash}" for head in (early, noted)]
    call_command("verify_audit", tenant="acme", anchor=anchors)
    with tampering(tenant.pk), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditevent WHERE sequence > 6")
        cursor.execute(HEAD_BACK.replace("= 3", "= 6"))
    call_command("verify_audit", tenant="acme")
    call_command("verify_audit", tenant="acme", anchor=anchors[:1])
    with pytest.raises(CommandError, match="broken for: acme"):
        call_command("verify_audit", tenant="acme", anchor=anchors)
    assert "event 9, noted as the last, is not there" in capsys.readouterr().err
    # Whoever writes other events in their place cannot make them hash to the same.
    with tenant_scope(tenant.pk):
        record(*(posted(number) for number in range(90, 95)))
    with pytest.raises(CommandError, match="broken for: acme"):
        call_command("verify_audit", tenant="acme", anchor=anchors[1:])
    assert "event 9 is not the one that was noted" in capsys.readouterr().err


@pytest.mark.parametrize("anchor", ["5", "five:" + "0" * 64, "5:abc", "5:" + "G" * 64, ":"])
def test_what_is_no_anchor_is_said(anchor, tenant):
    with pytest.raises(CommandError, match="is no anchor"):
        call_command("verify_audit", tenant="acme", anchor=[anchor])
    with pytest.raises(CommandError, match="Name the chain of the anchors"):
        call_command("verify_audit", anchor=[anchor])


def test_the_commands_verify_and_export(tenant, tmp_path, capsys):
    fill(tenant.pk)
    make_tenant("zeta")
    call_command("verify_audit")
    head = read_head(tenant.pk)
    said = capsys.readouterr().out
    assert f"acme: 5 events, head {head.hash}" in said
    assert "zeta: 1 events" in said
    call_command("export_audit", tenant="acme")
    path = tmp_path / "acme.jsonl"
    path.write_text(capsys.readouterr().out)
    assert verify_file([str(path), "--head", head.hash]) == 0
    assert capsys.readouterr().out == f"OK: 5 events, head {head.hash}\n"


@pytest.mark.parametrize("command", ["verify_audit", "export_audit"])
def test_an_unknown_tenant_is_said(command, transactional_db):
    with pytest.raises(CommandError, match="no tenant with the short name 'nobody'"):
        call_command(command, tenant="nobody")


def test_a_long_chain_is_verified_in_batches_while_it_grows(tenant, monkeypatch):
    monkeypatch.setattr("audit.verifying._BATCH", 2)
    fill(tenant.pk)
    grown: list[bool] = []

    def read_and_grow(tenant_id: int):
        head = read_head(tenant_id)
        if not grown:
            fill(tenant_id)
            grown.append(True)
        return head

    monkeypatch.setattr("audit.services.read_head", read_and_grow)
    assert verify_tenant(tenant.pk).sequence == 9
    with tenant_scope(tenant.pk):
        assert AuditHead.objects.get().sequence == 9
