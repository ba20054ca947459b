"""Our mark is what is unique: number, vendor and day of a record may change between two tries."""

from dataclasses import replace
from typing import Any

import pytest

from audit.models import AuditEvent
from connectors import registry
from connectors.core.errors import ErrorKind
from connectors.core.records import TargetState
from connectors.core.states import Reason, State
from connectors.engine import doubles, runs
from connectors.engine.heads import store as store_heads
from connectors.engine.job import Job, load_job
from connectors.management import demo
from connectors.models import Document, Link, Outcome, Run, TargetRecord
from connectors.services.replay import replay_documents
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states, without_schedule
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import error, lost_answer
from tests.engine.tiny.world import World, once
from tests.sandbox_process import SandboxProcess

HIDDEN, SHOWN = {"visibility_delay": 3600}, {"visibility_delay": 0}


@pytest.fixture
def quick(engine: Engine) -> None:
    """Two looks follow each other at once, so that a test waits for neither."""
    engine(write_seconds=3, settle_seconds=0, first_look_seconds=0, retry_first_seconds=0.1)


def lose(sandbox: SandboxProcess, method: str, path: str, kind: str = "drop_after") -> None:
    match = {"provider": "zoho_books", "method": method, "path_regex": path}
    sandbox.post("/control/faults", {"rules": [{"match": match, "kind": kind, "count": 1}]})


