"""Everything that was posted, mapped, changed or used can be told from the audit trail alone."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from audit.models import AuditEvent
from audit.services import export_tenant, read_head, verify_tenant
from connectors.core.errors import ErrorKind
from connectors.core.states import State
from connectors.engine.tokens import DatabaseTokenStore
from connectors.models import Connection, MappingFailure, Run
from connectors.services import integrations, mapping, replay
from tests.engine.test_secrets import new_token
from tests.engine.tiny.fixtures import without_clients
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import error, lost_answer
from tests.engine.tiny.world import World, make_world, once

ANNA = "user:1"
WORKER = "system:worker"


@pytest.fixture(scope="module")
def driven(tables: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Driven once for all of them: most only read what the trail says."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        without_clients(patch)
        yield drive(make_world("audited"))


def drive(world: World) -> World:
    """A whole story: posted, changed, withdrawn, refused, lost, mapped by hand, dismissed."""
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.source.put(PARENTS, "p2", party="Zeta")
    world.source.put(PARENTS, "p3")
    world.target.refused["tiny:parents:P3"] = error(ErrorKind.REJECTED, "no such tax")
    world.sync()
    world.source.put(PARENTS, "p1", total="12.00")
    world.sync()
    world.source.delete(CHILDREN, "c1")
    world.sync(sweep=True)
    with world.scope():
        failure = MappingFailure.objects.get(source_key="Zeta")
    mapping.resolve(failure, target_key="v-acme", actor=ANNA)
    world.target.after = once(lost_answer())
    world.settle()
    replay.dismiss(world.tenant.pk, world.document("p3").pk, reason="entered by hand", actor=ANNA)
    integrations.change(world.integration, resolved=world.resolved, actor=ANNA, interval_minutes=30)
    assert world.states() == {
        "p1": State.POSTED,
        "c1": State.CANCELLED,
        "p2": State.POSTED,
        "p3": State.DISMISSED,
    }
    return world


def test_the_chain_verifies_from_its_first_event_to_its_head(driven: World) -> None:
    head = verify_tenant(driven.tenant.pk)
    assert head == read_head(driven.tenant.pk)
    assert head.sequence == len(list(export_tenant(driven.tenant.pk))) > 20


def test_every_write_at_the_target_has_its_event(driven: World) -> None:
    """As many as the target saw, each from a source record to a target record."""
    for action in ("create", "open", "update", "cancel"):
        made = [references for done, references in driven.target.calls if done == action]
        written = [reference for references in made for reference in references]
        written = [r for r in written if r != "tiny:parents:P3"]
        events = driven.events(f"target.{action}")
        assert sorted(e.details["reference"] for e in events) == sorted(written), action
        for event in events:
            assert event.actor == WORKER
            assert event.integration_id == driven.integration.pk
            assert event.source_kind in (PARENTS, CHILDREN)
            assert event.source_number == event.source_id.upper()
            assert event.target_kind == event.source_kind
            assert driven.target.records[event.target_id]["number"] == event.target_number
            assert event.document_id == driven.document(event.source_id).pk
            assert event.details["version"]


def test_an_event_names_the_run_that_it_belongs_to(driven: World) -> None:
    with driven.scope():
        runs = set(Run.objects.values_list("pk", flat=True))
    assert {event.run_id for event in driven.events("target.create")} <= runs
    assert [event.actor for event in driven.events("run.started")] == [ANNA] * 3
    assert len(driven.events("run.finished")) >= 2


def test_amounts_and_changes_are_told(driven: World) -> None:
    [created] = [e for e in driven.events("target.create") if e.source_id == "p1"]
    [updated] = [e for e in driven.events("target.update") if e.source_id == "p1"]
    assert (created.details["total"], updated.details["total"]) == ("10.00", "12.00")
    assert created.details["currency"] == "USD"
    [found] = [e for e in driven.events("target.create") if e.details.get("found")]
    assert found.source_id == "p2"


def test_what_stood_still_says_why_and_who_let_it_go(driven: World) -> None:
    [held] = driven.events("document.held")
    assert (held.source_id, held.details["reason"]) == ("p3", "refused")
    assert "no such tax" in held.details["words"]
    [dismissed] = driven.events("document.dismissed")
    assert (dismissed.actor, dismissed.details["why"]) == (ANNA, "entered by hand")
    missing = {e.source_id: e.details["missing"] for e in driven.events("document.waiting")}
    assert missing == {"p2": ["Vendor Zeta"], "c1": []}


def test_mappings_settings_and_credentials_leave_their_traces(driven: World) -> None:
    [linked] = driven.events("mapping.linked")
    assert (linked.actor, linked.source_id, linked.target_id) == (WORKER, "Acme", "v-acme")
    [chosen] = driven.events("mapping.set")
    assert (chosen.actor, chosen.details["before"]) == (ANNA, None)
    [changed] = driven.events("integration.changed")
    assert (changed.actor, changed.details) == (ANNA, {"interval_minutes": [15, 30]})
    with driven.scope():
        connection = Connection.objects.get(provider="tiny_target")
    store = DatabaseTokenStore(connection)
    fence = store.lease(10)
    assert fence is not None
    store.save(fence, new_token("hush"))
    [used] = driven.events("credential.used")
    assert (used.target_kind, used.target_id) == ("connection", str(connection.pk))


def test_nothing_is_told_of_what_did_not_happen(driven: World) -> None:
    """A run that finds nothing new says that it ran, and no more."""
    with driven.scope():
        before = AuditEvent.objects.count()
    driven.sync()
    with driven.scope():
        news = AuditEvent.objects.order_by("sequence")[before:]
        assert [event.action for event in news] == ["run.started", "run.finished"]
