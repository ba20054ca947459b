"""What holds a document as a duplicate is looked at live, through the simulators."""

from typing import Any

from connectors.core.states import Reason, State
from connectors.engine.job import Job
from connectors.models import Document, TargetRecord
from connectors.services import replay
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle
from tests.sandbox_process import SandboxProcess

ANNA = "user:1 anna@example.com"
BILL = "bills"


def documents(job: Job, stream: str) -> list[Document]:
    with job.scope():
        return list(Document.objects.filter(stream=stream).order_by("key"))


def the_one(job: Job, stream: str) -> Document:
    [found] = documents(job, stream)
    return found


def again(job: Job, *found: Document) -> None:
    replay.replay_documents(job.tenant_id, [one.pk for one in found], actor=ANNA)
    run_until_idle(job)


def held_as_duplicate(document: Document) -> bool:
    return (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)


def heads(job: Job) -> set[str]:
    with job.scope():
        return set(TargetRecord.objects.values_list("number", flat=True))


def zoho(sandbox: SandboxProcess, kind: str) -> list[dict[str, Any]]:
    return list(sandbox.get("/control/books/zoho_books")[kind])


def typed_bill(sandbox: SandboxProcess, job: Job) -> str:
    """A company with one bill, which somebody typed into Zoho Books before."""
    [bill] = sandbox.get("/control/books/procurify")["bills"]
    with job.scope():
        vendor = job.integration.mappings.get(kind="vendor", source_key=str(bill["vendor"]))
        account = job.integration.mappings.filter(kind="account")[0]
    made = sandbox.post(
        "/control/add/zoho_books/bills",
        {
            "vendor_id": vendor.target_key,
            "bill_number": bill["invoice_number"],
            "date": str(bill["invoice_date"])[:10],
            "line_items": [{"account_id": account.target_key, "rate": "1.00", "quantity": 1}],
        },
    )
    return str(made["bill_id"])


def test_a_typed_bill_that_was_deleted_there_holds_nothing_after_a_replay(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    key = typed_bill(sandbox, job)
    run_until_idle(job)
    document = the_one(job, "bill")
    assert held_as_duplicate(document), document.words
    assert "link this document to it" in document.words
    sandbox.post(f"/control/delete/zoho_books/bills/{key}")
    again(job, document)
    document = the_one(job, "bill")
    assert document.state == State.POSTED, document.words
    assert [row["bill_number"] for row in zoho(sandbox, BILL)] == [document.number]


def test_a_typed_bill_that_still_stands_holds_on_after_a_replay(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=0, bills=1)
    typed_bill(sandbox, job)
    run_until_idle(job)
    again(job, the_one(job, "bill"))
    assert held_as_duplicate(the_one(job, "bill"))
    assert len(zoho(sandbox, BILL)) == 1
