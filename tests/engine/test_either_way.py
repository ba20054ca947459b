"""The whole flow against a Zoho Books that behaves in the other of two ways that are possible."""

from typing import Any

from connectors.core.flow import TARGET
from connectors.engine.job import Job
from connectors.models import Document
from connectors.services import connections
from tests.engine.conftest import Connected
from tests.engine.drive import fresh_job, run_until_idle, states
from tests.people import ACTOR
from tests.sandbox_process import SandboxProcess


def bills(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get("/control/books/zoho_books")["bills"]
    return found


def retested(job: Job) -> Job:
    """The job after somebody has tested its Zoho connection again."""
    connections.ping(job.target, spec=job.spec(TARGET), actor=ACTOR)
    return fresh_job(job)


def words(job: Job, kind: str) -> set[str]:
    with job.scope():
        return set(Document.objects.filter(stream=kind).values_list("words", flat=True))


def test_an_organisation_of_several_locations_gets_the_one_that_was_asked_for(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=2, bills=2)
    for name in ("Main", "Depot"):
        sandbox.post("/control/add/zoho_books/locations", {"location_name": name})
    sandbox.post(
        "/control/options", {"zoho_location_required": True, "zoho_primary_location": True}
    )
    job = retested(job)
    run_until_idle(job)
    assert set(states(job, "purchase_order")) == set(states(job, "bill")) == {"posted"}
    assert {bill["location_name"] for bill in bills(sandbox)} == {"Main"}


def test_a_lock_that_is_not_understood_is_left_to_zoho_whose_refusal_holds_the_bill(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    options = {
        "zoho_lock_scopes": {"purchase": 4},
        "zoho_lock_words": {"purchase": "Achats"},
        "zoho_locked_message": "La période est verrouillée jusqu'au {date}.",
    }
    job = connected(plain=True, orders=1, bills=1)
    sandbox.post("/control/options", options)
    sandbox.post("/control/edit/zoho_books/transactionlocks/purchase", {"date": "2090-12-31"})
    run_until_idle(job)
    assert set(states(job, "bill")) == {"held"}
    assert any("verrouillée" in one for one in words(job, "bill"))
    assert bills(sandbox) == []


def test_a_new_bill_that_waits_for_approval_is_posted_and_the_page_says_so(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=1)
    sandbox.post("/control/options", {"zoho_new_bill_status": "pending_approval"})
    run_until_idle(job)
    assert set(states(job, "bill")) == {"posted"}
    told = fresh_job(job).target.profile["answers"]["bill_status"]
    assert told["value"] == "pending_approval"
    assert "until somebody there approves" in told["words"]
