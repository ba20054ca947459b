"""Options that a person changes while a worker works, and many documents that change at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.core.decisions import Decision, Held, NotApplicable
from connectors.core.states import Reason, State
from connectors.engine import ledger, release, work
from connectors.models import Document
from connectors.services import integrations
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World
from tests.people import ACTOR

Hook = Callable[[], None]


@pytest.fixture
def strict(world: World) -> Callable[[Hook], None]:
    """Has documents held, or by the option not applicable; the hook is called in each decision."""

    def hooked(hook: Hook) -> None:
        def decide(stream: str, record: Any, facts: Any, context: Any) -> Decision:
            hook()
            if context.options["strict"]:
                return NotApplicable(words="It is not wanted.")
            return Held(reason=Reason.UNKNOWN_STATUS, words="Nobody knows it.")

        flow = replace(world.resolved.flow, decide=decide)
        world.resolved = replace(world.resolved, flow=flow)

    return hooked


def choose_strict(world: World) -> None:
    options = {"strict": True}
    integrations.change(world.integration, resolved=world.resolved, actor=ACTOR, options=options)


def test_what_is_chosen_after_a_worker_began_counts_for_what_it_claims(
    world: World, strict: Callable[[Hook], None]
) -> None:
    strict(lambda: None)
    world.source.put(PARENTS, "p1")
    world.read()
    began = world.job()
    choose_strict(world)
    work.work_slot(began, world.slot())
    assert world.state("p1") == State.NOT_APPLICABLE


def test_what_is_chosen_in_the_midst_of_a_decision_has_it_made_anew(
    world: World, strict: Callable[[Hook], None]
) -> None:
    once = iter([True])
    strict(lambda: choose_strict(world) if next(once, False) else None)
    world.source.put(PARENTS, "p1")
    world.read()
    world.work()
    assert world.state("p1") == State.NOT_APPLICABLE


def test_what_may_be_claimed_at_this_moment_is_marked(world: World) -> None:
    """A claim that is not committed yet looks like a document that is due."""
    world.source.put(PARENTS, "p1")
    world.read()
    assert world.state("p1") == State.DUE
    choose_strict(world)
    assert world.document("p1").again


@pytest.mark.parametrize("change", [ledger.make_due, release.decide_anew])
def test_documents_are_locked_in_one_order_before_they_change(
    world: World, change: Callable[[Any], Any]
) -> None:
    """A list of vendors was read while a worker settled what it had claimed: both waited."""
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.read()
    world.set(Document, state=State.DELIVERING)
    with world.scope(), CaptureQueriesContext(connection) as found:
        change(Document.objects.filter(integration=world.integration))
    seen = [row["sql"] for row in found.captured_queries]
    first = next(n for n, sql in enumerate(seen) if sql.startswith("UPDATE"))
    assert any(sql.endswith("ORDER BY 1 ASC FOR UPDATE") for sql in seen[:first])
    assert world.document("p1").again
