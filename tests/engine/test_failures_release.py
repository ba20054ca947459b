"""One missing mapping is one failure, told once; all that waits for it then posts by itself."""

from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from connectors.core.errors import BadInputError
from connectors.core.states import Reason, State
from connectors.models import Document, Mapping, MappingFailure, ReferenceState, Wait
from connectors.services import alerts, mapping, replay
from tenants.models import Tenant
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1"


@pytest.fixture
def waiting(world: World) -> World:
    """Three documents of a vendor that is not mapped, one of a vendor that is."""
    for key in ("p1", "p2", "p3"):
        world.source.put(PARENTS, key, party="Zeta", total="100.10")
    world.source.put(PARENTS, "p4")
    world.sync()
    world.set(Tenant, alert_email="books@acme.example")
    return world


def failure_of(world: World, source_key: str = "Zeta") -> MappingFailure:
    with world.scope():
        return MappingFailure.objects.get(integration=world.integration, source_key=source_key)


def waits(world: World) -> list[str]:
    with world.scope():
        return list(Wait.objects.order_by("pk").values_list("document__key", flat=True))


def add_vendor(world: World, name: str) -> None:
    """Somebody adds it at the target, and the next run reads the vendors again."""
    world.target.vendors.append(name)
    world.set(ReferenceState, read_at=None)


def test_one_failure_holds_all_its_documents_and_no_others(waiting: World) -> None:
    failure = failure_of(waiting)
    assert (failure.status, failure.label) == ("open", "Vendor Zeta")
    assert sorted(waits(waiting)) == ["p1", "p2", "p3"]
    assert waiting.state("p4") == State.POSTED
    document = waiting.document("p1")
    assert (document.state, document.reason) == (State.WAITING, Reason.VENDOR_MISSING)
    assert document.words == "Vendor Zeta is not mapped."
    [opened] = waiting.events("mapping_failure.opened")
    assert (opened.source_kind, opened.source_id) == ("vendor", "Zeta")
    assert opened.integration_id == waiting.integration.pk
    assert {event.source_id for event in waiting.events("document.waiting")} == {"p1", "p2", "p3"}


def test_further_documents_join_the_failure_that_is_open(waiting: World) -> None:
    waiting.source.put(PARENTS, "p5", party="Zeta")
    waiting.sync()
    assert sorted(waits(waiting)) == ["p1", "p2", "p3", "p5"]
    assert len(waiting.events("mapping_failure.opened")) == 1


def test_a_document_that_waits_for_two_things_needs_both(world: World) -> None:
    world.source.put(PARENTS, "p1", party="Zeta")
    world.source.put(CHILDREN, "c1", party="Zeta", parent="p9")
    world.sync()
    add_vendor(world, "Zeta")
    world.sync()
    # What it names was looked for at the source, which does not have it yet.
    not_there = {"p9": State.NOT_APPLICABLE}
    assert world.states() == {"p1": State.POSTED, "c1": State.WAITING, **not_there}
    world.source.put(PARENTS, "p9")
    world.sync()
    assert world.state("c1") == State.POSTED


# --- telling people ---------------------------------------------------------------------------


def test_one_message_tells_of_it_and_of_how_much_waits(waiting: World) -> None:
    assert alerts.send_due(waiting.tenant.pk)
    [message] = mail.outbox
    assert message.to == ["books@acme.example"]
    assert message.subject == "Missing mapping: Vendor Zeta"
    for text in ("Vendor Zeta", "3 documents", "300.30"):
        assert text in message.body
    assert not alerts.send_due(waiting.tenant.pk), "it is told once"
    assert len(mail.outbox) == 1


def an_hour_passes(world: World) -> None:
    """Since the last e-mail."""
    world.rewrite("connectors_alert", "at = at - interval '61 minutes'")


def test_what_comes_within_the_hour_is_gathered(waiting: World) -> None:
    alerts.send_due(waiting.tenant.pk)
    for key, party in (("q1", "Yps"), ("q2", "Xen")):
        waiting.source.put(PARENTS, key, party=party)
    waiting.sync()
    assert not alerts.send_due(waiting.tenant.pk)
    an_hour_passes(waiting)
    assert alerts.send_due(waiting.tenant.pk)
    assert len(mail.outbox) == 2
    assert mail.outbox[1].subject == "2 missing mappings hold up documents"
    assert "Vendor Zeta" not in mail.outbox[1].body


