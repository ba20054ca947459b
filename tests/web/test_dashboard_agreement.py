"""Both systems' totals per month: every difference has a reason, or is shown as having none."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors import registry
from connectors.core.agreement import Alone, Cause, Pair, Place, months
from connectors.core.states import State
from connectors.models import Document, Link, ReferenceState, TargetRecord
from connectors.services import agreement
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import NOW, World

NOVEMBER = Place(month="2026-11", currency="EUR")
DECEMBER = Place(month="2026-12", currency="EUR")
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def viewer(client: Client, people: People) -> Client:
    client.force_login(people.viewer)
    return client


def listed(world: World, **fields: Any) -> None:
    """Zoho Books lists this record, an hour after the last posting."""
    said: dict[str, Any] = {
        "connection": world.target,
        "kind": "purchase_order",
        "target_id": "77001",
        "number": "PO-41",
        "status": "open",
        "total": Decimal("1234.50"),
        "currency": "EUR",
        "day": "2026-11-02",
        "modified": "2026-11-20T09:30:00.000000Z",
        "seen_at": LATER,
    }
    with tenant_scope(world.tenant_id):
        TargetRecord.objects.create(**{**said, **fields})
        ReferenceState.objects.update_or_create(
            connection=world.target, kind="index:purchase_order", defaults={"read_at": LATER}
        )


def change(world: World, **fields: Any) -> None:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.posted.pk).update(**fields)


def found(world: World, stream: str = "purchase_order") -> dict[Place, Any]:
    with tenant_scope(world.tenant_id):
        rows = agreement.agreements(world.integration, registry.flow(world.integration.flow))
    one = next(row for row in rows if row.stream == stream)
    return {month.place: month for month in one.months}


def causes(month: Any) -> dict[Cause, Decimal]:
    return {cause: one.amount for cause, one in month.explained}


def test_a_posted_document_agrees_with_what_the_target_lists(world: World) -> None:
    listed(world)
    month = found(world)[NOVEMBER]
    assert (month.source, month.target) == (Decimal("1234.50"), Decimal("1234.50"))
    assert causes(month) == {}
    assert month.unexplained == 0


def test_an_amount_that_nobody_explains_is_left(world: World) -> None:
    listed(world, total=Decimal("1234.51"))
    month = found(world)[NOVEMBER]
    assert causes(month) == {}
    assert month.unexplained == Decimal("0.01")


def test_a_record_that_is_not_listed_any_more_is_left(world: World) -> None:
    listed(world, target_id="1", total=Decimal(0))
    assert found(world)[NOVEMBER].unexplained == Decimal("-1234.50")


def test_a_voided_record_counts_nothing(world: World) -> None:
    listed(world, status="cancelled")
    assert found(world)[NOVEMBER].target == 0
    assert found(world)[NOVEMBER].unexplained == Decimal("-1234.50")


def test_what_was_posted_after_the_last_reading_says_so(world: World) -> None:
    with tenant_scope(world.tenant_id):
        Link.objects.update(confirmed_at=LATER + dt.timedelta(minutes=1))
    listed(world, target_id="1", status="cancelled")
    month = found(world)[NOVEMBER]
    assert causes(month) == {Cause.NOT_READ: Decimal("-1234.50")}
    assert month.unexplained == 0


@pytest.mark.parametrize("known", [{"reason": "drifted"}, {}])
def test_only_a_change_that_we_know_of_explains_a_difference(
    world: World, known: dict[str, str]
) -> None:
    listed(world, total=Decimal("1200.00"))
    if known:
        change(world, state="held", words="Somebody changed it.", **known)
    month = found(world)[NOVEMBER]
    expected = {Cause.CHANGED: Decimal("-34.50")} if known else {}
    assert causes(month) == expected
    assert month.unexplained == (0 if known else Decimal("-34.50"))


def test_a_compared_amount_counts_until_the_record_changes(world: World) -> None:
    """Lists tell the amount after tax that was withheld; the reading told the whole."""
    with tenant_scope(world.tenant_id):
        Link.objects.update(matched="total", seen="2026-11-20T09:30:00.000000Z")
    listed(world, total=Decimal("1222.00"))
    assert found(world)[NOVEMBER].unexplained == 0
    with tenant_scope(world.tenant_id):
        TargetRecord.objects.update(modified="2026-11-21T09:30:00.000000Z")
    assert found(world)[NOVEMBER].unexplained == Decimal("-12.50")


def test_a_change_that_a_person_accepted_stays_a_difference(world: World) -> None:
    """It was read and found as it was taken over, which is not as the source says."""
    with tenant_scope(world.tenant_id):
        Link.objects.update(
            matched="total", seen="2026-11-20T09:30:00.000000Z", adopted={"total": "1200.00"}
        )
    listed(world, total=Decimal("1200.00"))
    month = found(world)[NOVEMBER]
    assert month.target == Decimal("1200.00")
    assert causes(month) == {Cause.CHANGED: Decimal("-34.50")}
    assert month.unexplained == 0


def test_two_currencies_have_no_difference_of_their_own(world: World) -> None:
    listed(world, currency="USD", total=Decimal("1400.00"))
    both = found(world)
    dollars = Place(month="2026-11", currency="USD")
    assert causes(both[NOVEMBER]) == {Cause.OTHER_CURRENCY: Decimal("-1234.50")}
    assert causes(both[dollars]) == {Cause.OTHER_CURRENCY: Decimal("1400.00")}
    assert both[NOVEMBER].unexplained == both[dollars].unexplained == 0
    flow = registry.flow(world.integration.flow)
    with tenant_scope(world.tenant_id):
        for place, here, there in (
            (NOVEMBER, Decimal("1234.50"), None),
            (dollars, None, Decimal("1400.00")),
        ):
            (row,) = agreement.rows(
                world.integration, flow, "purchase_order", place, Cause.OTHER_CURRENCY
            )
            assert (row.here, row.there) == (here, there)


def test_a_record_of_another_month_explains_both_months(world: World) -> None:
    listed(world, day="2026-12-01")
    both = found(world)
    assert causes(both[NOVEMBER]) == {Cause.OTHER_MONTH: Decimal("-1234.50")}
    assert causes(both[DECEMBER]) == {Cause.OTHER_MONTH: Decimal("1234.50")}
    assert both[NOVEMBER].unexplained == both[DECEMBER].unexplained == 0


def test_what_waits_and_what_stands_only_there_explain_their_amounts(world: World) -> None:
    listed(world, kind="bill", target_id="9", number="RENT-1", total=Decimal("80.00"))
    month = found(world, "bill")[NOVEMBER]
    assert causes(month) == {
        Cause.WAITING: Decimal("-1234.50"),
        Cause.HELD: Decimal("-1234.50"),
        Cause.ONLY_THERE: Decimal("80.00"),
    }
    assert month.unexplained == 0


def test_records_before_the_history_start_do_not_count(world: World) -> None:
    listed(world, kind="bill", target_id="9", total=Decimal("80.00"), day="2026-10-31")
    with tenant_scope(world.tenant_id):
        world.integration.history_start = dt.date(2026, 11, 1)
        assert Place(month="2026-10", currency="EUR") not in found(world, "bill")


def test_amounts_that_cancel_each_other_out_are_no_agreement() -> None:
    """One bill is 5.00 too high and one 5.00 too low."""
    pair: Any = {"place": NOVEMBER, "there_place": NOVEMBER, "state": State.POSTED, "number": 1}
    both = [
        Pair(**pair, here=Decimal(10), there=Decimal(15)),
        Pair(**pair, here=Decimal(10), there=Decimal(5)),
    ]
    month = months({NOVEMBER: Decimal(20)}, {NOVEMBER: Decimal(20)}, both, [])[0]
    assert month.unexplained == 0
    assert (month.left, month.agrees) == (2, False)


def test_totals_are_counted_apart_from_their_causes() -> None:
    alone = Alone(place=NOVEMBER, cause=Cause.ONLY_THERE, number=1, there=Decimal(3))
    month = months({NOVEMBER: Decimal(7)}, {NOVEMBER: Decimal(11)}, [], [alone])[0]
    assert (month.difference, month.unexplained) == (Decimal(4), Decimal(1))


def test_pages_show_the_numbers_and_the_rows_behind_them(viewer: Client, world: World) -> None:
    listed(world, total=Decimal("1200.00"))
    listed(world, kind="bill", target_id="9", number="RENT-1", total=Decimal("80.00"))
    base = f"/w/acme/integrations/{world.integration.pk}/agreement/"
    page = viewer.get(base).content.decode()
    assert "(34.50)" in page
    assert "have no reason that we know of" in page
    asked = "?month=2026-11&currency=EUR"
    left = viewer.get(f"{base}purchase_order/unexplained/{asked}").content.decode()
    assert "PO-41" in left
    assert "1,200.00" in left
    assert "INV-51" in viewer.get(f"{base}bill/waiting/{asked}").content.decode()
    assert "RENT-1" in viewer.get(f"{base}bill/only_there/{asked}").content.decode()
    latest = viewer.get("/w/acme/agreement/").content.decode()
    assert "without a reason" in latest


@pytest.mark.parametrize(
    "path",
    [
        "purchase_order/nonsense/?month=2026-11&currency=EUR",
        "vendor/held/?month=2026-11&currency=EUR",
        "bill/held/?month=2026-13&currency=EUR",
        "bill/held/?month=2026-11&currency=eur%27--",
    ],
)
def test_an_address_that_means_nothing_is_not_found(
    viewer: Client, world: World, path: str
) -> None:
    answer = viewer.get(f"/w/acme/integrations/{world.integration.pk}/agreement/{path}")
    assert answer.status_code == 404


def test_documents_cost_no_queries_of_their_own(viewer: Client, world: World) -> None:
    path = f"/w/acme/integrations/{world.integration.pk}/agreement/"
    viewer.get(path)
    with CaptureQueriesContext(connection) as before:
        viewer.get(path)
    with tenant_scope(world.tenant_id):
        Document.objects.bulk_create(
            Document(
                integration=world.integration,
                stream="bill",
                key=f"k{number}",
                total=Decimal(number),
                currency="EUR",
                day=dt.date(2026, 1 + number % 12, 1),
            )
            for number in range(60)
        )
    with CaptureQueriesContext(connection) as after:
        viewer.get(path)
    assert len(after) == len(before)
