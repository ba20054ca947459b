"""What the page of a posted document says: what was compared, when, and no more than was seen."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from connectors.core import clock
from connectors.models import Document, Link
from connectors.services import seen
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.web.world import World

KIRITIMATI = ZoneInfo("Pacific/Kiritimati")


@pytest.fixture
def far_away(world: World) -> World:
    with tenant_scope(world.tenant_id):
        Tenant.objects.filter(pk=world.tenant_id).update(time_zone=KIRITIMATI.key)
    return world


def page(staff: Client, world: World, **changes: Any) -> str:
    with tenant_scope(world.tenant_id):
        Link.objects.filter(document=world.posted).update(**changes)
    url = reverse("admin:connectors_document_change", args=[world.posted.pk])
    text = staff.get(url).content.decode()
    assert "to the cent" not in text
    assert "The target says" not in text
    return " ".join(text.split())


def shown_at(moment: dt.datetime) -> str:
    return f">{moment.astimezone(KIRITIMATI):%H:%M}</time>"


def test_the_totals_time_is_said_in_the_workspaces_zone(staff: Client, far_away: World) -> None:
    now = clock.now()
    text = page(staff, far_away, matched_at=now, matched="total")
    assert "Posted to Zoho Books; totals matched <time" in text
    assert shown_at(now) in text


def test_a_look_at_everything_says_so(staff: Client, far_away: World) -> None:
    text = page(staff, far_away, matched_at=clock.now(), matched="everything")
    assert "Posted to Zoho Books; everything that we posted matched <time" in text


def test_an_earlier_day_is_named(staff: Client, world: World) -> None:
    moment = dt.datetime(2024, 3, 9, 22, 24, tzinfo=dt.UTC)
    assert "on 9 March 2024 at 22:24" in page(staff, world, matched_at=moment, matched="total")


def test_posted_before_this_was_kept_the_answers_time_counts(staff: Client, world: World) -> None:
    text = page(staff, world, matched_at=None)
    assert 'totals matched <time datetime="2026-11-20T09:30:00+00:00"' in text


def test_without_a_total_none_is_claimed(staff: Client, world: World) -> None:
    text = page(staff, world, matched_at=None, total=None)
    assert "Posted to Zoho Books; no total was compared." in text


def test_accepted_changes_and_a_look_to_come_are_said(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.posted.pk).update(wants_look=True)
    text = page(staff, world, adopted={"total": "99.00 EUR"})
    assert "Accepted as changed there: total 99.00 EUR." in text
    assert "compared with Zoho Books again by the next run" in text


def test_the_message_of_a_replay_speaks_of_the_comparison(staff: Client, world: World) -> None:
    url = reverse("admin:connectors_document_replay", args=[world.posted.pk])
    given = {"seen": seen.digest(world.posted)}
    answer = staff.post(url, given, follow=True).content.decode()
    assert "read, decided and compared on the other side in a moment" in answer