def test_a_broken_mail_server_loses_no_news(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise OSError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        assert not alerts.send_due(waiting.tenant.pk)
    assert alerts.send_due(waiting.tenant.pk)
    assert "Vendor Zeta" in mail.outbox[0].body


# --- resolving --------------------------------------------------------------------------------


def test_a_person_maps_it_and_everything_posts(waiting: World) -> None:
    freed = mapping.resolve(failure_of(waiting), target_key="v-acme", actor=ANNA)
    assert freed == 3
    assert waits(waiting) == []
    assert {waiting.state(key) for key in ("p1", "p2", "p3")} == {State.DUE}
    waiting.work()
    assert set(waiting.states().values()) == {State.POSTED}
    assert {row["vendor"] for row in waiting.target.records.values()} == {"v-acme"}
    failure = failure_of(waiting)
    assert (failure.status, failure.resolved_by) == ("resolved", ANNA)
    [chosen] = waiting.events("mapping.set")
    assert (chosen.actor, chosen.source_id, chosen.target_id) == (ANNA, "Zeta", "v-acme")
    [resolved] = waiting.events("mapping_failure.resolved")
    assert (resolved.actor, resolved.details["documents"]) == (ANNA, 3)


def test_a_target_that_is_not_there_cannot_be_chosen(waiting: World) -> None:
    with pytest.raises(BadInputError, match="no active vendor with the id v-nobody"):
        mapping.resolve(failure_of(waiting), target_key="v-nobody", actor=ANNA)
    assert failure_of(waiting).status == "open"
    assert waiting.events("mapping.set") == []


def test_a_vendor_added_at_the_target_links_itself_at_the_next_run(waiting: World) -> None:
    """Its kind is read at every run while something waits for it, however fresh the cache."""
    waiting.target.vendors.append("Zeta")
    waiting.sync()
    assert set(waiting.states().values()) == {State.POSTED}
    assert failure_of(waiting).status == "resolved"
    linked = waiting.events("mapping.linked")[-1]
    assert (linked.source_id, linked.target_id) == ("Zeta", "v-zeta")
    assert linked.details["evidence"] == "the same name"
    with waiting.scope():
        assert Mapping.objects.get(source_key="Zeta").origin == Mapping.Origin.AUTOMATIC


def test_a_failure_that_comes_back_is_opened_and_told_again(waiting: World) -> None:
    alerts.send_due(waiting.tenant.pk)
    mapping.resolve(failure_of(waiting), target_key="v-acme", actor=ANNA)
    waiting.work()
    with waiting.scope():
        Mapping.objects.filter(source_key="Zeta").delete()
    waiting.source.put(PARENTS, "p5", party="Zeta")
    waiting.sync()
    failure = failure_of(waiting)
    assert (failure.status, failure.resolved_by, failure.alerted_at) == ("open", "", None)
    assert waits(waiting) == ["p5"]
    an_hour_passes(waiting)
    assert alerts.send_due(waiting.tenant.pk)
    assert len(waiting.events("mapping_failure.opened")) == 2


def test_a_mapping_set_between_decision_and_failure_is_seen(world: World) -> None:
    """A person maps the vendor while a worker is about to say that it is missing."""
    world.source.put(PARENTS, "p1", party="Zeta")
    world.read()
    decide = world.resolved.flow.decide

    def map_meanwhile(*args: Any) -> Any:
        decision = decide(*args)
        mapping.set_mapping(
            world.integration, kind="vendor", source_key="Zeta", target_key="v-acme", actor=ANNA
        )
        return decision

    object.__setattr__(world.resolved.flow, "decide", map_meanwhile)
    world.work()
    assert world.state("p1") == State.POSTED
    assert waits(world) == []


# --- people -----------------------------------------------------------------------------------


def test_replaying_a_failure_sends_everything_round_again(waiting: World) -> None:
    waiting.source.reads.clear()
    assert replay.replay_failure(failure_of(waiting), actor=ANNA) == 3
    assert {event.actor for event in waiting.events("document.replayed")} == {ANNA}
    waiting.sync()
    assert sorted(waiting.source.reads) == ["p1", "p2", "p3"]
    assert sorted(waits(waiting)) == ["p1", "p2", "p3"], "it is missing still"


def test_a_document_is_dismissed_by_a_named_person_with_a_reason(waiting: World) -> None:
    document = waiting.document("p1")
    with pytest.raises(BadInputError, match="Say why"):
        replay.dismiss(waiting.tenant.pk, document.pk, reason="  ", actor=ANNA)
    replay.dismiss(waiting.tenant.pk, document.pk, reason="posted by hand", actor=ANNA)
    assert waiting.state("p1") == State.DISMISSED
    assert sorted(waits(waiting)) == ["p2", "p3"]
    [event] = waiting.events("document.dismissed")
    assert (event.actor, event.source_id) == (ANNA, "p1")
    assert event.details["why"] == "posted by hand"
    waiting.source.put(PARENTS, "p1", total="200.00")
    mapping.resolve(failure_of(waiting), target_key="v-acme", actor=ANNA)
    waiting.sync()
    assert waiting.state("p1") == State.DISMISSED, "until a person says otherwise"
    with pytest.raises(BadInputError, match="Only waiting or held"):
        replay.dismiss(waiting.tenant.pk, waiting.document("p4").pk, reason="no", actor=ANNA)
    replay.replay_documents(waiting.tenant.pk, [document.pk], actor=ANNA)
    waiting.sync()
    assert waiting.state("p1") == State.POSTED


def test_nothing_waits_without_a_cause(waiting: World) -> None:
    with waiting.scope():
        still = Document.objects.filter(integration=waiting.integration, state=State.WAITING)
        assert not still.filter(waits=None).exists()
        assert not still.filter(waits__failure__status="resolved").exists()


def test_a_failure_for_which_nobody_waits_any_more_is_closed(waiting: World) -> None:
    for key in ("p1", "p2"):
        waiting.source.put(PARENTS, key, party="Acme")
    waiting.sync()
    assert failure_of(waiting).status == "open", "the third still waits"
    assert waits(waiting) == ["p3"]
    waiting.source.put(PARENTS, "p3", party="Acme")
    waiting.sync()
    assert failure_of(waiting).status == "resolved"
    assert set(waiting.states().values()) == {State.POSTED}
    waiting.source.put(PARENTS, "p3", party="Zeta")
    waiting.sync()
    assert failure_of(waiting).status == "open", "it is opened again for the next one"
