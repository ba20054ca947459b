"""Commitments come out right whichever way an account of Procore behaves where nothing says how.

Each way is a switch of the simulator; ``docs/assumptions.md`` names the facts.
"""

from typing import Any

import pytest

from connectors.core.states import Reason, State
from connectors.models import Document
from connectors.services import replay
from tests.engine.drive import run_until_idle
from tests.flows.commitments import decide, line, order, parts
from tests.flows.conftest import Builder, Job
from tests.flows.test_commitments_whole import judged
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

# What the simulator does otherwise by default.
THE_OTHER_WAY: dict[str, Any] = {
    "procore_line_sync_prunes": True,
    "procore_extended_type": "manual",
    "procore_unit_cost_decimals": 8,
    "procore_unique_numbers": True,
    "procore_vendor_must_be_in_project": False,
    "procore_approve_without_vendor": True,
    "procore_accounting_method_locked": False,
    "procore_edit_approved": True,
    "procore_origin_lists": "none",
    "procore_deleted_origins": "free",
    "procore_vendors_include_inactive": True,
    "procore_inactive_hidden": False,
    "procore_vendor_already": 409,
    "procore_unpermitted_status": 404,
    "procore_missing_company_status": 403,
    "procore_companies_need_header": False,
    "procore_auto_budget_lines": False,
    "procore_error_shape": "rotate",
    "procore_retry_after": True,
    "procore_token_unit": "milliseconds",
    "procore_item_ids": "own",
    "procore_currency": "of_company",
    "procore_currency_shape": "list",
}


def ordered_at(sandbox: SandboxProcess, job: Job, quantity: str, rate: str) -> Document:
    """An order of one line beside the others, as it came to rest."""
    (like, *_) = sandbox.get("/control/books/zoho_books")["purchaseorders"]
    first = like["line_items"][0]
    names = ("account_id", "project_id", "name")
    sandbox.post(
        "/control/add/zoho_books/purchaseorders",
        {
            **{name: like[name] for name in ("vendor_id", "date")},
            "purchaseorder_number": "PO-FINE",
            "status": "open",
            "line_items": [
                {**{n: first[n] for n in names}, "quantity": quantity, "rate": rate},
            ],
        },
    )
    run_until_idle(job)
    with job.scope():
        return Document.objects.get(stream="purchase_order", number="PO-FINE")


def commitment(sandbox: SandboxProcess) -> dict[str, Any]:
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    found: dict[str, Any] = next(row for row in rows if row["number"] == "PO-FINE")
    return found


@pytest.mark.soak
def test_commitments_are_right_where_procore_does_everything_the_other_way(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=6)
    sandbox.post("/control/options", THE_OTHER_WAY)
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)
    assert ordered_at(sandbox, job, "50000", "20.1325").state == State.POSTED
    assert commitment(sandbox)["grand_total"] == "1006625.0"


@pytest.mark.parametrize("kind", first_here("", "calculated"))
def test_a_price_of_four_decimals_keeps_its_quantity_and_the_orders_total(
    builder: Builder, sandbox: SandboxProcess, kind: str
) -> None:
    job = builder(plain=True, orders=1)
    sandbox.post("/control/options", {"procore_extended_type": kind})
    assert ordered_at(sandbox, job, "50000", "20.1325").state == State.POSTED
    found = commitment(sandbox)
    (row,) = found["line_items"]
    assert (found["status"], found["grand_total"]) == ("Approved", "1006625.0")
    assert (row["quantity"], row["unit_cost"]) == ("50000.0", "20.1325")


@pytest.mark.parametrize(
    ("quantity", "rate", "amount", "method"),
    [
        ("10000", "0.00125", "12.50", "amount"),
        ("50000", "20.1325", "1006625.00", "unit"),
        ("3", "0.33333", "1.00", "amount"),
        ("1000", "0.12340", "123.40", "unit"),
    ],
)
def test_a_unit_cost_has_four_decimals_at_most(
    quantity: str, rate: str, amount: str, method: str
) -> None:
    fine = line(quantity=quantity, rate=rate, item_total=amount)
    payload = parts(decide(order(fine)))[0].payload
    assert payload["accounting_method"] == method
    (row,) = payload["lines"]
    assert row["amount"] == amount
    assert ("unit_cost" in row) is (method == "unit")


def test_a_commitment_that_is_no_draft_at_first_is_held_and_then_completed(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    """Its row names no status, so that a create which arrives late resets none."""
    job = builder(plain=True, orders=1)
    sandbox.post("/control/options", {"procore_first_status": "Approved"})
    run_until_idle(job)
    with job.scope():
        held = Document.objects.get(stream="purchase_order")
        target_id = held.links.get().target_id
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED), held.words
    assert "set it back to Draft" in held.words
    draft = {"status": "Draft"}
    sandbox.post(f"/control/edit/procore/purchase_order_contracts/{target_id}", draft)
    replay.replay_documents(job.tenant_id, [held.pk], actor="user:1 anna@example.com")
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)
