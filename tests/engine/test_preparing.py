"""Steps that only prepare something beside a record, and steps that wait for company.

A preparation links nothing, whatever becomes of its answer; steps with a call of their own go
first, so that the others meet for the call that they share.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.core.decisions import Absent, Decision, Deliver, Found, Probe, Step
from connectors.core.errors import ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.core.states import State
from connectors.models import Outcome
from tests.engine.tiny.flow import CHILDREN
from tests.engine.tiny.target import TinyTarget, lost_answer
from tests.engine.tiny.world import World, once

PREPARE, FINISH = "prepare", "finish"
KEYS = ["c1", "c2", "c3"]


@dataclass
class PreparingTarget(TinyTarget):
    """A target where a place must be prepared before a record can be made."""

    prepared: int = 0

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        if step.action == PREPARE:
            return Found(state=_nothing(part)) if self.prepared else Absent()
        return super().probe(client, part, step)

    def _take_effect(self, part: PartRef, step: Step) -> TargetState | ProviderError:
        if step.action != PREPARE:
            return super()._take_effect(part, step)
        self.prepared += 1
        return _nothing(part)


def _nothing(part: PartRef) -> TargetState:
    return TargetState(target_id="", number=part.number, status="", total=None, currency="")


def preparing(decide: Callable[..., Decision]) -> Callable[..., Decision]:
    """The same decisions, with a preparation before each creation and a batch after it."""

    def prepared(*arguments: Any) -> Decision:
        decision = decide(*arguments)
        if not isinstance(decision, Deliver) or not decision.parts[0].steps[0].creates:
            return decision
        (part,) = decision.parts
        steps = (
            Step(action=PREPARE),
            *(replace(step, batch="") for step in part.steps),
            Step(action=FINISH, status="open", batch="finish"),
        )
        return replace(decision, parts=(replace(part, steps=steps),))

    return prepared


@pytest.fixture
def read(world: World) -> World:
    """Three children have been read, each to be prepared, created, and finished together."""
    world.target = PreparingTarget()
    flow = world.resolved.flow
    flow = replace(flow, decide=preparing(flow.decide), sink=world.target)
    world.resolved = replace(world.resolved, flow=flow)
    for key in KEYS:
        world.source.put(CHILDREN, key)
    world.read()
    return world


def test_steps_that_share_a_call_wait_until_all_have_come_so_far(read: World) -> None:
    read.work()
    assert set(read.states().values()) == {State.POSTED}
    actions = [(action, len(references)) for action, references in read.target.calls]
    assert actions == [*[(PREPARE, 1), ("create", 1)] * len(KEYS), (FINISH, len(KEYS))]


def test_a_preparation_is_audited_and_links_nothing(read: World) -> None:
    read.work()
    assert len(read.events(f"target.{PREPARE}")) == len(KEYS)
    assert sorted(read.links()) == KEYS
    assert read.target.most_per_reference() == 1


def test_a_preparation_of_unknown_fate_is_looked_up_and_what_remains_follows(read: World) -> None:
    read.target.after = once(lost_answer())
    read.work()
    assert read.state("c1") == State.UNCONFIRMED
    assert "c1" not in read.links()
    read.settle()
    assert read.outcomes("c1")[:2] == [Outcome.Result.UNKNOWN, Outcome.Result.FOUND]
    assert set(read.states().values()) == {State.POSTED}
    assert read.target.most_per_reference() == 1