def target_bills(sandbox: SandboxProcess) -> dict[str, list[dict[str, Any]]]:
    """What stands in Zoho Books, by our mark."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sandbox.get("/control/books/zoho_books")["bills"]:
        if str(row["reference_number"]).startswith("mlc:"):
            found.setdefault(row["reference_number"], []).append(row)
    return found


def correct(sandbox: SandboxProcess, key: str, **changes: Any) -> None:
    sandbox.post(f"/control/edit/procurify/bill/{key}", changes)


def the_bill(job: Job) -> Document:
    with job.scope():
        return Document.objects.get(integration=job.integration, stream="bill")


@pytest.mark.usefixtures("quick")
def test_a_lost_bill_whose_number_was_corrected_meanwhile_stands_once(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1, options=HIDDEN)
    lose(sandbox, "POST", r"/bills\?")
    corrected: list[str] = []

    def between() -> None:
        """The number is corrected while nobody can see the bill; it shows after two empty looks."""
        with job.scope():
            document = Document.objects.filter(state=State.UNCONFIRMED).first()
            looks = Outcome.objects.filter(result=Outcome.Result.ABSENT).count()
            if document is not None and not corrected:
                corrected.append(f"{document.number}-A")
                correct(sandbox, document.key, invoice_number=corrected[0])
                Document.objects.update(wants_read=True)
                runs.queue_run(job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests")
        if looks == 2:
            sandbox.post("/control/options", SHOWN)

    run_until_idle(job, between=between)
    run_until_idle(job)
    [(mark, bills)] = target_bills(sandbox).items()
    assert corrected
    assert [row["bill_number"] for row in bills] == corrected, mark
    with job.scope():
        assert Link.objects.get().target_id == bills[0]["bill_id"]
        assert Outcome.objects.filter(result=Outcome.Result.ABSENT).count() == 2
    assert states(job) == {"posted": 1}


def anew(sandbox: SandboxProcess) -> Job:
    """The same two systems, connected once more by somebody who has no ledger of them."""
    example = replace(demo.EXAMPLES["manufacturing"], slug="again", name="Again")
    seeded = demo.seed(sandbox.url, example, enabled=False, interval_minutes=60)
    job = load_job(seeded.tenant.pk, seeded.integration.pk, registry.resolve)
    return without_schedule(job)


@pytest.mark.parametrize(
    ("source", "target", "value"),
    [
        ("invoice_number", "bill_number", "INV-CORRECTED"),
        ("gl_post_date", "date", "2026-09-05"),
        ("due_date", "due_date", "2027-01-05"),
    ],
)
def test_connections_made_anew_after_a_correction_meet_the_same_bill(
    source: str, target: str, value: str, connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    run_until_idle(job)
    day = f"{value}T10:00:00-08:00" if source.endswith("date") else value
    correct(sandbox, the_bill(job).key, **{source: day})
    again = anew(sandbox)
    run_until_idle(again)
    [(_, bills)] = target_bills(sandbox).items()
    assert [row[target] for row in bills] == [value]
    met = the_bill(again)
    assert met.state == State.POSTED, met.words


def test_a_bill_that_was_paid_under_our_mark_is_linked_and_held(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    run_until_idle(job)
    document = the_bill(job)
    [(_, [bill])] = target_bills(sandbox).items()
    account = next(
        row["account_id"]
        for row in sandbox.get("/control/books/zoho_books")["chartofaccounts"]
        if row["account_type"] in ("bank", "cash")
    )
    sandbox.post(
        "/control/add/zoho_books/vendorpayments",
        {
            "vendor_id": bill["vendor_id"],
            "amount": str(bill["total"]),
            "date": bill["date"],
            "paid_through_account_id": account,
            "bills": [{"bill_id": bill["bill_id"], "amount_applied": str(bill["total"])}],
        },
    )
    correct(sandbox, document.key, invoice_number=f"{document.number}-A")
    again = anew(sandbox)
    run_until_idle(again)
    met = the_bill(again)
    assert (met.state, met.reason) == (State.HELD, Reason.PAID)
    assert len(target_bills(sandbox)[bill["reference_number"]]) == 1
    with again.scope():
        assert Link.objects.get(document=met).target_id == bill["bill_id"]


def test_a_bill_that_was_voided_under_our_mark_is_held(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    run_until_idle(job)
    document = the_bill(job)
    [(mark, [bill])] = target_bills(sandbox).items()
    sandbox.post(f"/control/edit/zoho_books/bills/{bill['bill_id']}", {"status": "void"})
    correct(sandbox, document.key, invoice_number=f"{document.number}-A")
    again = anew(sandbox)
    run_until_idle(again)
    met = the_bill(again)
    assert met.state == State.HELD
    assert "voided" in met.words
    assert len(target_bills(sandbox)[mark]) == 1


@pytest.mark.soak
@pytest.mark.usefixtures("quick")
def test_a_lost_bill_that_shows_after_its_second_was_made_holds_the_document(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1, options=HIDDEN)
    lose(sandbox, "POST", r"/bills\?")
    corrected: list[str] = []

    def between() -> None:
        """Zoho Books shows the first one only when the second, with another number, is posted."""
        with job.scope():
            document = Document.objects.filter(state=State.UNCONFIRMED).first()
            if document is not None and not corrected:
                corrected.append(f"{document.number}-A")
                correct(sandbox, document.key, invoice_number=corrected[0])
                Document.objects.update(wants_read=True)
                runs.queue_run(job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests")

    run_until_idle(job, between=between)
    run_until_idle(job)
    [(mark, bills)] = target_bills(sandbox).items()
    assert len(bills) == 2, "Zoho Books took both"
    assert the_bill(job).state == State.POSTED
    sandbox.post("/control/options", SHOWN)
    correct(sandbox, the_bill(job).key, due_date="2027-01-05")
    run_until_idle(job)
    held = the_bill(job)
    assert (held.state, held.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert all(row["bill_id"] in held.words for row in bills)
    assert mark in held.words
    with job.scope():
        [incident] = AuditEvent.objects.filter(action="incident.two_targets")
        linked = Link.objects.get().target_id
    assert incident.target_id != linked
    replay_documents(job.tenant_id, [held.pk], actor="user:1")
    run_until_idle(job)
    assert the_bill(job).state == State.HELD, "nobody has deleted one of them"
    second = next(row for row in bills if row["bill_id"] != linked)
    sandbox.post(f"/control/edit/zoho_books/bills/{second['bill_id']}", {"status": "void"})
    replay_documents(job.tenant_id, [held.pk], actor="user:1")
    run_until_idle(job)
    assert the_bill(job).state == State.POSTED, "one that is void counts no more"


# --- the engine alone -------------------------------------------------------------------------


def test_a_mark_in_the_cached_heads_is_looked_up_before_anything_is_sent(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    key = world.target.add(
        kind=PARENTS, number="OLD", reference="tiny:parents:P1", body={"total": "10.00"}
    )
    with world.scope():
        TargetRecord.objects.create(
            connection=world.job().target,
            kind=PARENTS,
            target_id=key,
            number="OLD",
            reference="tiny:parents:P1",
        )
    world.settle()
    assert world.links() == {"p1": key}
    assert world.target.most_per_reference() == 1
    assert [action for action, _ in world.target.calls] == ["open"]


def test_a_first_try_that_nobody_has_heard_of_costs_no_look(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.looks == []


def test_a_create_that_was_lost_is_looked_up_once_more_before_it_is_repeated(
    world: World,
) -> None:
    world.target.refuses_doubles = False
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.after = once(lost_answer())
    world.target.blind = 2
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1
    assert len(world.target.looks) == 3


def test_nothing_is_sent_while_the_mark_cannot_be_looked_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.before = once(lost_answer())
    world.work()
    world.target.blind = 2
    world.pass_time(5)
    world.recover()
    world.pass_time(60)
    world.recover()
    assert world.state("p1") == State.DUE

    def broken(*args: Any) -> Any:
        raise error(ErrorKind.TRANSIENT, "busy")

    with monkeypatch.context() as patched:
        patched.setattr(world.target, "probe", broken)
        world.work()
    assert world.target.calls == []
    assert world.state("p1") == State.DUE
    world.pass_time(3600)
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


@pytest.mark.parametrize(
    "kind", [ErrorKind.REJECTED, ErrorKind.NOT_FOUND, ErrorKind.PERMISSION], ids=str
)
def test_a_second_record_that_cannot_be_read_does_not_stop_the_list(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: ErrorKind
) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    job = world.job()
    with job.scope():
        link = Link.objects.get()
    head = TargetState(
        target_id="second", number="P1", status="open", total=None, currency="",
        reference=link.reference,
    )  # fmt: skip
    with job.scope():
        store_heads(job.target, link.target_kind, [head])

    def refuse(*_: object) -> None:
        raise error(kind)

    monkeypatch.setattr(job.flow.sink, "read", refuse)
    assert doubles.look_for(job, None, link.target_kind, [head]) == 0
    assert world.state("p1") == State.POSTED
