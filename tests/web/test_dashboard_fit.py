"""The fit report: asked for, read, kept as it was, shared by a link that ends, exported."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors import registry, tasks
from connectors.core import clock
from connectors.models import Document, FitReport, Foreseen, Integration, Run, TargetRecord
from connectors.services import fit_report
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World

O = Foreseen.Outcome  # noqa: E741 - as in the module that it tests
KEPT = ("stream", "number", "party", "day", "total", "currency")


@pytest.fixture
def new(world: World) -> World:
    """The integration as nobody has started it yet."""
    with tenant_scope(world.tenant_id):
        Run.objects.all().delete()
        Integration.objects.update(enabled=False, history_start=dt.date(2026, 11, 1))
    return world


def signed_in(client: Client, person: Any) -> Client:
    client.force_login(person)
    return client


def path(world: World, rest: str = "") -> str:
    return f"/w/acme/integrations/{world.integration.pk}/fit/{rest}"


def foresee(world: World) -> FitReport:
    """A dry run as a worker would have done it, and its report."""
    with tenant_scope(world.tenant_id):
        open_runs = Run.objects.filter(dry=True, finished_at=None)
        run = open_runs.last() or Run.objects.create(
            integration=world.integration, trigger="person", dry=True
        )
        vendor = {"key": "vendor:7", "label": "vendor Northwind Traders Inc", "kind": "vendor"}
        part = {
            "part": "",
            "target_kind": "purchase_order",
            "target_number": "PO-41",
            "reference": "mlc:acme:po:41",
            "status": "open",
            "payload": {"lines": [{"description": "Rebar", "quantity": "2", "rate": "617.25"}]},
            "total": "1234.50",
            "currency": "EUR",
        }
        for document, outcome, fields in (
            (world.posted, O.POST, {"parts": [part], "calls": 2}),
            (world.waiting, O.WAIT, {"waits": [vendor]}),
            (world.held, O.HOLD, {"group": "total_differs"}),
        ):
            Foreseen.objects.create(
                integration=world.integration,
                document=document,
                run=run,
                outcome=outcome,
                words="Because of this.",
                **fields,
                **{name: getattr(document, name) for name in KEPT},
            )
        run.status, run.finished_at = Run.Status.FINISHED, clock.now()
        run.words = "Dry run: 1 would be posted."
        run.save()
        return fit_report.keep(run, registry.resolve(world.integration.flow))


def test_an_operator_asks_and_a_viewer_reads(client: Client, people: People, new: World) -> None:
    viewer = signed_in(Client(), people.viewer)
    assert "No fit report yet" in viewer.get(path(new)).content.decode()
    assert viewer.post(path(new, "make/")).status_code == 403
    operator = signed_in(client, people.operator)
    asked = operator.post(path(new, "make/"), follow=True).content.decode()
    assert "Making the report" in asked
    assert "Waiting for a worker" in viewer.get(path(new)).content.decode()
    foresee(new)
    text = viewer.get(path(new)).content.decode()
    assert "1 of 3 documents would be posted to Zoho Books" in text
    assert "Vendor Northwind Traders Inc" in text
    assert "Total differs" in text


def test_every_amount_of_a_month_has_an_outcome(new: World) -> None:
    report = foresee(new)
    with tenant_scope(new.tenant_id):
        month = fit_report.months(report)[0]
    assert (month.month, month.currency) == ("2026-11", "EUR")
    assert month.source == Decimal("3703.50")
    assert (month.posted, month.waits) == (Decimal("1234.50"), Decimal("2469.00"))
    assert month.left == 0


def test_it_stays_as_it_was_when_the_documents_change(
    client: Client, people: People, new: World
) -> None:
    foresee(new)
    with tenant_scope(new.tenant_id):
        Document.objects.update(total=Decimal("7.77"), number="CHANGED")
    text = signed_in(client, people.viewer).get(path(new)).content.decode()
    assert "PO-41" in text
    assert "CHANGED" not in text
    assert "7.77" not in text


def test_what_people_typed_in_is_told_and_can_be_linked(
    client: Client, people: People, new: World
) -> None:
    there = {
        "part": "",
        "target_id": "88",
        "number": "PO-41",
        "exact": True,
        "rows": [["Number", "PO-41", "PO-41"], ["Date", "2026-11-02", "2026-11-03"]],
    }
    report = foresee(new)
    with tenant_scope(new.tenant_id):
        row = Foreseen.objects.get(document=new.held)
        row.existing, row.linkable = [there], True
        row.save()
        other = Foreseen.objects.get(document=new.waiting)
        other.existing = [{**there, "exact": False, "number": "INV-51-A"}]
        other.save()
    viewer = signed_in(client, people.viewer)
    text = viewer.get(path(new)).content.decode()
    assert "1 can be linked" in text
    assert "1 agree in number, vendor and total" in text
    assert "1 differ</a> from what would have been posted: date in 1." in text
    differing = viewer.get(path(new, "?outcome=differs")).content.decode()
    assert "INV-51-A" in differing
    assert "Bill INV-52" not in differing
    page = viewer.get(path(new, f"{report.pk}/documents/{row.pk}/")).content.decode()
    assert "2026-11-03" in page
    assert "it can be linked" in page


def test_one_document_shows_what_would_be_sent(client: Client, people: People, new: World) -> None:
    report = foresee(new)
    with tenant_scope(new.tenant_id):
        row = Foreseen.objects.get(document=new.posted)
    page = signed_in(client, people.viewer).get(path(new, f"{report.pk}/documents/{row.pk}/"))
    text = page.content.decode()
    assert "Rebar" in text
    assert "mlc:acme:po:41" in text


def test_the_table_file_holds_every_document(client: Client, people: People, new: World) -> None:
    report = foresee(new)
    answer = signed_in(client, people.viewer).get(path(new, f"{report.pk}/export/"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Number"] for row in rows] == ["PO-41", "INV-51", "INV-52"]
    assert rows[0]["Would be in Zoho Books"] == "PO-41"


def test_a_link_opens_it_without_an_account_until_it_ends(
    client: Client, people: People, new: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = foresee(new)
    owner = signed_in(client, people.owner)
    page = owner.post(path(new, f"{report.pk}/share/"), follow=True).content.decode()
    with tenant_scope(new.tenant_id):
        report.refresh_from_db()
    link = f"/fit/{fit_report.token_of(report)}/"
    assert link in page
    stranger = Client()
    text = stranger.get(link).content.decode()
    assert "PO-41" in text
    assert "acme" not in text, "nothing of the workspace beside the report"
    with tenant_scope(new.tenant_id):
        row = Foreseen.objects.get(document=new.posted)
    assert "Rebar" in stranger.get(f"{link}documents/{row.pk}/").content.decode()
    assert stranger.get(f"{link}export/").status_code == 200
    assert stranger.get(f"{link[:-2]}x/").status_code == 404
    later = clock.now() + fit_report.SHARED_FOR + dt.timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert stranger.get(link).status_code == 404
    assert stranger.get(link).status_code == 200
    owner.post(path(new, f"{report.pk}/take-back/"))
    assert stranger.get(link).status_code == 404
    owner.post(path(new, f"{report.pk}/share/"))
    assert stranger.get(link).status_code == 404, "an old link stays ended"


def test_a_link_that_ended_by_itself_stays_ended(
    client: Client, people: People, new: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = foresee(new)
    old = fit_report.share(report, actor="user:1")
    later = clock.now() + fit_report.SHARED_FOR + dt.timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        with tenant_scope(new.tenant_id):
            report.refresh_from_db()
        page = signed_in(client, people.owner).get(path(new)).content.decode()
        assert old not in page, "an ended link is not offered"
        fresh = fit_report.share(report, actor="user:1")
        assert Client().get(f"/fit/{old}/").status_code == 404
        assert Client().get(f"/fit/{fresh}/").status_code == 200


def test_a_run_that_another_worker_took_over_makes_no_report(
    new: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(new.tenant_id):
        run = Run.objects.create(integration=new.integration, trigger="person", dry=True)

    def lose(job: object, run: Run) -> None:
        """It ends only for the worker that holds it no longer."""
        del job
        run.status, run.finished_at = Run.Status.FINISHED, clock.now()

    monkeypatch.setattr("connectors.tasks.runs.advance", lose)
    tasks.advance_run(new.tenant_id, run.pk)
    with tenant_scope(new.tenant_id):
        assert not FitReport.objects.exists()


def test_only_admins_share(client: Client, people: People, new: World) -> None:
    report = foresee(new)
    operator = signed_in(client, people.operator)
    assert operator.post(path(new, f"{report.pk}/share/")).status_code == 403
    with tenant_scope(new.tenant_id):
        report.refresh_from_db()
    assert report.shared_until is None


def test_the_latest_reports_are_kept_and_shared_ones(new: World) -> None:
    reports = []
    for number in range(7):
        reports.append(foresee(new))
        if number == 0:
            fit_report.share(reports[0], actor="user:1")
    with tenant_scope(new.tenant_id):
        kept = {one.pk for one in fit_report.kept(new.integration)}
    assert kept == {reports[0].pk, *(one.pk for one in reports[2:])}


def test_a_report_of_another_workspace_is_not_found(
    client: Client, people: People, new: World
) -> None:
    report = foresee(new)
    outsider = signed_in(client, people.outsider)
    assert outsider.get(path(new, f"{report.pk}/")).status_code == 404


def test_target_records_of_the_month_stand_beside(new: World) -> None:
    with tenant_scope(new.tenant_id):
        for target_id, day, status in (
            ("1", "2026-11-05", "open"),
            ("2", "2026-10-05", "open"),
            ("3", "2026-11-06", "cancelled"),
        ):
            TargetRecord.objects.create(
                connection=new.target,
                kind="purchase_order",
                target_id=target_id,
                status=status,
                total=Decimal(70),
                currency="EUR",
                day=day,
            )
    report = foresee(new)
    with tenant_scope(new.tenant_id):
        assert [month.target for month in fit_report.months(report)] == [Decimal(70)]


def test_documents_cost_no_queries_of_their_own(client: Client, people: People, new: World) -> None:
    report = foresee(new)
    viewer = signed_in(client, people.viewer)
    viewer.get(path(new))
    with CaptureQueriesContext(connection) as before:
        viewer.get(path(new))
    with tenant_scope(new.tenant_id):
        made = Document.objects.bulk_create(
            Document(integration=new.integration, stream="bill", key=f"k{number}")
            for number in range(40)
        )
        Foreseen.objects.bulk_create(
            Foreseen(
                integration=new.integration, document=one, run_id=report.run_id, outcome=O.POST
            )
            for one in made
        )
    with CaptureQueriesContext(connection) as after:
        viewer.get(path(new))
    assert len(after) == len(before)
