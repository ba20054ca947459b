"""A schedule is refused before it can exceed what the source's plan allows in a day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.core.errors import BadInputError
from connectors.core.flow import SOURCE, ReferenceStream
from connectors.models import Connection, Integration
from connectors.services import integrations
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.world import World

ANNA = "user:1"


def forecast(world: World, interval_minutes: int, cron: str = "") -> integrations.Forecast:
    return integrations.forecast(
        world.resolved, world.integration.source, interval_minutes=interval_minutes, cron=cron
    )


def test_a_forecast_counts_the_lists_of_a_day_when_nothing_is_new(new_world: MakeWorld) -> None:
    world = new_world(per_day=1000)
    cost = forecast(world, 5)
    assert (cost.runs_per_day, cost.calls_per_run, cost.calls_per_day) == (288, 2, 576)
    assert cost.fits
    assert str(cost) == (
        "288 runs a day of 2 calls each make 576 calls a day when nothing is new; "
        "the plan allows 1,000."
    )


def test_a_forecast_counts_the_lists_of_master_data_too(world: World) -> None:
    def kept(minutes: int) -> ReferenceStream:
        every = timedelta(minutes=minutes)
        return ReferenceStream(side=SOURCE, kind="vendor", every=every, fetch=lambda *_: iter(()))

    flow = replace(world.resolved.flow, references=(kept(60), kept(1)))
    resolved = replace(world.resolved, flow=flow)
    source = world.integration.source
    cost = integrations.forecast(resolved, source, interval_minutes=5)
    # Once an hour; and once a minute, but no run comes more often than every five.
    assert cost.list_calls == 24 + 288
    assert cost.calls_per_day == 576 + 312
    assert "of 2 calls each and 312 for master data make 888 calls" in str(cost)


def test_what_an_idle_run_costs_is_what_was_forecast(new_world: MakeWorld) -> None:
    world = new_world(per_day=1000)
    world.source.put("parents", "p1")
    world.sync()
    world.source.lists.clear()
    world.source.reads.clear()
    world.sync()
    assert len(world.source.lists) + len(world.source.reads) == forecast(world, 5).calls_per_run


def test_without_a_known_limit_everything_fits(world: World) -> None:
    cost = forecast(world, 1)
    assert cost.fits
    assert str(cost).endswith("no daily limit is known.")


@pytest.mark.parametrize(
    ("cron", "runs"),
    [("*/15 * * * *", 96), ("0 6 * * 1-5", 1), ("*/5 * * * 1", 288), ("0 0 1 * *", 1)],
)
def test_a_cron_is_counted_by_its_busiest_day(world: World, cron: str, runs: int) -> None:
    assert forecast(world, 15, cron).runs_per_day == runs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval_minutes": 1}, "1,440 runs a day of 2 calls each make 2,880 calls"),
        ({"cron": "* * * * *"}, "the plan allows 1,000. Choose a longer interval"),
        ({"interval_minutes": 0}, "one minute or more"),
        ({"cron": "now and then"}, "is not a cron expression"),
    ],
)
def test_a_schedule_that_cannot_fit_is_refused(
    new_world: MakeWorld, changes: dict[str, object], words: str
) -> None:
    world = new_world(per_day=1000)
    with pytest.raises(BadInputError, match=words):
        integrations.change(world.integration, resolved=world.resolved, actor=ANNA, **changes)
    with world.scope():
        row = Integration.objects.get(pk=world.integration.pk)
    assert (row.interval_minutes, row.cron) == (15, "")
    assert world.events("integration.changed") == []


def test_nor_can_one_be_created(new_world: MakeWorld) -> None:
    world = new_world(per_day=1000)
    with world.scope():
        source, target = Connection.objects.order_by("pk")
    with pytest.raises(BadInputError, match="does not fit"):
        integrations.create(
            tenant_id=world.tenant.pk,
            resolved=world.resolved,
            name="Every minute",
            source=source,
            target=target,
            actor=ANNA,
            interval_minutes=1,
            enabled=True,
        )
    with world.scope():
        assert not Integration.objects.filter(name="Every minute").exists()
