"""The one e-mail about what waits for people: readable as text, each currency apart, told once."""

import smtplib
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from connectors.models import Alert, Connection, Document, MappingFailure, Run, Wait
from connectors.services import alerts, replay
from tenants.models import Member, Tenant
from tenants.scope import tenant_scope
from tests.people import ACTOR
from tests.web.world import World

PAGES = f"{settings.BASE_URL}/admin/connectors"
WORKSPACE = f"{settings.BASE_URL}/w/acme"


@pytest.fixture
def two_currencies(world: World) -> World:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(
            currency="JPY", total=Decimal(8000), state="due"
        )
        Wait.objects.create(document=world.held, failure=world.failure)
    return world


@pytest.fixture
def only_held(world: World) -> World:
    with tenant_scope(world.tenant_id):
        MappingFailure.objects.update(status="resolved")
    return world


@pytest.fixture
def calm(only_held: World) -> World:
    """Nothing is new."""
    with tenant_scope(only_held.tenant_id):
        Document.objects.filter(state="held").update(told="total_differs")
    return only_held


def write_to(world: World, address: str) -> None:
    with tenant_scope(world.tenant_id):
        assert Tenant.objects.filter(pk=world.tenant_id).update(alert_email=address)


def an_hour_later(world: World) -> None:
    with tenant_scope(world.tenant_id):
        Alert.objects.all().delete()


def send(world: World) -> EmailMultiAlternatives | None:
    """What is sent now, in the form with or without links."""
    mail.outbox.clear()
    if not alerts.send_due(world.tenant_id):
        assert not mail.outbox
        return None
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    return message


def sent(world: World) -> EmailMultiAlternatives:
    message = send(world)
    assert message is not None
    return message


