"""Many mappings set at once leave what setting them one by one would, in few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.models import Mapping, MappingFailure, Wait
from connectors.services import mapping, reference_data
from connectors.services.mapping import Choice
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1"


@pytest.fixture
def listed(world: World) -> World:
    """A world whose target has two vendors, read already."""
    world.target.vendors = ["Acme", "Alpha"]
    reference_data.read_all(world.job())
    return world


def choice(source_key: str, target_key: str = "v-acme") -> Choice:
    return Choice(kind="vendor", source_key=source_key, target_key=target_key)


def mapped(world: World) -> dict[str, str]:
    with world.scope():
        rows = Mapping.objects.filter(integration=world.integration, origin="person", actor=ANNA)
        return dict(rows.values_list("source_key", "target_key"))


def test_all_failures_are_resolved_and_their_documents_posted(world: World) -> None:
    for key, party in (("p1", "Zeta"), ("p2", "Zeta"), ("p3", "Yota"), ("p4", "Xeno")):
        world.source.put(PARENTS, key, party=party)
    world.sync()
    chosen = [choice("Zeta"), choice("Yota"), choice("nobody waits for this")]
    assert mapping.set_mappings(world.integration, chosen, actor=ANNA) == 3
    resolved = world.events("mapping_failure.resolved")
    assert {(event.source_id, event.details["documents"]) for event in resolved} == {
        ("Zeta", 2),
        ("Yota", 1),
    }
    assert {(event.actor, event.integration_id) for event in resolved} == {
        (ANNA, world.integration.pk)
    }
    world.sync()
    assert world.states() == {
        **dict.fromkeys(("p1", "p2", "p3"), State.POSTED),
        "p4": State.WAITING,
    }
    with world.scope():
        still = MappingFailure.objects.filter(integration=world.integration, status="open")
        assert [row.source_key for row in still] == ["Xeno"]
        assert [wait.document.key for wait in Wait.objects.select_related("document")] == ["p4"]


def test_each_has_its_event_with_what_stood_there_before(listed: World) -> None:
    mapping.set_mappings(listed.integration, [choice("A"), choice("B")], actor=ANNA)
    with listed.scope():
        first = Mapping.objects.get(integration=listed.integration, source_key="A")
    mapping.set_mappings(
        listed.integration, [choice("A", "v-alpha"), choice("C")], actor="user:2", origin="import"
    )
    events = listed.events("mapping.set")
    assert [(e.source_id, e.target_id, e.actor, e.details["before"]) for e in events] == [
        ("A", "v-acme", ANNA, None),
        ("B", "v-acme", ANNA, None),
        ("A", "v-alpha", "user:2", "v-acme"),
        ("C", "v-acme", "user:2", None),
    ]
    assert [event.details["origin"] for event in events] == ["person"] * 2 + ["import"] * 2
    with listed.scope():
        row = Mapping.objects.get(integration=listed.integration, source_key="A")
    assert (row.pk, row.target_key, row.origin, row.actor, row.evidence) == (
        *(first.pk, "v-alpha", "import", "user:2", ""),
    )
    assert (row.created_at, row.changed_at > first.changed_at) == (first.created_at, True)


def test_one_wrong_target_and_none_is_set(listed: World) -> None:
    wrong = [choice("A"), choice("B", "v-nowhere")]
    with pytest.raises(BadInputError, match="no active vendor with the id v-nowhere"):
        mapping.set_mappings(listed.integration, wrong, actor=ANNA)
    assert mapped(listed) == {}
    assert listed.events("mapping.set") == []


def test_of_two_choices_for_one_thing_the_later_counts(listed: World) -> None:
    mapping.set_mappings(listed.integration, [choice("A"), choice("A", "v-alpha")], actor=ANNA)
    assert mapped(listed) == {"A": "v-alpha"}
    assert len(listed.events("mapping.set")) == 1


def test_nothing_chosen_changes_nothing(listed: World) -> None:
    assert mapping.set_mappings(listed.integration, [], actor=ANNA) == 0
    assert listed.events("mapping.set") == []


def test_how_many_makes_no_difference_to_the_number_of_statements(listed: World) -> None:
    def statements(count: int) -> int:
        chosen = [choice(f"{count}-{number}") for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            mapping.set_mappings(listed.integration, chosen, actor=ANNA)
        return len(captured)

    assert statements(1) == statements(91) <= 12
