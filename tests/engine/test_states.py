"""The database itself refuses what no document may do, whoever forgot about it."""

import pytest
from django.db import IntegrityError, transaction

from connectors.core.states import MOVES, Reason, State
from connectors.models import Document
from tests.engine.tiny.world import World

every_state = pytest.mark.parametrize("state", list(State), ids=str)


def way_to(state: State) -> list[State]:
    """The shortest way there from where every document begins."""
    ways = [[State.DUE]]
    for way in ways:
        if way[-1] == state:
            return way
        ways += [[*way, after] for after in sorted(MOVES[way[-1]]) if after not in way]
    raise AssertionError(f"{state} cannot be reached")


def move(document: Document, state: State) -> bool:
    """Try it; whether the database took it."""
    try:
        with transaction.atomic():
            Document.objects.filter(pk=document.pk).update(
                state=state, reason=Reason.REFUSED, words="because"
            )
    except IntegrityError as error:
        return "a document does not go from" not in str(error)
    return True


def new_document(world: World, **values: object) -> Document:
    return Document.objects.create(integration=world.integration, stream="parents", **values)


@every_state
def test_only_the_listed_moves_are_possible(world: World, state: State) -> None:
    taken = set()
    with world.scope():
        for after in State:
            document = new_document(world, key=after)
            assert all(move(document, step) for step in way_to(state)[1:])
            if after != state and move(document, after):
                taken.add(after)
    assert taken == MOVES[state]


@every_state
def test_a_document_begins_as_due(world: World, state: State) -> None:
    if state == State.DUE:
        with world.scope():
            new_document(world, key="one", state=state)
        return
    with (
        world.scope(),
        pytest.raises(IntegrityError, match="begins as due"),
        transaction.atomic(),
    ):
        new_document(world, key="one", state=state, reason=Reason.REFUSED, words="because")


@pytest.mark.parametrize("state", [State.WAITING, State.HELD], ids=str)
@pytest.mark.parametrize("why", [{"reason": Reason.REFUSED}, {"words": "because"}, {}])
def test_one_that_stands_still_says_why(world: World, state: State, why: dict[str, object]) -> None:
    with world.scope():
        document = new_document(world, key="one")
        Document.objects.filter(pk=document.pk).update(state=State.DELIVERING)
        with pytest.raises(IntegrityError, match="document_says_why"), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(
                **{"state": state, "reason": "", "words": "", **why}
            )


def test_an_unknown_state_is_refused(world: World) -> None:
    with world.scope(), pytest.raises(IntegrityError), transaction.atomic():
        new_document(world, key="one", state="lost")
