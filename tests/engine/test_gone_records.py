"""What was deleted at a provider holds nobody for long: lists are read whole, suspects live.

Typed records and contacts are deleted in the simulators as people do; lists by change say nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.core.errors import ErrorKind
from connectors.core.flow import SOURCE, TARGET, TargetIndex
from connectors.core.records import Page, TargetState
from connectors.core.references import ReferenceRow
from connectors.core.states import Reason, State
from connectors.engine import heads, inbox
from connectors.engine.job import Job
from connectors.models import (
    Document,
    InboxEvent,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    TargetRecord,
)
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.engine.test_suspicion import held_as_duplicate, the_one, typed_bill, zoho
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import error
from tests.engine.tiny.world import World
from tests.sandbox_process import SandboxProcess

LONG_AGO = timedelta(hours=2)


def time_passes(job: Job, by: timedelta) -> None:
    """Whatever was read or looked at, was so that much earlier."""
    with job.scope():
        for state in ReferenceState.objects.all():
            state.read_at = state.read_at and state.read_at - by
            state.whole_at = state.whole_at and state.whole_at - by
            state.save()
        for head in TargetRecord.objects.all():
            head.seen_at -= by
            head.save()


def test_a_typed_bill_that_was_deleted_frees_ours_without_anybody_s_help(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    key = typed_bill(sandbox, job)
    run_until_idle(job)
    assert held_as_duplicate(the_one(job, "bill"))
    sandbox.post(f"/control/delete/zoho_books/bills/{key}")
    time_passes(job, LONG_AGO)
    run_until_idle(job)
    document = the_one(job, "bill")
    assert document.state == State.POSTED, document.words
    assert [row["bill_number"] for row in zoho(sandbox, "bills")] == [document.number]


def test_a_typed_order_that_was_deleted_frees_ours_without_anybody_s_help(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=0)
    [order] = sandbox.get("/control/books/procurify")["purchase_orders"]
    with job.scope():
        vendor = job.integration.mappings.filter(kind="vendor")[0]
        account = job.integration.mappings.filter(kind="account")[0]
    typed = {
        "vendor_id": vendor.target_key,
        "purchaseorder_number": str(order["number"]),
        "date": "2026-09-01",
        "line_items": [{"account_id": account.target_key, "rate": "1.00", "quantity": 1}],
    }
    made = sandbox.post("/control/add/zoho_books/purchaseorders", typed)
    run_until_idle(job)
    document = the_one(job, "purchase_order")
    assert held_as_duplicate(document), (document.state, document.words)
    key = made["purchaseorder_id"]
    sandbox.post(f"/control/delete/zoho_books/purchaseorders/{key}")
    time_passes(job, LONG_AGO)
    run_until_idle(job)
    assert states(job) == {State.POSTED: 1}


# --- in this process --------------------------------------------------------------------------


@pytest.fixture
def indexed(world: World) -> World:
    """The tiny flow with an index of parents: by change, as real lists are."""
    world.asked = []  # type: ignore[attr-defined]

    def fetch(client: Any, since: str | None) -> Iterator[Page[TargetState]]:
        world.asked.append(since)  # type: ignore[attr-defined]
        rows = [
            TargetState(
                target_id=key,
                number=row["number"],
                status=row["status"],
                total=None,
                currency="USD",
                vendor_key=row["vendor"],
                modified="2026-01-01",
            )
            for key, row in world.target.records.items()
        ]
        yield Page(rows=[] if since else rows, number=1)

    flow = replace(world.resolved.flow, indexes=(TargetIndex(kind=PARENTS, fetch=fetch),))
    world.resolved = replace(world.resolved, flow=flow)
    return world


def refresh(world: World) -> None:
    job = world.job()
    [index] = job.flow.indexes
    heads.refresh(job, index, None, lambda **_: None)


def known(world: World) -> set[str]:
    with world.scope():
        return set(TargetRecord.objects.values_list("target_id", flat=True))


def test_a_whole_list_forgets_what_is_not_there_any_more(indexed: World) -> None:
    gone, stays = (indexed.target.add(kind=PARENTS, number=number) for number in ("A1", "A2"))
    refresh(indexed)
    assert known(indexed) == {gone, stays}
    del indexed.target.records[gone]
    time_passes(indexed.job(), LONG_AGO)
    refresh(indexed)
    assert known(indexed) == {gone, stays}, "a list by change says nothing of it"
    time_passes(indexed.job(), timedelta(days=1))
    refresh(indexed)
    assert known(indexed) == {stays}
    assert indexed.asked == [None, "2026-01-01", None]  # type: ignore[attr-defined]


def test_what_a_whole_list_left_out_but_stands_is_kept(
    indexed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows shift between pages, and a project may be hidden from our account."""
    for number in ("A1", "A2"):
        indexed.target.add(kind=PARENTS, number=number)
    refresh(indexed)
    time_passes(indexed.job(), timedelta(days=2))
    flow = indexed.resolved.flow
    nothing = TargetIndex(kind=PARENTS, fetch=lambda client, since: iter(()))
    indexed.resolved = replace(indexed.resolved, flow=replace(flow, indexes=(nothing,)))
    refresh(indexed)
    assert len(known(indexed)) == 2
    time_passes(indexed.job(), timedelta(days=2))

    def unseen(*_: Any) -> None:
        raise error(ErrorKind.NOT_FOUND)

    monkeypatch.setattr(indexed.target, "read", unseen)
    refresh(indexed)
    assert len(known(indexed)) == 2, "what cannot be seen is not known to be gone"


