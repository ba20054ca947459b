"""What a person unlinks stays unlinked: the next reading does not link it by itself again."""

import pytest

from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.models import Mapping, ReferenceItem, UnlinkedPair
from connectors.services import mapping, mapping_history, reference_data
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1"


@pytest.fixture
def linked(world: World) -> World:
    """A world in which the vendor Acme was linked without a person."""
    world.target.vendors = ["Acme", "Alpha"]
    reference_data.read_all(world.job())
    return world


def mapped(world: World) -> dict[str, str]:
    with world.scope():
        rows = Mapping.objects.filter(integration=world.integration)
        return dict(rows.values_list("source_key", "target_key"))


def unlink(world: World, target: str = "v-acme") -> None:
    mapping.unlink(
        world.integration, kind="vendor", source_key="Acme", target_key=target, actor=ANNA
    )


def undo(world: World) -> str:
    with world.scope():
        [last, *_] = mapping_history.history(world.integration, kind="vendor", source_key="Acme")
    return mapping_history.undo(
        world.integration,
        kind="vendor",
        source_key="Acme",
        sequence=last.event.sequence,
        actor=ANNA,
    )


def test_an_unlinked_pair_is_not_linked_again_without_a_person(linked: World) -> None:
    assert mapped(linked)["Acme"] == "v-acme"
    unlink(linked)
    reference_data.read_all(linked.job())
    assert "Acme" not in mapped(linked)
    assert mapped(linked)["Alpha"] == "v-alpha"
    linked.source.put(PARENTS, "p1", party="Acme")
    linked.sync()
    assert linked.states() == {"p1": State.WAITING}
    mapping.set_mapping(
        linked.integration, kind="vendor", source_key="Acme", target_key="v-acme", actor=ANNA
    )
    linked.sync()
    assert linked.states() == {"p1": State.POSTED}


def test_undoing_a_link_that_nobody_made_lasts(linked: World) -> None:
    assert undo(linked) == ""
    reference_data.read_all(linked.job())
    assert "Acme" not in mapped(linked)
    [removed] = linked.events("mapping.removed")
    assert (removed.actor, removed.source_id, removed.details["before"]) == (
        *(ANNA, "Acme", "v-acme"),
    )
    assert undo(linked) == "v-acme"
    assert mapped(linked)["Acme"] == "v-acme"


def test_only_what_is_seen_is_unlinked(linked: World) -> None:
    with pytest.raises(BadInputError, match="changed meanwhile"):
        unlink(linked, "v-alpha")
    assert mapped(linked)["Acme"] == "v-acme"
    with linked.scope():
        assert not UnlinkedPair.objects.exists()


def test_a_target_that_is_not_in_use_is_not_undone_to(linked: World) -> None:
    mapping.set_mapping(
        linked.integration, kind="vendor", source_key="Acme", target_key="v-alpha", actor=ANNA
    )
    with linked.scope():
        ReferenceItem.objects.filter(key="v-acme").update(active=False)
    with pytest.raises(BadInputError, match="no active vendor with the id v-acme"):
        undo(linked)
    assert mapped(linked)["Acme"] == "v-alpha"
