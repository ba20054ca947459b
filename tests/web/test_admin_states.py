"""Staff actions on documents that stand still: posting anew, linking to existing records."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from connectors import registry
from connectors.core.decisions import Absent, Probe, Step
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import Over, Reason, State
from connectors.engine import existing
from connectors.models import Document, Link, Mapping, ReferenceItem, TargetRecord
from connectors.services import anew, linking
from tenants.models import User
from tenants.scope import tenant_scope
from tests.flows.procurify import bill
from tests.flows.world import MAPPED
from tests.web.world import FLOW, NOW, World, seen_of


@dataclass
class Target:
    """A target whose records a test puts there."""

    records: dict[str, TargetState] = field(default_factory=dict)

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        return self.records.get(part.target_id)

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        return Absent()

    def web_url(self, target_kind: str, target_id: str, profile: Any) -> str:
        return ""


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    found = Target()
    real = registry.resolve(FLOW)
    flow: Any = replace(real.flow, sink=found)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "resolve", lambda key: replace(real, flow=flow))

    @contextmanager
    def open_client(job: Any, side: str) -> Iterator[None]:
        yield None

    for service in (anew, linking):
        monkeypatch.setattr(service, "open_client", open_client)
    return found


@pytest.fixture
def missing(world: World, target: Target) -> World:
    """The posted order is gone from Zoho Books."""
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.posted.pk).update(
            state=State.HELD,
            reason=Reason.TARGET_MISSING,
            words="Gone. Post it anew.",
            state_at=timezone.now() - timedelta(minutes=5),
        )
    return world


def page(name: str, pk: int) -> str:
    return reverse(f"admin:connectors_document_{name}", args=[pk])


def test_what_is_gone_is_posted_anew_with_a_reason(
    staff: Client, missing: World, clerk: User
) -> None:
    pk = missing.posted.pk
    assert "Post it anew …" in staff.get(page("change", pk)).content.decode()
    assert "required" in staff.post(page("anew", pk), {"reason": " "}).content.decode()
    given = {"reason": "Deleted by mistake.", "seen": seen_of(missing.posted)}
    assert staff.post(page("anew", pk), given).status_code == 302
    with tenant_scope(missing.tenant_id):
        assert Document.objects.get(pk=pk).state == State.DUE
        assert Link.objects.get(document=pk).status == Over.DELETED
        event = AuditEvent.objects.get(action="document.post_anew")
    assert clerk.email in event.actor
    assert event.details["why"] == "Deleted by mistake."


def test_a_reopened_order_is_offered_a_successor(
    staff: Client, missing: World, target: Target
) -> None:
    pk = missing.posted.pk
    with tenant_scope(missing.tenant_id):
        Document.objects.filter(pk=pk).update(reason=Reason.REOPENED)
    target.records["77001"] = TargetState(
        target_id="77001", number="PO-41", status="cancelled", total=None, currency="EUR"
    )
    assert "Post a successor …" in staff.get(page("change", pk)).content.decode()
    staff.post(page("anew", pk), {"reason": "Needed again.", "seen": seen_of(missing.posted)})
    with tenant_scope(missing.tenant_id):
        assert Link.objects.get(document=pk).status == Over.SUPERSEDED


def test_others_are_not_offered_it(staff: Client, world: World, target: Target) -> None:
    for document in (world.held, world.waiting):
        text = staff.get(page("change", document.pk)).content.decode()
        assert "ost it anew" not in text
    assert (
        "Deleted there: post it anew" in staff.get(page("change", world.posted.pk)).content.decode()
    )
    given = {"reason": "Once more.", "seen": seen_of(world.held)}
    answer = staff.post(page("anew", world.held.pk), given)
    assert "is posted anew" in answer.content.decode()


# --- linking to what was typed in by hand ---------------------------------------------------------


@pytest.fixture
def typed_in(world: World, target: Target) -> Document:
    """A bill that is held because Zoho Books has it already, with everything mapped."""
    with tenant_scope(world.tenant_id):
        for key, found in MAPPED.items():
            ReferenceItem.objects.get_or_create(
                connection=world.target,
                kind=key.kind,
                key=found.key,
                defaults={
                    "name": found.name,
                    "attributes": dict(found.attributes),
                    "seen_at": NOW,
                },
            )
            Mapping.objects.get_or_create(
                integration=world.integration,
                kind=key.kind,
                source_key=key.source_key,
                defaults={"target_key": found.key, "origin": "person"},
            )
        document = Document.objects.create(
            integration=world.integration, stream="bill", key="77", number="INV-7", record=bill()
        )
        Document.objects.filter(pk=document.pk).update(state=State.DELIVERING)
        Document.objects.filter(pk=document.pk).update(
            state=State.HELD, reason=Reason.DUPLICATE_SUSPECTED, words="Zoho Books has it."
        )
        TargetRecord.objects.create(
            connection=world.target,
            kind="bill",
            target_id="9901",
            number="INV-7",
            twin_number=normalise_number("INV-7"),
            vendor_key="z-acme",
            total=Decimal("50.00"),
            currency="USD",
            status="open",
        )
    target.records["9901"] = TargetState(
        target_id="9901",
        number="INV-7",
        status="open",
        total=Decimal("50.00"),
        currency="USD",
        vendor_key="z-acme",
        content={"date": "2026-02-03"},
    )
    return document


def link_page(document: Document, target: str = "9901") -> str:
    return page("link", document.pk) + f"?part=whole&target={target}"


def test_a_bill_that_was_typed_in_is_compared_and_linked(
    staff: Client, world: World, typed_in: Document, clerk: User
) -> None:
    assert "Link to existing record …" in staff.get(page("change", typed_in.pk)).content.decode()
    offers = staff.get(page("link", typed_in.pk)).content.decode()
    assert "target=9901" in offers
    both = staff.get(link_page(typed_in)).content.decode()
    assert "<td>Total</td><td>50</td><td>50</td>" in both
    assert "2026-02-03" in both
    assert staff.post(link_page(typed_in), {"seen": seen_of(typed_in)}).status_code == 302
    with tenant_scope(world.tenant_id):
        link = Link.objects.get(document=typed_in)
        event = AuditEvent.objects.get(action="target.linked")
        assert Document.objects.get(pk=typed_in.pk).state == State.DUE
    assert (link.target_id, link.reference) == ("9901", "mlc:acme:bill:77")
    assert clerk.email in event.actor
    assert "Link to existing" not in staff.get(page("change", typed_in.pk)).content.decode()


def test_a_record_that_is_not_there_is_refused_in_words(staff: Client, typed_in: Document) -> None:
    text = staff.get(link_page(typed_in, "123")).content.decode()
    assert "Zoho Books has no record “123”" in text
    assert (
        "no record “123”"
        in staff.post(link_page(typed_in, "123"), {"seen": seen_of(typed_in)}).content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vendor_key": "9002"}, "Contoso"),
        ({"currency": "CAD"}, "is in CAD"),
        ({"status": "void"}, "is void"),
        ({"reference": "mlc:acme:bill:78"}, "mark of another record"),
    ],
)
def test_a_record_that_cannot_be_it_is_refused(
    staff: Client, typed_in: Document, target: Target, changes: dict[str, str], words: str
) -> None:
    target.records["9901"] = replace(target.records["9901"], **changes)  # type: ignore[arg-type]
    assert words in staff.get(link_page(typed_in)).content.decode()


def test_a_record_that_changes_after_it_was_shown_is_not_linked(
    staff: Client, world: World, typed_in: Document, target: Target
) -> None:
    both = staff.get(link_page(typed_in)).content.decode()
    given = dict(re.findall(r'name="(seen|compared)" value="([0-9a-f]{32})"', both))
    assert given.keys() == {"seen", "compared"}
    record = target.records["9901"]
    target.records["9901"] = replace(record, total=Decimal("5000.00"))
    refused = staff.post(link_page(typed_in), given).content.decode()
    assert "changed since you compared them" in refused
    assert "Compare again" in refused
    with tenant_scope(world.tenant_id):
        assert not Link.objects.filter(document=typed_in).exists()
    target.records["9901"] = record
    assert staff.post(link_page(typed_in), given).status_code == 302


def test_linking_twice_is_refused_in_words(
    staff: Client, world: World, typed_in: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click, and another person who links another document to the same record."""
    with tenant_scope(world.tenant_id):
        Link.objects.create(
            document=world.waiting,
            connection=world.target,
            part="whole",
            target_kind="bill",
            target_id="9901",
            reference="mlc:acme:bill:51",
            posted_at=NOW,
            confirmed_at=NOW,
        )
    assert (
        "is linked to"
        in staff.post(link_page(typed_in), {"seen": seen_of(typed_in)}).content.decode()
    )
    monkeypatch.setattr(existing, "refuse", lambda *_: None)
    raced = staff.post(link_page(typed_in), {"seen": seen_of(typed_in)})
    assert "linked to another document a moment ago" in raced.content.decode()
    with tenant_scope(world.tenant_id):
        Link.objects.all().delete()
    assert staff.post(link_page(typed_in), {"seen": seen_of(typed_in)}).status_code == 302
    assert (
        "cannot be linked"
        in staff.post(link_page(typed_in), {"seen": seen_of(typed_in)}).content.decode()
    )


