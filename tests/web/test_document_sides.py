"""The page of a document lays both sides beside each other, and says what it does not know."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from audit.services import Event, record
from connectors.models import Document, Link, Mapping, MappingFailure, ReferenceItem
from tenants.scope import tenant_scope
from tests.flows import world as books
from tests.flows.procurify import bill, bill_item, order, order_item, shares
from tests.people import People
from tests.web.world import NOW, World


@pytest.fixture
def viewer(client: Client, people: People) -> Client:
    client.force_login(people.viewer)
    return client


def page_of(client: Client, document: Document) -> str:
    answer = client.get(f"/w/acme/documents/{document.pk}/")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(text).split())


def map_account(world: World, code: str, name: str) -> None:
    integration = world.integration
    ReferenceItem.objects.create(
        connection=integration.target, kind="account", key=f"z-{code}", name=name, seen_at=NOW
    )
    Mapping.objects.create(
        integration=integration,
        kind="account",
        source_key=code,
        target_key=f"z-{code}",
        origin="person",
        actor="user:1 dana@acme.example",
    )


def post(world: World, raw: Any, payload: Any) -> Link:
    Document.objects.filter(pk=world.posted.pk).update(record=raw)
    Link.objects.filter(document=world.posted).update(
        payload=dict(payload), mappings=payload["mappings"], total=Decimal("50.00"), currency="USD"
    )
    return Link.objects.get(document=world.posted)


def test_what_is_missing_stands_in_its_line(viewer: Client, world: World) -> None:
    items = (bill_item(), bill_item(902, cost_allocations=shares(("7000", "50.0"), where="budget")))
    with tenant_scope(world.tenant_id):
        map_account(world, "5030", "Components of ours")
        failure = MappingFailure.objects.create(
            integration=world.integration, kind="account", source_key="7000", label="account 7000"
        )
        Document.objects.filter(pk=world.held.pk).update(record=bill(*items))
    text = page_of(viewer, world.held)
    assert "not posted" in text
    assert "Components of ours dana@acme.example" in text
    assert "Not linked: account 7000" in text
    assert "Compared before it is posted" in text
    answer = viewer.get(f"/w/acme/documents/{world.held.pk}/")
    assert f"/w/acme/review/missing/{failure.pk}/" in answer.content.decode()


def test_a_split_line_and_a_change_there_are_marked(viewer: Client, world: World) -> None:
    raw = order(order_item(spend_allocation=shares(("5030", "30.00"), ("6010", "20.00"))))
    payload = books.part_of(books.decide(books.ORDERS, raw)).payload
    with tenant_scope(world.tenant_id):
        map_account(world, "5030", "Components of ours")
        post(world, raw, payload)
    text = page_of(viewer, world.posted)
    assert "Split into 2" in text
    assert "Totals agree" in text
    assert "Only totals were compared since" in text
    assert "30.00" in text.split("Split into 2")[1]

    # One line, whose account somebody has changed at the target.
    raw = order(order_item())
    payload = books.part_of(books.decide(books.ORDERS, raw)).payload
    changed = {
        "field": "line Bearing block: account",
        "ours": "z-5030",
        "theirs": "z-9",
        "kind": "",
    }
    with tenant_scope(world.tenant_id):
        link = post(world, raw, payload)
        Document.objects.filter(pk=world.posted.pk).update(
            state="held", reason="drifted", words="Its account was changed."
        )
        record(
            Event(
                action="drift.found",
                actor="worker",
                integration_id=world.integration.pk,
                document_id=world.posted.pk,
                target_id=link.target_id,
                details={"differences": [changed]},
            )
        )
    text = page_of(viewer, world.posted)
    assert "Differs: account" in text
    assert "Components of ours z-9" in text
    assert "1 of 1 not alike" in text


def test_a_record_that_cannot_be_read_says_so(viewer: Client, world: World) -> None:
    text = page_of(viewer, world.posted)
    assert "cannot be compared" in text
    assert "9001" in text