def held_for(world: World, number: str) -> None:
    """A document that is held because somebody has its number at the target."""
    world.source.put(PARENTS, "p1", number=number)
    world.read()
    with world.scope():
        Document.objects.update(state=State.DELIVERING)
        Document.objects.update(
            state=State.HELD, reason=Reason.DUPLICATE_SUSPECTED, words="typed there"
        )


def test_looks_at_what_holds_are_few_and_an_hour_apart(indexed: World) -> None:
    key = indexed.target.add(kind=PARENTS, number="A1")
    refresh(indexed)
    held_for(indexed, "A1")
    looked: list[str] = []
    read = indexed.target.read

    def counted(client: Any, part: Any) -> Any:
        looked.append(part.target_id)
        return read(client, part)

    indexed.target.read = counted  # type: ignore[method-assign]
    for _ in range(3):
        refresh(indexed)
    assert looked == [], "it was listed just now"
    time_passes(indexed.job(), LONG_AGO)
    for _ in range(3):
        refresh(indexed)
    assert looked == [key]
    assert indexed.state("p1") == State.HELD
    del indexed.target.records[key]
    time_passes(indexed.job(), LONG_AGO)
    refresh(indexed)
    assert indexed.state("p1") == State.DUE


def by_change(world: World, side: str = TARGET) -> list[str | None]:
    """Vendors in a list by change; returns how it was asked."""
    asked: list[str | None] = []

    def fetch(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
        asked.append(since)
        names = [] if since else world.target.vendors
        rows = [
            ReferenceRow(
                kind="vendor",
                key=f"v-{number}",
                name=name,
                attributes={"modified": "2026-01-01"},
            )
            for number, name in enumerate(names)
        ]
        yield Page(rows=rows, number=1)

    flow = world.resolved.flow
    vendors = replace(
        flow.references[0],
        side=side,
        fetch=fetch,
        incremental=True,
        resources=frozenset({"contact"}),
    )
    world.resolved = replace(world.resolved, flow=replace(flow, references=(vendors,)))
    return asked


def test_a_deleted_contact_does_not_stay_while_somebody_waits_for_its_kind(world: World) -> None:
    asked = by_change(world)
    world.target.vendors = ["Other"]
    world.source.put(PARENTS, "p1")
    world.sync()
    assert world.state("p1") == State.WAITING
    world.target.vendors = []
    world.sync()
    time_passes(world.job(), LONG_AGO)
    world.sync()
    with world.scope():
        assert ReferenceItem.objects.get().gone
        assert MappingFailure.objects.filter(status=MappingFailure.Status.OPEN).exists()
    assert asked == [None, "2026-01-01", None]


def test_of_what_has_gone_no_name_is_taken(world: World) -> None:
    """Two of one name never match by it; once one was merged into the other, they do."""
    seen: list[list[str]] = []
    flow = world.resolved.flow

    def autolink(rows: Any, targets: Any, linked: Any) -> Any:
        seen.append(sorted(row.key for row in targets))
        return []

    world.resolved = replace(world.resolved, flow=replace(flow, autolink=autolink))
    world.target.vendors = ["Acme", "Acme Two"]
    world.read()
    world.target.vendors = ["Acme"]
    world.set(ReferenceState, read_at=None)
    world.read()
    assert seen == [["v-acme", "v-acme two"], ["v-acme"]]


@pytest.mark.parametrize(
    ("action", "whole"), [("contact.deleted", True), ("delete", True), ("updated", False)]
)
def test_a_webhook_of_a_deletion_has_the_list_read_to_its_end(
    world: World, action: str, whole: bool
) -> None:
    asked = by_change(world)
    world.read()
    with world.scope():
        event = InboxEvent.objects.create(
            connection=world.integration.target, resource="contact", key="v-0", action=action
        )
    inbox.follow(world.job(), TARGET, [event])
    world.read()
    assert asked == [None, None if whole else "2026-01-01"]


def test_one_that_does_not_say_what_happened_reads_it_whole_now_and_then(world: World) -> None:
    asked = by_change(world, SOURCE)
    world.read()
    with world.scope():
        event = InboxEvent.objects.create(
            connection=world.integration.source, resource="contact", key="v-0"
        )
    inbox.follow(world.job(), SOURCE, [event])
    world.read()
    time_passes(world.job(), LONG_AGO)
    inbox.follow(world.job(), SOURCE, [event])
    world.read()
    assert asked == [None, "2026-01-01", None]
