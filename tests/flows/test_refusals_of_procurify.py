"""Procurify and Zoho Books refuse, fail and answer oddly at every read: the rest goes on."""

import pytest

from connectors.core.states import Reason, State
from connectors.models import Document, ReferenceState, Run
from tests.e2e import ledger
from tests.e2e.comparer import compare_over_http
from tests.engine.conftest import Connected
from tests.engine.conftest import connected as connected
from tests.engine.drive import Job, run_until_idle, states
from tests.flows.refusals import (
    ANSWERS,
    each_turn,
    for_lists,
    for_records,
    odd,
    read_all_again,
    told,
    unreadable,
)
from tests.flows.refusals import hurried as hurried
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("hurried")
ORDERS, BILLS = "purchase_order", "bill"
# What the run calls each list, and where it is asked for.
LISTS = {
    "Purchase orders, the list of items": ("procurify", r"/api/v3/order-items/\?"),
    "Purchase orders, the list of headers": ("procurify", r"/purchased/all/\?"),
    "Bills, the list of bills": ("procurify", r"/api/v3/ap/bills/\?"),
    "The list of vendors of Procurify": ("procurify", r"/api/v3/vendors/"),
    "The list of accounts of Procurify": ("procurify", r"/api/v3/account-codes/\?"),
    "The list of currencies of Procurify": ("procurify", r"/api/v2/currencies/\?"),
    "The list of vendors of Zoho Books": ("zoho_books", r"/contacts\?"),
    "The list of accounts of Zoho Books": ("zoho_books", r"/chartofaccounts\?"),
    "The list of taxes of Zoho Books": ("zoho_books", r"/settings/taxes\?"),
    "The list of currencies of Zoho Books": ("zoho_books", r"/settings/currencies\?"),
    "The list of period locks of Zoho Books": ("zoho_books", r"/transactionlocks\?"),
}
HEADS = {
    "What Zoho Books lists of purchase orders": ("zoho_books", r"/purchaseorders\?"),
    "What Zoho Books lists of bills": ("zoho_books", r"/bills\?"),
}


def right(job: Job, sandbox: SandboxProcess) -> None:
    """The faults are over: the next run brings the books to where they belong."""
    sandbox.delete("/control/faults")
    with job.scope():
        Document.objects.filter(state=State.DUE).update(next_at=job.integration.created_at)
    run = run_until_idle(job)
    assert (run.status, run.words) == (Run.Status.FINISHED, "")
    result = compare_over_http(sandbox.url, ledger.rows(job.tenant_id, job.integration.pk))
    assert result.ok, result


def test_a_record_with_any_answer_is_held_and_all_others_are_posted(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job, number = connected(plain=True, orders=14, bills=24), len(ANSWERS)
    books = sandbox.get("/control/books/procurify")
    orders = [str(row["procurify_PO"]) for row in books["purchase_orders"]][:number]
    bills = books["bills"][:number]
    for_records(sandbox, "procurify", [rf"/purchase_orders/{key}/" for key in orders])
    for_records(sandbox, "procurify", [f"/ap/bills/{row['uuid']}/" for row in bills])
    read_all_again(job)
    run = run_until_idle(job)
    held = unreadable(job)
    assert set(held) == {*orders, *(str(row["group"]) for row in bills)}
    assert all("Procurify did not let us read it" in words for words in held.values()), held
    assert run.status == Run.Status.FINISHED
    assert states(job, ORDERS) == {State.HELD: number, State.POSTED: 14 - number}
    with job.scope():
        others = Document.objects.filter(stream=BILLS).exclude(state=State.HELD)
        assert others.exclude(state=State.POSTED).exclude(reason=Reason.ORDER_MISSING).count() == 0
    right(job, sandbox)


@pytest.mark.parametrize("turn", each_turn())
def test_each_list_with_another_answer_stops_itself_and_is_named(
    connected: Connected, sandbox: SandboxProcess, turn: int
) -> None:
    job = connected(plain=True, orders=3, bills=3)
    read_all_again(job)
    for_lists(sandbox, LISTS.values(), turn)
    run = run_until_idle(job)
    assert run.status == Run.Status.FAILED
    assert [name for name in LISTS if name not in run.words] == []
    assert "Purchase orders, the list of headers" in told(job)
    right(job, sandbox)


@pytest.mark.soak
@pytest.mark.parametrize("turn", each_turn())
def test_nothing_is_posted_while_the_numbers_at_the_target_cannot_be_read(
    connected: Connected, sandbox: SandboxProcess, turn: int
) -> None:
    job = connected(plain=True, orders=3, bills=3)
    read_all_again(job)
    for_lists(sandbox, HEADS.values(), turn)
    run = run_until_idle(job, blocked=True)
    assert run.status == Run.Status.FAILED
    assert [name for name in HEADS if name not in run.words] == []
    assert sandbox.get("/control/books/zoho_books")["purchaseorders"] == []
    right(job, sandbox)


POISON = "a NUL \x00 and half an emoji \ud83d"
POISONED = {
    "a note of a bill": ("procurify", "/api/v2/ap/bills/", {"note": POISON}),
    "a comment of an order": ("procurify", r"/api/v2/purchase_orders/\d+/", {"comment": POISON}),
    "a vendor": ("procurify", "/api/v3/vendors/", {"city": POISON, "notes": POISON}),
    "an account": ("procurify", "/account-codes/", {"description": POISON}),
    "a vendor of the target": ("zoho_books", r"/contacts\?", {"company_name": POISON}),
    "an account of the target": ("zoho_books", r"/chartofaccounts\?", {"description": POISON}),
    "a head": ("zoho_books", r"/bills\?", {"status": POISON, "currency_code": POISON}),
    "a custom field": ("procurify", "/api/v2/ap/bills/", {"custom_fields": [{"value": POISON}]}),
}


def test_text_that_cannot_be_stored_stops_nothing(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=3, bills=3)
    read_all_again(job)
    odd(sandbox, *((who, path, {"set": change}) for who, path, change in POISONED.values()))
    run = run_until_idle(job)
    assert (run.status, run.words) == (Run.Status.FINISHED, "")
    assert states(job) == {State.POSTED: 6}
    with job.scope():
        record = Document.objects.filter(stream=BILLS)[0].record
    assert record is not None
    assert record["note"] == "a NUL  and half an emoji \ufffd"


ODD_ROWS = {
    "no object": {"instead": "maintenance"},
    "nothing": {"instead": None},
    "no id": {"instead": {"name": "who am I"}},
    "a list": {"instead": [1, 2]},
}


@pytest.mark.parametrize("row", ODD_ROWS.values(), ids=ODD_ROWS.keys())
def test_an_odd_row_in_every_list_is_shown_and_costs_no_other(
    connected: Connected, sandbox: SandboxProcess, row: dict[str, object]
) -> None:
    job = connected(plain=True, orders=3, bills=3)
    read_all_again(job)
    odd(sandbox, *((who, path, {**row, "first": True}) for who, path in (LISTS | HEADS).values()))
    run = run_until_idle(job)
    assert run.status == Run.Status.FINISHED, run.words
    assert states(job)[State.POSTED] == 6
    shown = unreadable(job)
    assert len(shown) == 3, "one for each list of the source"
    with job.scope():
        told = list(ReferenceState.objects.exclude(unreadable="").values_list("kind", flat=True))
    assert sorted(told) == [
        *("account", "account", "currency", "currency", "index:bill", "index:purchase_order"),
        *("tax", "vendor", "vendor"),
    ]
