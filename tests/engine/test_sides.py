"""Both sides may be of one provider: a refusal stops the side that refused, and no other."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater, failing_at
from connectors.core.flow import SOURCE, TARGET
from connectors.engine import health, rest, sessions
from connectors.models import Connection, Health, Run
from connectors.services import webhooks
from connectors.transport.client import CallReport
from tests.engine.test_rests import tomorrow
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World, failing, spec

ONE = "one_provider"


def refusal() -> ProviderError:
    """As any client of the provider raises it, without a word of whose call it was."""
    return ProviderError(
        ErrorFacts(kind=ErrorKind.AUTHORISATION, message="the access was revoked", provider=ONE)
    )


@pytest.fixture
def twin(world: World) -> World:
    """The tiny flow between two accounts at one provider."""
    world.resolved = replace(world.resolved, source=spec(ONE), target=spec(ONE))
    world.set(Connection, provider=ONE)
    return world


def healths(world: World) -> dict[str, str]:
    with world.scope():
        return dict(Connection.objects.values_list("name", "health"))


def refuse_lists(world: World, side: str) -> None:
    """One side's lists are refused."""

    def refused(*_: Any) -> Iterator[Any]:
        raise refusal()

    flow = world.resolved.flow
    if side == TARGET:
        lists = tuple(replace(each, fetch=refused) for each in flow.references)
        flow = replace(flow, references=lists)
    else:
        world.source.on_read = failing(refusal())
    world.resolved = replace(world.resolved, flow=flow)


@pytest.mark.parametrize("side", [SOURCE, TARGET])
def test_a_run_stops_the_side_that_refused(twin: World, side: str) -> None:
    twin.source.put(PARENTS, "p1")
    refuse_lists(twin, side)
    run = twin.read()
    with twin.scope():
        run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    other = TARGET if side == SOURCE else SOURCE
    assert healths(twin) == {
        f"tiny_{side}": Health.NEEDS_AUTHORISATION,
        f"tiny_{other}": Health.READY,
    }


def test_delivery_stops_the_target(twin: World) -> None:
    twin.source.put(PARENTS, "p1")
    twin.read()
    twin.target.before = failing(refusal())
    twin.work()
    assert healths(twin)["tiny_source"] == Health.READY
    assert healths(twin)["tiny_target"] == Health.NEEDS_AUTHORISATION


@pytest.mark.parametrize("side", [SOURCE, TARGET])
def test_what_an_error_says_of_itself_counts(twin: World, side: str) -> None:
    job = twin.job()
    named = str(job.connection(side).secret_id)
    otherwise = TARGET if side == SOURCE else SOURCE
    with pytest.raises(ProviderError) as caught, failing_at("somebody"), failing_at(named):
        raise refusal()
    assert caught.value.facts.connection == named, "the innermost knows best"
    health.report(job, otherwise, caught.value)
    assert healths(twin)[f"tiny_{side}"] == Health.NEEDS_AUTHORISATION
    assert healths(twin)[f"tiny_{otherwise}"] == Health.READY


@pytest.mark.parametrize("side", [SOURCE, TARGET])
def test_the_side_that_must_wait_rests(twin: World, side: str) -> None:
    job = twin.job()
    later = RetryLater(tomorrow(), "used up", str(job.connection(side).secret_id))
    rest.note(job, TARGET if side == SOURCE else SOURCE, later)
    with twin.scope():
        resting = Connection.objects.exclude(resting_until=None).values_list("name", flat=True)
        assert list(resting) == [f"tiny_{side}"]


def test_calls_are_counted_by_side(twin: World) -> None:
    job = twin.job()
    report = CallReport(provider=ONE, kind="read", method="GET", path="/", status=200, seconds=0.1)
    sessions.counter(job, SOURCE)(report)
    sessions.counter(job, TARGET)(report)
    sessions.counter(job, TARGET)(report)
    assert job.calls == {"tiny_source read": 1, "tiny_target read": 2}


def test_one_connection_on_both_sides_is_both(twin: World) -> None:
    with twin.scope():
        twin.integration.target_id = twin.integration.source_id
        twin.integration.save()
        sides = webhooks.sides(twin.integration.source_id)
    assert sides == [(twin.integration.pk, SOURCE), (twin.integration.pk, TARGET)]
