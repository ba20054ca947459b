"""Staff pages for what somebody changed at the target: the difference, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.core.flow import FieldDifference, PartRef
from connectors.core.records import TargetState
from connectors.engine import drift as engine
from connectors.engine import plans
from connectors.models import Document, Link
from connectors.services import drift
from tenants.models import User
from tenants.scope import tenant_scope
from tests.web.world import FLOW, World, seen_of


@dataclass
class Target:
    """Says of whatever was posted what a test wants it to say."""

    title: str = "<b>Theirs</b>"

    def read(self, client: Any, part: PartRef) -> TargetState:
        content = {"title": self.title}
        return TargetState(
            target_id=part.target_id,
            number=part.number,
            status="open",
            total=Decimal(1),
            currency="EUR",
            content=content,
        )


def differences(kind: str, payload: Any, state: TargetState) -> list[FieldDifference]:
    theirs = str(state.content["title"])
    return [FieldDifference(field="title", ours="Ours", theirs=theirs)] if theirs != "Ours" else []


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    found = Target()
    real = registry.resolve(FLOW)
    flow: Any = replace(real.flow, sink=found, differences=differences)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "resolve", lambda key: replace(real, flow=flow))

    @contextmanager
    def open_client(job: Any, side: str) -> Iterator[None]:
        yield None

    monkeypatch.setattr(drift, "open_client", open_client)
    return found


@pytest.fixture
def drifted(world: World, target: Target) -> Document:
    with tenant_scope(world.tenant_id):
        link = Link.objects.select_related("document").get(document=world.posted)
        found = [FieldDifference(field="title", ours="Ours", theirs=target.title)]
        state = target.read(None, plans.link_ref(link))
        engine.apply(
            registry.flow(FLOW), link, found, engine.ALERT, state=state, there="Zoho Books"
        )
    return world.posted


def page(document: Document, name: str = "change") -> str:
    return reverse(f"admin:connectors_document_{name}", args=[document.pk])


def now(world: World) -> tuple[Document, Link]:
    with tenant_scope(world.tenant_id):
        return Document.objects.get(pk=world.posted.pk), Link.objects.get(document=world.posted)


def test_the_page_shows_what_differs(staff: Client, drifted: Document) -> None:
    text = staff.get(page(drifted)).content.decode()
    row = "<tr><td>title</td><td>Ours</td><td>&lt;b&gt;Theirs&lt;/b&gt;</td></tr>"
    assert row in text
    assert "Restore ours" in text
    assert "Adopt theirs" in text


def test_other_documents_offer_neither(staff: Client, world: World, target: Target) -> None:
    for document in (world.posted, world.held):
        assert "Restore ours" not in staff.get(page(document)).content.decode()
    staff.post(page(world.held, "restore"), {"seen": seen_of(world.held)})
    assert "Only what is held" in staff.get(page(world.held)).content.decode()
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.held.pk).state == "held"


def test_ours_is_restored(staff: Client, drifted: Document, world: World, clerk: User) -> None:
    staff.get(page(drifted, "restore"))
    assert now(world)[0].state == "held", "a link decides nothing"
    staff.post(page(drifted, "restore"), {"seen": seen_of(drifted)})
    document, link = now(world)
    assert (document.state, link.restores) == ("due", {"title": 1})
    assert link.payload["doubted"], "the next decision writes all of it"
    assert "1 field changed" in staff.get(page(drifted)).content.decode()
    with tenant_scope(world.tenant_id):
        event = AuditEvent.objects.get(action="drift.restored")
    assert event.actor == f"user:{clerk.pk} {clerk.email}"


def test_theirs_is_adopted(staff: Client, drifted: Document, world: World) -> None:
    staff.post(page(drifted, "adopt"), {"seen": seen_of(drifted)})
    document, link = now(world)
    assert (document.state, link.adopted) == ("due", {"title": "<b>Theirs</b>"})
    assert link.payload != {}


def test_what_was_put_right_is_said(
    staff: Client, drifted: Document, world: World, target: Target
) -> None:
    target.title = "Ours"
    staff.post(page(drifted, "adopt"), {"seen": seen_of(drifted)})
    assert "Nothing differs there any more" in staff.get(page(drifted)).content.decode()
    document, link = now(world)
    assert (document.state, link.adopted) == ("due", {})
