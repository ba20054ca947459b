"""What fails in a run is kept apart: a list stops itself, the rest goes on, and people are told."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.db import DataError

from connectors.core.errors import BadInputError, ErrorFacts, ErrorKind, ProviderError
from connectors.core.states import Reason, State
from connectors.engine import facts, phases, runs
from connectors.models import Connection, Health, Integration, Run
from connectors.services import alerts, dry_run
from connectors.transport.error_table import UNREACHED
from tenants.models import Tenant
from tests.engine.test_unread import go_on
from tests.engine.tiny import source
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import error
from tests.engine.tiny.world import World
from tests.sampling import first_here

REFUSALS = [
    error(ErrorKind.PERMISSION, "you may not see this list"),
    error(ErrorKind.REJECTED, "bad filter"),
    error(ErrorKind.NOT_FOUND, "no such list"),
    error(ErrorKind.TRANSIENT, "bad gateway"),
    BadInputError("a row makes no sense"),
    KeyError("rows"),
    DataError("no such text"),
]


@pytest.fixture(autouse=True)
def people(world: World) -> None:
    """Somebody to write to."""
    world.set(Tenant, alert_email="books@acme.example")


by_kind = pytest.mark.parametrize(
    "problem", first_here(*REFUSALS), ids=lambda one: str(one).replace(" ", "-")
)


def only(name: str, problem: Exception) -> Callable[[str], None]:
    """A hook that fails for this list alone."""

    def fail(listed: str) -> None:
        if listed == name:
            raise problem

    return fail


@by_kind
def test_a_list_that_cannot_be_read_stops_itself_and_people_are_told(
    world: World, problem: Exception
) -> None:
    world.source.on_list = only(PARENTS, problem)
    world.source.put(CHILDREN, "c1")
    run = go_on(world, world.sync(), rounds=8)
    assert world.state("c1") == State.POSTED
    assert run.status == Run.Status.FAILED
    assert "Parents, the list of changed" in run.words
    assert "could not" in run.words.casefold()
    assert alerts.send_due(world.tenant.pk)
    [message] = mail.outbox
    assert message.subject == "Tiny could not finish its run"
    assert "Parents, the list of changed" in message.body


@by_kind
def test_what_waits_for_an_unread_list_names_it_and_goes_on_by_itself(
    world: World, problem: Exception
) -> None:
    world.target.on_list = only("vendors", problem)
    world.source.put(PARENTS, "p1")
    run = go_on(world, world.sync(), rounds=8)
    assert run.status == Run.Status.FAILED
    document = world.document("p1")
    assert document.state == State.WAITING
    assert "The list of vendors could not be read" in document.words
    world.target.on_list = lambda kind: None
    world.sync()
    assert world.state("p1") == State.POSTED


@by_kind
def test_nothing_is_made_while_the_target_s_records_are_unknown(
    new_world: MakeWorld, problem: Exception
) -> None:
    world = new_world(indexed=True)
    world.target.on_list = only("heads", problem)
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1")
    run = go_on(world, world.sync(), rounds=8)
    assert run.status == Run.Status.FAILED
    assert world.state("p1") == State.POSTED, "its kind has no such list"
    document = world.document("c1")
    assert document.state == State.DUE
    assert "might be posted twice" in document.words
    world.target.on_list = lambda kind: None
    world.pass_time(2000)
    world.sync()
    assert world.state("c1") == State.POSTED


def test_a_dry_run_says_what_it_could_not_read(world: World) -> None:
    world.set(Integration, enabled=False)
    world.source.put(PARENTS, "p1")
    world.source.on_list = only(CHILDREN, error(ErrorKind.PERMISSION, "you may not see this list"))
    run = dry_run.ask(world.integration, actor="user:1")
    taken = world.lease(run)
    assert taken is not None
    runs.advance(world.job(), taken)
    assert taken.status == Run.Status.FAILED
    assert "1 would be posted. Nothing was written." in taken.words
    assert "Children, the list of changed: you may not see this list" in taken.words


def test_a_list_that_fails_for_a_moment_is_read_in_the_same_run(world: World) -> None:
    left = [2]

    def fail(listed: str) -> None:
        if listed == PARENTS and left[0]:
            left[0] -= 1
            raise error(ErrorKind.TRANSIENT, "bad gateway")

    world.source.on_list = fail
    world.source.put(PARENTS, "p1")
    run = go_on(world, world.sync(), rounds=8)
    assert (run.status, run.words) == (Run.Status.FINISHED, "")
    assert world.state("p1") == State.POSTED
    assert world.source.lists.count(CHILDREN) == 1, "what was read is not read again"


def test_a_place_that_nobody_answers_at_is_not_asked_for_every_list(world: World) -> None:
    unreached = ErrorFacts(
        kind=ErrorKind.TRANSIENT, message="no such host", provider=source.KEY, code=UNREACHED
    )

    def fail(_: str) -> None:
        raise ProviderError(unreached)

    world.source.on_list = fail
    run = world.read()
    assert world.source.lists == [PARENTS]
    with world.scope():
        run.refresh_from_db()
    assert (run.status, run.failures) == (Run.Status.RUNNING, 1)


def test_a_connection_that_stops_tells_of_itself(world: World) -> None:
    world.source.on_list = only(PARENTS, error(ErrorKind.AUTHORISATION, "revoked"))
    run = world.read()
    with world.scope():
        run.refresh_from_db()
        stopped = Connection.objects.filter(health=Health.NEEDS_AUTHORISATION)
        assert stopped.count() == 1
    assert run.status == Run.Status.FAILED


# --- errors that nobody expected ----------------------------------------------------------------


def test_an_unexpected_error_in_a_run_ends_it_and_the_next_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(phases, "read_source", raising(ZeroDivisionError("oh")))
        run = go_on(world, world.sync(), rounds=8)
    assert run.status == Run.Status.FAILED
    assert "ZeroDivisionError" in run.words
    assert run.failures == 5
    assert alerts.send_due(world.tenant.pk)
    world.source.put(PARENTS, "p1")
    world.sync()
    assert world.state("p1") == State.POSTED


def raising(problem: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise problem

    return fail


def test_a_run_that_no_worker_survives_ends(world: World) -> None:
    run = world.queue()
    for _ in range(12):
        taken = world.lease(run)
        if taken is None:
            break
        world.pass_time(100)
    with world.scope():
        run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert "workers in a row" in run.words
    assert world.lease(world.queue()) is not None


def test_a_document_that_upsets_a_whole_batch_is_held_and_the_others_are_posted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("p1", "p2", "p3"):
        world.source.put(PARENTS, key)
    world.read()
    load = facts.load

    def stumble(job: object, asking: list[object]) -> object:
        if any(ask.document.key == "p2" for ask in asking):  # type: ignore[attr-defined]
            raise KeyError("facts")
        return load(job, asking)  # type: ignore[arg-type]

    monkeypatch.setattr("connectors.engine.decide.load", stumble)
    world.work()
    assert world.states() == {"p1": State.POSTED, "p2": State.HELD, "p3": State.POSTED}
    assert world.document("p2").reason == Reason.UNREADABLE
    assert "KeyError" in world.document("p2").words
