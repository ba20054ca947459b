"""Every way out that the table offers leads out: each is tried in each state that has it."""

from collections.abc import Sequence

import pytest

from connectors.core.exits import MAPPED, Exit, exits
from connectors.core.references import MappingKey
from connectors.core.states import MOVES, Reason, State
from connectors.engine.release import release_mappings
from connectors.models import Document, MappingFailure, Wait
from connectors.services import anew, linking, replay
from tests.engine.test_linking import key_of, typed_in
from tests.engine.test_states import way_to
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World
from tests.sampling import first_here

ANNA = "user:1 anna@example.com"
Case = tuple[State, Reason | None]
STANDING: list[Case] = [(s, reason) for s in (State.WAITING, State.HELD) for reason in Reason]
# What the database allows; moves of its own accord need nobody.
CASES: list[Case] = [(state, None) for state in State if Exit.REPLAY in exits(state)] + STANDING


def ids(case: Case) -> str:
    return "-".join(str(one) for one in case if one)


def stand(world: World, state: State, reason: Reason | None, key: str = "p1") -> Document:
    """Put a document there by the moves that the database allows."""
    document = world.document(key)
    with world.scope():
        rows = Document.objects.filter(pk=document.pk)
        if document.state != State.DUE:
            assert State.DUE in MOVES[State(document.state)]
            rows.update(state=State.DUE)
        for step in way_to(state)[1:]:
            why = reason or Reason.REFUSED
            rows.update(state=step, reason=why, words="Because. Replay it.")
    return world.document(key)


def all_standing(world: World, cases: Sequence[Case]) -> dict[str, Case]:
    """A document of its own in each of these states, by its key."""
    found = {f"p{number}": case for number, case in enumerate(cases)}
    for key in found:
        world.source.put(PARENTS, key)
    world.read()
    for key, case in found.items():
        stand(world, *case, key)
    return found


def test_replay_leads_out(world: World) -> None:
    standing = all_standing(world, CASES)
    for key in standing:
        replay.replay_documents(world.tenant.pk, [world.document(key).pk], actor=ANNA)
    states = world.states()
    assert {standing[key]: states[key] for key in standing} == dict.fromkeys(CASES, State.DUE)


def test_dismissal_leads_out(world: World) -> None:
    standing = all_standing(world, STANDING)
    for key, case in standing.items():
        assert Exit.DISMISS in exits(*case)
        replay.dismiss(world.tenant.pk, world.document(key).pk, reason="no", actor=ANNA)
    states = world.states()
    assert {standing[key]: states[key] for key in standing} == dict.fromkeys(
        STANDING, State.DISMISSED
    )


@pytest.mark.parametrize("reason", sorted(MAPPED))
def test_a_mapping_leads_out(world: World, reason: Reason) -> None:
    assert Exit.MAP in exits(State.WAITING, reason)
    world.source.put(PARENTS, "p1")
    world.read()
    document = stand(world, State.WAITING, reason)
    with world.scope():
        failure = MappingFailure.objects.create(
            integration=world.integration, kind="kind", source_key="key", label="it"
        )
        Wait.objects.create(document=document, failure=failure)
        release_mappings(world.integration, {MappingKey("kind", "key")}, actor=ANNA)
    assert world.state("p1") == State.DUE


LINKED = [case for case in CASES if Exit.LINK in exits(*case)]


@pytest.mark.parametrize("case", first_here(*LINKED), ids=ids)
def test_linking_leads_out(world: World, case: Case) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    typed_in(world)
    document = stand(world, *case)
    linking.link(
        world.tenant.pk,
        document.pk,
        part="",
        target=key_of(world),
        align=False,
        resolve=lambda _: world.resolved,
        actor=ANNA,
    )
    world.work()
    assert world.state("p1") == State.POSTED
    assert len(world.target.records) == 1


def test_posting_anew_and_drift_are_offered_where_the_services_take_them() -> None:
    offered = {r for r in Reason if Exit.ANEW in exits(State.HELD, r)}
    assert offered == anew.REASONS
    restored = {r for r in Reason if {Exit.RESTORE, Exit.ADOPT} <= exits(State.HELD, r)}
    assert restored == {Reason.DRIFTED}
