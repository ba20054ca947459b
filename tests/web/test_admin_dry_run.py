"""The pages of a new integration: paused, a dry run, what it foresees, and the start."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import Foreseen, Integration, Run
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World

KEPT = ("stream", "number", "party", "day", "total", "currency")
O = Foreseen.Outcome  # noqa: E741 - as in the module that it tests


@pytest.fixture
def new(world: World) -> World:
    """The integration as nobody has started it yet."""
    with tenant_scope(world.tenant_id):
        Run.objects.all().delete()
        Integration.objects.update(enabled=False, history_start=dt.date(2026, 11, 1))
    return world


def page(world: World, name: str, *args: Any) -> str:
    return reverse(f"admin:connectors_integration_{name}", args=[world.integration.pk, *args])


def said(staff: Client, url: str) -> str:
    return " ".join(staff.get(url).content.decode().split())


def foresee(world: World) -> Run:
    """What a dry run leaves behind: one would be posted, one waits, one is held."""
    with tenant_scope(world.tenant_id):
        run = Run.objects.get(dry=True)
        vendor = {"key": "vendor:7", "label": "Vendor Northwind Traders Inc", "kind": "vendor"}
        for document, outcome, group, waits in (
            (world.posted, O.POST, "", []),
            (world.waiting, O.WAIT, "", [vendor]),
            (world.held, O.HOLD, "total_differs", []),
        ):
            Foreseen.objects.create(
                integration=world.integration,
                document=document,
                run=run,
                outcome=outcome,
                group=group,
                waits=waits,
                words="Because of this.",
                **{name: getattr(document, name) for name in KEPT},
            )
        run.status, run.finished_at = Run.Status.FINISHED, dt.datetime.now(dt.UTC)
        run.words = "Dry run: 1 would be posted, 1 would wait, 1 would be held."
        run.save()
    return run


def test_a_new_integration_offers_a_dry_run_and_the_start(staff: Client, new: World) -> None:
    text = said(staff, page(new, "change"))
    assert page(new, "dry") in text
    assert "Start" in text
    assert "Run now" not in text
    assert "since 1 November 2026" in said(staff, page(new, "dry"))


def test_its_progress_is_shown_while_it_runs(staff: Client, new: World) -> None:
    staff.get(page(new, "dry"))
    assert not _runs(new), "a link asks for nothing"
    assert "A dry run is queued." in staff.post(page(new, "dry"), follow=True).content.decode()
    (run,) = _runs(new)
    assert run.dry
    text = said(staff, page(new, "dry"))
    assert "Waiting for a worker." in text
    assert 'hx-trigger="every 2s"' in text
    assert "Dry run again" not in text
    with tenant_scope(new.tenant_id):
        Run.objects.update(status=Run.Status.RUNNING, phase=Run.Phase.EXTRACT)
    assert "3 of 3 records found so far" in said(staff, page(new, "dry"))
    assert "queued already" not in said(staff, page(new, "dry"))


def test_counts_and_money_lead_to_the_documents(staff: Client, new: World) -> None:
    staff.post(page(new, "dry"))
    foresee(new)
    text = said(staff, page(new, "dry"))
    assert text.count("1,234.50 EUR") >= 6, "tiles, causes and documents"
    for number in ("PO-41", "INV-51", "INV-52"):
        assert number in text
    assert "Vendor Northwind Traders Inc" in text
    assert "Total differs" in text
    only = said(staff, page(new, "dry") + "?outcome=wait&cause=vendor%3A7")
    assert "INV-51" in only
    assert "INV-52" not in only
    assert "Dry run again" in text
    start = staff.post(page(new, "press", "resume"), follow=True).content.decode()
    assert "Started; a run is queued." in start


def test_one_that_posts_is_refused(staff: Client, world: World) -> None:
    text = staff.post(page(world, "dry"), follow=True).content.decode()
    assert "Pause it first to make a dry run." in text
    assert not [run for run in _runs(world) if run.dry]


def test_outsiders_and_viewers_ask_for_none(client: Client, people: People, new: World) -> None:
    client.force_login(people.viewer)
    assert client.post(page(new, "dry")).status_code == 302
    assert not _runs(new)


def _runs(world: World) -> list[Run]:
    with tenant_scope(world.tenant_id):
        return list(Run.objects.all())