def html_of(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


def test_a_missing_mapping_is_told_once(two_currencies: World) -> None:
    message = sent(two_currencies)
    assert message.subject == "Missing mapping: Northwind Traders Inc"
    assert "2 documents, 1,234.50 EUR + 8,000 JPY" in message.body
    assert "<script" not in html_of(message)
    an_hour_later(two_currencies)
    assert send(two_currencies) is None


def news_again(world: World) -> None:
    an_hour_later(world)
    with tenant_scope(world.tenant_id):
        Document.objects.update(told="")
        MappingFailure.objects.update(alerted_at=None)


def test_links_lead_to_pages_that_the_reader_can_open(world: World, clerk: Any) -> None:
    message = sent(world)
    assert message.to
    for text in (message.body, html_of(message)):
        assert "/admin/" not in text
        assert f"{WORKSPACE}/documents/{world.held.pk}/" in text
        assert f"{WORKSPACE}/review/missing/{world.failure.pk}/" in text
        assert "ask whoever" not in text
    news_again(world)
    write_to(world, clerk.email.upper())
    message = sent(world)
    for text in (message.body, html_of(message)):
        assert f"{PAGES}/mappingfailure/{world.failure.pk}/change/" in text
        assert f"{PAGES}/document/{world.held.pk}/change/" in text
        assert "ask whoever" not in text
    news_again(world)
    write_to(world, "books@bookkeeper.example")
    message = sent(world)
    for text in (message.body, html_of(message)):
        assert "/admin/" not in text
        assert "/w/" not in text
        assert "ask whoever runs ml-connector for you" in text


def test_owners_with_and_without_staff_pages_get_their_own_message(
    world: World, people: Any
) -> None:
    people.owner.is_staff = True
    people.owner.save()
    assert alerts.send_due(world.tenant_id)
    with_links = {address: "/admin/" in m.body for m in mail.outbox for address in m.to}
    assert with_links.pop(people.owner.email) is True
    assert not any(with_links.values())


def test_a_stopped_connection_says_why(calm: World, clerk: Any) -> None:
    write_to(calm, clerk.email)
    with tenant_scope(calm.tenant_id):
        Connection.objects.filter(pk=calm.target.pk).update(
            health="needs_authorisation", health_words="Zoho's owner took the access <back>."
        )
    message = sent(calm)
    assert message.subject == "Zoho Books stopped: needs re-authorisation"
    assert "took the access <back>." in message.body, "plain text is not escaped"
    assert "took the access &lt;back&gt;." in html_of(message)
    assert f"{PAGES}/connection/{calm.target.pk}/change/" in message.body


def test_held_documents_are_told_with_reason_and_money(only_held: World) -> None:
    message = sent(only_held)
    assert message.subject == "1 document is held"
    assert "1 document of" in message.body
    assert "is held: Total differs (1,234.50 EUR)" in message.body
    assert "Bill INV-52, Northwind Traders Inc, 1,234.50 EUR: The lines add up" in message.body
    an_hour_later(only_held)
    assert send(only_held) is None


def hold_again(document: Document, reason: str) -> None:
    mine = Document.objects.filter(pk=document.pk)
    mine.update(state="due")
    mine.update(state="delivering")
    mine.update(state="held", reason=reason, words="Look at it.")


def test_a_hold_is_news_again_when_its_reason_changes_or_it_was_at_rest(calm: World) -> None:
    with tenant_scope(calm.tenant_id):
        hold_again(calm.held, "total_differs")
    assert send(calm) is None, "looked at again, held as before"
    with tenant_scope(calm.tenant_id):
        hold_again(calm.held, "refused")
    assert "Refused" in sent(calm).body
    an_hour_later(calm)
    replay.dismiss(calm.tenant_id, calm.held.pk, reason="Not ours.", actor=ACTOR)
    with tenant_scope(calm.tenant_id):
        hold_again(calm.held, "refused")
    assert "Refused" in sent(calm).body, "held once more after it was dismissed"


def test_of_many_held_documents_the_largest_are_named(only_held: World) -> None:
    with tenant_scope(only_held.tenant_id):
        for number in range(8):
            row = Document.objects.create(
                integration=only_held.integration,
                stream="bill",
                key=f"9{number}",
                number=f"BIG-{number}",
                total=Decimal(10_000 + number),
                currency="EUR",
            )
            hold_again(row, "total_differs")
    message = sent(only_held)
    assert message.subject == "9 documents are held"
    for text in (message.body, html_of(message)):
        assert "BIG-7" in text
        assert "BIG-2" not in text
        assert "and 4 more" in text


def failed(world: World, words: str = "Procurify answered 500.") -> Run:
    with tenant_scope(world.tenant_id):
        return Run.objects.create(
            integration=world.integration, trigger="schedule", status="failed", words=words
        )


def test_runs_that_fail_are_told_until_one_succeeds(calm: World) -> None:
    failed(calm)
    message = sent(calm)
    assert message.subject == "Main Street purchasing could not finish its run"
    assert "Procurify answered 500." in message.body
    an_hour_later(calm)
    failed(calm)
    failed(calm)
    assert send(calm) is None, "it fails as it did before"
    with tenant_scope(calm.tenant_id):
        Run.objects.create(integration=calm.integration, trigger="schedule", status="finished")
    failed(calm, "Procurify answered 403.")
    assert "Procurify answered 403." in sent(calm).body


def test_a_run_that_fails_for_another_reason_is_told(calm: World) -> None:
    failed(calm, "Bills, the list of bills: Procurify answered 500 at 09:30.")
    assert send(calm)
    an_hour_later(calm)
    failed(calm, "Bills, the list of bills: Procurify answered 500 at 10:30.")
    failed(calm, "Vendors: the tool is closed to the connected user.")
    message = sent(calm)
    assert "closed to the connected user" in message.body
    assert "at 10:30" not in message.body
    an_hour_later(calm)
    failed(calm, "Bills, the list of bills: Procurify answered 500 at 11:30.")
    assert send(calm) is None, "told already since it last went well"


def test_a_run_that_a_stopped_connection_ends_is_not_told_twice(calm: World) -> None:
    with tenant_scope(calm.tenant_id):
        Connection.objects.filter(pk=calm.source.pk).update(health="suspended")
    failed(calm)
    message = sent(calm)
    assert "stopped" in message.subject
    assert "could not finish" not in message.body


def test_at_most_one_message_an_hour_but_a_stop_is_told_at_once(only_held: World) -> None:
    sent(only_held)
    failed(only_held)
    assert send(only_held) is None
    with tenant_scope(only_held.tenant_id):
        Connection.objects.filter(pk=only_held.target.pk).update(health="misconfigured")
    message = sent(only_held)
    assert "stopped" in message.subject


def test_what_could_not_be_sent_is_news_still(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(world)

    def refuse(**_: object) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "send_mail", refuse)
        assert not alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        assert not Alert.objects.exists()
    body = sent(world).body
    for word in ("could not finish", "INV-52", "Northwind Traders Inc"):
        assert word in body
    with tenant_scope(world.tenant_id):
        assert Alert.objects.get().body == body


def test_staff_see_what_was_sent(world: World, staff: Client) -> None:
    subject = str(sent(world).subject)
    with tenant_scope(world.tenant_id):
        alert = Alert.objects.get()
    listed = staff.get(reverse("admin:connectors_alert_changelist")).content.decode()
    page = staff.get(reverse("admin:connectors_alert_change", args=[alert.pk])).content.decode()
    assert subject in listed
    assert "INV-52" in page


def test_a_line_break_in_a_label_breaks_no_mail(calm: World) -> None:
    with tenant_scope(calm.tenant_id):
        MappingFailure.objects.update(status="open", label="North\r\nBcc: x@example.com wind")
    assert sent(calm).subject == "Missing mapping: North Bcc: x@example.com wind"


def test_nobody_to_write_to_keeps_the_news(world: World) -> None:
    with tenant_scope(world.tenant_id):
        Member.objects.all().delete()
    assert send(world) is None
    write_to(world, "books@acme.example")
    assert sent(world).to == ["books@acme.example"]


@pytest.mark.parametrize(
    "odd", ["Acme\r\nBcc: thief@example.net", "Acme\n\nbody", "Acme\x0b\x85\u2028", "é" * 120]
)
def test_an_odd_label_breaks_no_mail_and_adds_no_header(two_currencies: World, odd: str) -> None:
    with tenant_scope(two_currencies.tenant_id):
        MappingFailure.objects.update(label=odd)
        Tenant.objects.update(name=odd)
    message = sent(two_currencies)
    written = message.message()
    assert written["Bcc"] is None
    assert "\n" not in message.subject
    assert message.recipients() == message.to
