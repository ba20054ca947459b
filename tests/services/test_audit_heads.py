"""Heads of the audit leave the database, and a chain that is cut afterwards is found by them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from audit import platform
from audit.models import PlatformEvent
from audit.services import read_head
from connectors.core import clock
from connectors.services import audit_heads
from tenants.models import Tenant
from tests.audit.conftest import tampering
from tests.people import make_tenant, make_user
from tests.transport.servers import answer, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    make_user("kim")
    return make_tenant("acme")


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads.jsonl")
    return tmp_path / "heads.jsonl"


def noted(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_head_is_appended_once_a_day(
    tenant: Tenant, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, own = read_head(tenant.pk), platform.read_head()
    assert audit_heads.send_due() == []
    assert audit_heads.send_due() == []
    first = noted(file)
    assert [(row["tenant"], row["slug"], row["sequence"], row["hash"]) for row in first] == [
        (None, "", own.sequence, own.hash),
        (tenant.pk, "acme", head.sequence, head.hash),
    ]
    day = clock.now() + audit_heads._EVERY * 2
    monkeypatch.setattr(clock, "now", lambda: day)
    assert audit_heads.send_due() == []
    assert noted(file)[:2] == first
    assert len(noted(file)) == 4


def test_a_chain_that_is_cut_afterwards_is_found(
    tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("send_audit_heads")
    call_command("verify_audit", anchors=file)
    with tampering(tenant.pk), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditevent WHERE sequence = 1")
        cursor.execute("UPDATE audit_audithead SET sequence = 0, hash = %s", ["0" * 64])
    call_command("verify_audit")
    with pytest.raises(CommandError, match="broken for: acme"):
        call_command("verify_audit", anchors=file)
    assert "event 1, noted as the last, is not there" in capsys.readouterr().err


def test_a_chain_that_is_gone_altogether_is_found(tenant: Tenant, file: Path) -> None:
    call_command("send_audit_heads")
    row = {**noted(file)[1], "tenant": tenant.pk + 1000}
    file.write_text(file.read_text() + json.dumps(row) + "\n")
    with pytest.raises(CommandError, match=f"broken for: tenant {tenant.pk + 1000}"):
        call_command("verify_audit", anchors=file)
    call_command("verify_audit", anchors=file, tenant="acme")


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"tenant": 1, "sequence": 1, "hash": "x"}', "é"]
)
def test_a_file_of_something_else_is_said(tenant: Tenant, tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(CommandError, match=r"no heads as send_audit_heads|is no anchor"):
        call_command("verify_audit", anchors=path)


def test_a_webhook_gets_lines_and_is_tried_again_after_a_failure(
    tenant: Tenant, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    heads: list[bytes] = []
    replies = [answer(b"", "302 Found", "Location: http://127.0.0.1:9/"), answer(b"", "500 No")]
    replies += [answer(b"", "204 No Content")]
    with serving(lambda peer: peer.sendall(replies.pop(0)), heads) as address:
        settings.AUDIT_HEADS_WEBHOOK = f"{address}/heads"
        assert audit_heads.send_due() == ["webhook"]
        assert audit_heads.send_due() == ["webhook"]
        assert audit_heads.send_due() == []
        assert audit_heads.send_due() == []
    assert len(heads) == 3
    assert heads[0].startswith(b"POST /heads HTTP/1.1")
    told = PlatformEvent.objects.filter(action__startswith="audit.").values_list(
        "action", flat=True
    )
    assert list(told) == [audit_heads.NOT_SENT, audit_heads.NOT_SENT, audit_heads.SENT]
    assert "heads of the audit were not sent by webhook" in caplog.text
    assert "answered 302" in caplog.text


def test_people_get_a_mail(tenant: Tenant, settings: Settings) -> None:
    settings.AUDIT_HEADS_EMAIL = ["auditor@example.com"]
    call_command("send_audit_heads")
    [sent] = mail.outbox
    assert sent.to == ["auditor@example.com"]
    assert read_head(tenant.pk).hash in str(sent.body)


def test_one_place_that_fails_keeps_no_other_from_its_lines(
    tenant: Tenant, settings: Settings, file: Path, tmp_path: Path
) -> None:
    settings.AUDIT_HEADS_EMAIL = ["auditor@example.com"]
    settings.AUDIT_HEADS_FILE = str(tmp_path / "no such folder" / "heads")
    with pytest.raises(CommandError, match="Not sent by file"):
        call_command("send_audit_heads")
    assert len(mail.outbox) == 1


def test_no_place_is_said_and_lines_can_be_seen(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="No place is set"):
        call_command("send_audit_heads")
    assert audit_heads.send_due() == []
    call_command("send_audit_heads", show=True)
    assert read_head(tenant.pk).hash in capsys.readouterr().out
