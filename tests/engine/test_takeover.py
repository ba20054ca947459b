"""An integration made anew between the same connections goes on where the old one stopped."""

from dataclasses import replace

import pytest

from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.models import Document, Integration, Link, Mapping
from connectors.services import integrations, mapping, reference_data, replay
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1 anna@example.com"


@pytest.fixture
def old(world: World) -> World:
    """One document posted, one dismissed, one waiting; then the integration is paused."""
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2", party="Zeta")
    world.source.put(PARENTS, "p3", party="Yps")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    document = world.document("p2")
    replay.dismiss(world.tenant.pk, document.pk, reason="not ours", actor=ANNA)
    integrations.pause(world.integration, resolved=world.resolved, actor=ANNA)
    return world


def anew(world: World, name: str = "Anew") -> World:
    made = integrations.create(
        tenant_id=world.tenant.pk,
        resolved=world.resolved,
        name=name,
        source=world.integration.source,
        target=world.integration.target,
        actor=ANNA,
        enabled=True,
    )
    return replace(world, integration=made)


def test_links_mappings_and_decisions_come_along(old: World) -> None:
    before = old.links()
    new = anew(old)
    assert new.links() == before
    with new.scope():
        assert not Document.objects.filter(integration=old.integration).exists()
        assert Mapping.objects.filter(integration=new.integration, source_key="Acme").exists()
    new.target.calls.clear()
    new.sync()
    assert new.states() == {
        "p1": State.POSTED,
        "c1": State.POSTED,
        "p2": State.DISMISSED,
        "p3": State.WAITING,
    }
    assert new.target.calls == [], "nothing is posted a second time"
    [event] = new.events("integration.took_over")
    assert (event.actor, event.details["documents"]) == (ANNA, 4)


def test_what_people_unlinked_stays_unlinked(old: World) -> None:
    mapping.unlink(
        old.integration, kind="vendor", source_key="Acme", target_key="v-acme", actor=ANNA
    )
    new = anew(old)
    reference_data.read_all(new.job())
    with new.scope():
        assert not Mapping.objects.filter(source_key="Acme").exists()


def test_changes_go_to_what_the_old_one_posted(old: World) -> None:
    new = anew(old)
    new.source.put(PARENTS, "p1", total="12.00")
    new.sync()
    assert new.target.records[new.link("p1").target_id]["total"] == "12.00"
    assert len(new.target.records) == 2


def test_while_the_old_one_is_enabled_there_is_no_second(world: World) -> None:
    with pytest.raises(BadInputError, match="“Tiny” moves the same records"):
        anew(world)
    with world.scope():
        assert Integration.objects.count() == 1


def test_the_old_one_cannot_be_resumed_beside_the_new_one(old: World) -> None:
    anew(old)
    with pytest.raises(BadInputError, match="“Anew” moves the same records"):
        integrations.resume(old.integration, resolved=old.resolved, actor=ANNA)
    with old.scope():
        assert not Integration.objects.get(pk=old.integration.pk).enabled


def test_what_is_under_way_is_finished_first(old: World) -> None:
    with old.scope():
        Document.objects.filter(key="p3").update(state=State.DUE)
        Document.objects.filter(key="p3").update(state=State.DELIVERING)
    with pytest.raises(BadInputError, match="not idle yet"):
        anew(old)


def test_links_of_a_record_that_both_have_go_to_the_new_one(old: World) -> None:
    """The new one had read it already when it was still paused."""
    made = integrations.create(
        tenant_id=old.tenant.pk,
        resolved=old.resolved,
        name="Anew",
        source=old.integration.source,
        target=old.integration.target,
        actor=ANNA,
        enabled=False,
    )
    new = replace(old, integration=made)
    with new.scope():
        document = Document.objects.create(integration=made, stream=PARENTS, key="p1")
    integrations.resume(made, resolved=old.resolved, actor=ANNA)
    with new.scope():
        assert Link.objects.get(document=document).reference == "tiny:parents:P1"
    new.target.calls.clear()
    new.sync()
    assert new.state("p1") == State.POSTED
    assert new.target.calls == []
