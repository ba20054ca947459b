"""What people ended, deleted or typed anew in Zoho Books after it was posted: a way out each time.

The whole flow through both simulators.
"""

from typing import Any

import pytest

from connectors import registry
from connectors.core.states import Reason, State
from connectors.engine.job import Job
from connectors.models import Document
from connectors.services import anew, linking
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle
from tests.engine.test_marks import quick
from tests.engine.test_suspicion import ANNA, again, held_as_duplicate, the_one, zoho
from tests.sandbox_process import SandboxProcess

__all__ = ["quick"]
pytestmark = pytest.mark.usefixtures("quick")
ORDER = "/control/edit/procurify/purchase_order"


def order(job: Job, key: str) -> Document:
    with job.scope():
        return Document.objects.get(stream="purchase_order", key=key)


def post_anew(job: Job, document: Document) -> None:
    anew.post_anew(job.tenant_id, document.pk, reason="gone", resolve=registry.resolve, actor=ANNA)
    run_until_idle(job)


def standing(sandbox: SandboxProcess) -> dict[str, str]:
    return {row["purchaseorder_number"]: row["status"] for row in zoho(sandbox, "purchaseorders")}


def one_more(sandbox: SandboxProcess, key: str) -> None:
    """Procurify's order gets one piece more of its first item."""
    rows = sandbox.get("/control/books/procurify")["purchase_orders"]
    [items] = [row["items"] for row in rows if str(row["procurify_PO"]) == key]
    computed = {"total", "subtotal", "approved_cost", "cost"}
    first = {name: value for name, value in items[0].items() if name not in computed}
    first["quantity"] = str(float(first["quantity"]) + 1)
    sandbox.post(f"{ORDER}/{key}", {"items": [first, *items[1:]]})


@pytest.mark.soak
def test_an_order_that_was_cancelled_there_by_hand_gets_a_successor(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=0)
    run_until_idle(job)
    [there] = zoho(sandbox, "purchaseorders")
    edit = f"/control/edit/zoho_books/purchaseorders/{there['purchaseorder_id']}"
    sandbox.post(edit, {"status": "cancelled"})
    document = the_one(job, "purchase_order")
    one_more(sandbox, document.key)
    run_until_idle(job)
    document = the_one(job, "purchase_order")
    assert document.reason == Reason.REOPENED, document.words
    assert f"Post a successor ({document.number}-R2)" in document.words
    post_anew(job, document)
    assert the_one(job, "purchase_order").state == State.POSTED
    assert standing(sandbox) == {document.number: "cancelled", f"{document.number}-R2": "open"}


@pytest.mark.soak
def test_a_successor_is_posted_though_its_first_number_was_given_away(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=0)
    run_until_idle(job)
    first = the_one(job, "purchase_order")
    sandbox.post(f"{ORDER}/{first.key}", {"action": "cancel"})
    run_until_idle(job)
    second = str(_copied(sandbox)["procurify_PO"])
    run_until_idle(job)
    document = order(job, second)
    assert (document.state, document.reason) == (State.HELD, Reason.NUMBER_USED), document.words
    assert "delete or renumber the other one in Zoho Books and replay" in document.words
    [there] = zoho(sandbox, "purchaseorders")
    sandbox.post(f"/control/delete/zoho_books/purchaseorders/{there['purchaseorder_id']}")
    again(job, document)
    assert order(job, second).state == State.POSTED
    sandbox.post(f"{ORDER}/{first.key}", {"action": "reopen"})
    run_until_idle(job)
    post_anew(job, order(job, first.key))
    assert order(job, first.key).state == State.POSTED, order(job, first.key).words
    assert standing(sandbox) == {first.number: "open", f"{first.number}-R2": "open"}


def test_an_order_with_the_number_of_a_cancelled_one_is_posted_under_another(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=0)
    run_until_idle(job)
    first = the_one(job, "purchase_order")
    sandbox.post(f"{ORDER}/{first.key}", {"action": "cancel"})
    second = str(_copied(sandbox)["procurify_PO"])
    run_until_idle(job)
    document = order(job, second)
    assert (document.state, document.reason) == (State.HELD, Reason.NUMBER_USED), document.words
    assert "Post it under another number" in document.words
    post_anew(job, document)
    assert order(job, second).state == State.POSTED, order(job, second).words
    assert standing(sandbox) == {first.number: "cancelled", f"{first.number}-R2": "open"}
    sandbox.post(f"{ORDER}/{second}", {"action": "cancel"})
    run_until_idle(job)
    assert set(standing(sandbox).values()) == {"cancelled"}
    sandbox.post(f"{ORDER}/{second}", {"action": "reopen"})
    run_until_idle(job)
    post_anew(job, order(job, second))
    assert order(job, second).state == State.POSTED, order(job, second).words
    assert standing(sandbox)[f"{first.number}-R3"] == "open"


def _copied(sandbox: SandboxProcess) -> Any:
    """Another order of Procurify that has the number of the first."""
    [row] = sandbox.get("/control/books/procurify")["purchase_orders"]
    own = ("procurify_PO", "uuid", "last_modified", "state")
    items = [{k: v for k, v in item.items() if k not in ("id", "uuid")} for item in row["items"]]
    copy = {name: value for name, value in row.items() if name not in own}
    return sandbox.post("/control/add/procurify/purchase_order", {**copy, "items": items})


def test_a_bill_that_was_deleted_and_typed_anew_is_linked_after_all(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    """Posting it anew meets the typed one and offers to link it: nothing stands twice."""
    job = connected(plain=True, orders=0, bills=1)
    run_until_idle(job)
    [posted] = zoho(sandbox, "bills")
    sandbox.post(f"/control/delete/zoho_books/bills/{posted['bill_id']}")
    names = ("account_id", "rate", "quantity", "tax_id")
    lines = [{name: row.get(name, "") for name in names} for row in posted["line_items"]]
    header = {name: posted[name] for name in ("vendor_id", "bill_number", "date")}
    sandbox.post("/control/add/zoho_books/bills", {**header, "line_items": lines})
    sandbox.post(f"/control/edit/procurify/bill/{the_one(job, 'bill').key}", {"note": "Paid soon"})
    run_until_idle(job)
    document = the_one(job, "bill")
    assert document.reason == Reason.TARGET_MISSING, document.words
    post_anew(job, document)
    document = the_one(job, "bill")
    assert held_as_duplicate(document), document.words
    linking.link(
        job.tenant_id,
        document.pk,
        part="whole",
        target=document.number,
        align=True,
        resolve=registry.resolve,
        actor=ANNA,
    )
    run_until_idle(job)
    assert the_one(job, "bill").state == State.POSTED
    [bill] = zoho(sandbox, "bills")
    assert bill["reference_number"].endswith(":2")
