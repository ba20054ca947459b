"""What waits, most money first, and what became of it; finding documents; what a run did."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from connectors.engine import echoes
from connectors.models import Attempt, Dependency, Document, InboxEvent, MappingFailure, Run, Wait
from connectors.services import mapping
from connectors.services.waiting_money import waiting_amounts
from tenants.scope import tenant_scope
from tests.people import ACTOR
from tests.web.world import NOW, World

FAILURES = reverse("admin:connectors_mappingfailure_changelist")
DOCUMENTS = reverse("admin:connectors_document_changelist")
EVENTS = reverse("admin:connectors_inboxevent_changelist")


def text(client: Client, url: str, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def failure(world: World, label: str, *documents: Document) -> MappingFailure:
    row = MappingFailure.objects.create(
        integration=world.integration, kind="account", source_key=label, label=label
    )
    Wait.objects.bulk_create(Wait(document=document, failure=row) for document in documents)
    return row


def waiting(world: World, key: str, total: int, currency: str = "EUR") -> Document:
    return Document.objects.create(
        integration=world.integration,
        stream="bill",
        key=key,
        number=f"INV-{key}",
        total=Decimal(total),
        currency=currency,
        wants_read=False,
    )


def test_an_order_and_its_bill_count_once(world: World) -> None:
    with tenant_scope(world.tenant_id):
        # The waiting bill names this order.
        Wait.objects.create(document=world.posted, failure=world.failure)
        assert waiting_amounts([world.failure.pk]) == {
            world.failure.pk: {"EUR": Decimal("1234.50")}
        }
        # A bill of an order that does not wait for the same thing counts by itself.
        other = failure(world, "Steel", world.waiting)
        assert waiting_amounts([other.pk]) == {other.pk: {"EUR": Decimal("1234.50")}}


def test_a_bill_in_another_currency_than_its_order_counts_too(world: World) -> None:
    with tenant_scope(world.tenant_id):
        bill = waiting(world, "60", 500, "USD")
        Dependency.objects.create(
            document=bill, integration=world.integration, stream="purchase_order", key="41"
        )
        row = failure(world, "Steel", world.posted, bill)
        assert waiting_amounts([row.pk]) == {
            row.pk: {"EUR": Decimal("1234.50"), "USD": Decimal(500)}
        }


def test_the_most_money_comes_first_whatever_its_currency(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        failure(world, "Many yen", waiting(world, "61", 90_000, "JPY"))
        failure(world, "Most euros", waiting(world, "62", 5_000))
        failure(world, "Few dinars", waiting(world, "63", 100, "KWD"))
    page = text(staff, FAILURES)
    found = [
        page.index(f">{name}<") for name in ("Most euros", "Northwind Traders Inc", "Many yen")
    ]
    assert found == sorted(found)
    assert "90,000 JPY" in page
    backwards = text(staff, FAILURES, o="2")
    assert backwards.index(">Many yen<") < backwards.index(">Most euros<")
    assert text(staff, reverse("admin:index")).index("Most euros") < page.index("Many yen")


def test_after_resolving_the_page_tells_what_became_of_it(staff: Client, world: World) -> None:
    page = reverse("admin:connectors_mappingfailure_change", args=[world.failure.pk])
    answer = staff.post(page, {"target_key": "9001"}, follow=True)
    said = answer.content.decode()
    assert "Mapped. 1 document will post now." in said
    assert "Mapped to <b>Northwind Traders</b> by" in said
    assert "INV-51" in said, "the document that waited"
    with tenant_scope(world.tenant_id):
        document = Document.objects.get(pk=world.waiting.pk)
        document.state = "delivering"
        document.save()
        Document.objects.filter(pk=document.pk).update(state="posted")
    said = text(staff, page)
    assert "1 document waited for it; now" in said
    assert "posted" in said


def test_what_closed_by_itself_says_so(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        Wait.objects.all().delete()
        MappingFailure.objects.filter(pk=world.failure.pk).update(
            status="resolved", resolved_by="system:worker", resolved_at=NOW
        )
    said = text(staff, reverse("admin:connectors_mappingfailure_change", args=[world.failure.pk]))
    assert "Closed by the service" in said
    assert "No document waits for it any more." in said


def test_what_is_mapped_elsewhere_later_is_shown_as_it_is_now(staff: Client, world: World) -> None:
    mapping.resolve(world.failure, target_key="9001", actor=ACTOR)
    mapping.set_mapping(
        world.integration, kind="vendor", source_key="7", target_key="9002", actor=ACTOR
    )
    said = text(staff, reverse("admin:connectors_mappingfailure_change", args=[world.failure.pk]))
    assert "Mapped to <b>Contoso</b>" in said


@pytest.mark.parametrize(
    "term",
    [
        "77001",
        "mlc:acme:po:41",
        "MLC:ACME:PO:41",
        "PO-41",
        "1,234.50",
        "1234.5",
        " 1234.50 ",
    ],
)
def test_documents_are_found_by_whatever_names_them(staff: Client, world: World, term: str) -> None:
    assert "PO-41" in text(staff, DOCUMENTS, q=term)


@pytest.mark.parametrize("term", ["1234.51", "no-such", "1e9", "12,34.50", "9" * 200, "%"])
def test_what_names_none_finds_none(staff: Client, world: World, term: str) -> None:
    answer = staff.get(DOCUMENTS, {"q": term})
    assert answer.status_code == 200
    assert "PO-41" not in answer.content.decode()


def test_an_event_leads_to_its_document_and_echoes_are_folded(staff: Client, world: World) -> None:
    document = reverse("admin:connectors_document_change", args=[world.posted.pk])
    with tenant_scope(world.tenant_id):
        link = world.posted.links.get()
        rows = [("echo", echoes.WORDS), ("news", "")]
        for event_id, words in rows:
            InboxEvent.objects.create(
                connection=world.target,
                event_id=event_id,
                resource="Purchase Order Contracts",
                key=link.target_id,
                action=event_id,
                words=words,
                status="done",
            )
        # The same key of another kind of record is another record.
        link.target_kind = "commitment"
        link.save()
    page = text(staff, EVENTS)
    assert document in page
    assert ">news<" in page
    assert ">echo<" not in page
    assert ">echo<" in text(staff, EVENTS, echoes="shown")
    assert ">news<" not in text(staff, EVENTS, echoes="only")


def test_a_run_shows_what_it_did_and_not_what_others_did(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(state_at=NOW + dt.timedelta(seconds=5))
        Document.objects.exclude(pk=world.held.pk).update(state_at=NOW - dt.timedelta(days=3))
        Attempt.objects.create(
            document=world.posted,
            run_id=world.run.pk,
            action="update",
            reference="mlc:acme:po:41",
            fence=2,
            deadline=NOW,
        )
        Run.objects.filter(pk=world.run.pk).update(
            words="",
            counts={"seen": 2, "moved": {"held": 1}, "documents": {"posted": 900, "held": 70}},
        )
    page = text(staff, reverse("admin:connectors_run_change", args=[world.run.pk]))
    assert "1 held" in page
    assert "INV-52" in page, "decided while it ran"
    assert "PO-41" in page, "sent by it, and moved by a later run"
    assert "INV-51" not in page
    assert "900" in page.split("All documents of the integration when it ended")[1]
    assert "1 held" in text(staff, reverse("admin:connectors_run_changelist"))