@pytest.mark.parametrize("text", ["9901%0D%0AX", "%2E%2E%2Fcontacts%2F5", "%F0%9F%92%A9"])
def test_odd_texts_for_a_record_are_refused_in_words(
    staff: Client, typed_in: Document, text: str
) -> None:
    answer = staff.get(page("link", typed_in.pk) + f"?part=whole&target={text}")
    assert answer.status_code == 200
    words = answer.content.decode()
    assert "as one line of text" in words or "has no record" in words


def test_a_lost_connection_in_the_middle_keeps_what_was_linked(
    staff: Client, world: World, typed_in: Document, target: Target
) -> None:
    def lost(client: Any, part: PartRef) -> TargetState | None:
        raise ProviderError(ErrorFacts(kind=ErrorKind.TRANSIENT, message="Zoho Books is away."))

    target.read = lost  # type: ignore[method-assign]
    url = reverse("admin:connectors_integration_matches", args=[world.integration.pk])
    answer = staff.post(url, {}, follow=True).content.decode()
    assert "0 documents linked. Left:" in answer
    assert "and those after it: Zoho Books is away." in answer


def test_all_exact_matches_are_previewed_and_linked(
    staff: Client, world: World, typed_in: Document
) -> None:
    url = reverse("admin:connectors_integration_matches", args=[world.integration.pk])
    text = staff.get(url).content.decode()
    assert "1 exact match<" in text
    assert "9901" in text
    assert staff.post(url, {}).status_code == 302
    with tenant_scope(world.tenant_id):
        assert Link.objects.get(document=typed_in).target_id == "9901"
    assert "0 exact matches" in staff.get(url).content.decode()


def test_who_may_only_look_cannot_link(client: Client, typed_in: Document, clerk: User) -> None:
    clerk.is_superuser = False
    clerk.save()
    client.force_login(clerk)
    assert client.get(link_page(typed_in)).status_code == 403
    assert client.post(link_page(typed_in), {}).status_code == 403
