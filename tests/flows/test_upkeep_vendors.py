"""Vendors of Zoho Books kept up in Procore: the whole way over real HTTP, with faults and drift.

People's edits come through the sandbox's control door. Time passes by moving what the database
holds.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from connectors.core.states import Reason, State
from connectors.models import Document, Link, Mapping, MappingFailure, Outcome, ReferenceState
from connectors.services import alignment, drift, mapping
from connectors.services.replay import replay_documents
from tenants.scope import tenant_scope
from tests.engine.drive import run_until_idle
from tests.flows.conftest import ACTOR, Builder, Job, registry
from tests.flows.test_commitments_faults import fired, forget_policy, hurried
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

__all__ = ["forget_policy", "hurried"]

SYNC_VENDORS = {"provider": "procore", "path_regex": "vendors/sync"}
CONTACTS, VENDORS = "/control/edit/zoho_books/contacts", "/control/edit/procore/vendors"
NEWCOMER = "Tamarack Waterproofing LLC"


def vendors(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    rows = sandbox.get("/control/books/procore")["vendors"]
    return {str(row["id"]): row for row in rows}


def contacts(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    rows = sandbox.get("/control/books/zoho_books")["contacts"]
    return {row["contact_id"]: row for row in rows}


def pairs(job: Job) -> dict[str, str]:
    """Contact -> vendor, of those that nobody shares and that surely are the same."""
    with tenant_scope(job.tenant_id):
        rows = Mapping.objects.filter(kind="vendor")
        sure = rows.exclude(origin=Mapping.Origin.AUTOMATIC)
        keys = list(rows.values_list("target_key", flat=True))
        found = sorted(sure.values_list("source_key", "target_key"))
    return {own: key for own, key in found if keys.count(key) == 1}


def later(job: Job, **options: Any) -> None:
    """Some time later the lists are read again, and what follows is done."""
    with tenant_scope(job.tenant_id):
        ago = timedelta(minutes=5)
        Link.objects.update(confirmed_at=F("confirmed_at") - ago)
        Document.objects.update(state_at=F("state_at") - ago)
        ReferenceState.objects.update(read_at=None)
        if options:
            job.integration.options = {**job.integration.options, **options}
            job.integration.save(update_fields=["options"])
    run_until_idle(job)


def document(job: Job, contact: str) -> Document:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(stream="vendor", key=contact)


def writes(sandbox: SandboxProcess) -> list[str]:
    rows = sandbox.get("/control/requests")["requests"]
    found = [row for row in rows if row["provider"] == "procore" and row["method"] != "GET"]
    return [row["path"].rpartition("/rest/v1.0/")[2] for row in found]


def test_linked_vendors_are_called_as_zoho_calls_them_and_follow_in_one_call(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    # So many that the order's vendor is on its project already: nothing else touches a vendor.
    job = builder(plain=True, orders=1, projects=15, vendors=40)
    before = vendors(sandbox)
    run_until_idle(job)
    linked, ours = pairs(job), contacts(sandbox)
    for contact, vendor in linked.items():
        row, said = vendors(sandbox)[vendor], ours[contact]
        assert row["name"] == " ".join(said["contact_name"].split())
        assert row["email_address"] == (said["email"] or before[vendor]["email_address"])
        assert row["origin_id"].split(":")[2:] == ["vendor", contact, vendor]
    unlinked = before.keys() - linked.values()
    assert unlinked, "some are in Procore only"
    assert {key: vendors(sandbox)[key] for key in unlinked} == {
        key: before[key] for key in unlinked
    }
    renamed = list(linked)[:5]
    for number, contact in enumerate(renamed):
        sandbox.post(f"{CONTACTS}/{contact}", {"contact_name": f"Renamed {number}"})
    closed = list(linked)[5]
    sandbox.post(f"{CONTACTS}/{closed}", {"status": "inactive"})
    sandbox.delete("/control/requests")
    later(job)
    found = vendors(sandbox)
    assert [found[linked[c]]["name"] for c in renamed] == [f"Renamed {n}" for n in range(5)]
    assert found[linked[closed]]["is_active"] is False
    assert writes(sandbox) == ["vendors/sync"], "one call for all six"
    sandbox.post(f"{CONTACTS}/{closed}", {"status": "active"})
    later(job)
    assert vendors(sandbox)[linked[closed]]["is_active"] is True


def test_what_only_looks_the_same_is_posted_to_but_never_renamed_until_a_person_confirms_it(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    with tenant_scope(job.tenant_id):
        row = Mapping.objects.filter(kind="vendor", origin=Mapping.Origin.AUTOMATIC).earliest("pk")
    assert row.evidence.startswith("same name")
    before = vendors(sandbox)[row.target_key]
    sandbox.post(
        f"{CONTACTS}/{row.source_key}", {"contact_name": "Renamed", "email": "a@b.example"}
    )
    later(job)
    assert vendors(sandbox)[row.target_key] == before, "neither name nor origin id nor e-mail"
    left = document(job, row.source_key)
    assert (left.state, "Confirm the pair" in left.words) == (State.NOT_APPLICABLE, True)
    assert row.source_key in alignment.unconfirmed(job.integration, job.flow, "vendor")
    mapping.confirm(job.integration, kind="vendor", source_key=row.source_key, actor="user:7")
    later(job)
    found = vendors(sandbox)[row.target_key]
    assert (found["name"], found["email_address"]) == ("Renamed", "a@b.example")
    assert row.source_key not in alignment.unconfirmed(job.integration, job.flow, "vendor")


@pytest.mark.soak
def test_what_zoho_does_not_say_and_another_programs_origin_id_stay(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    linked = pairs(job)
    (first, vendor), (second, other) = list(linked.items())[:2]
    sandbox.post(f"{CONTACTS}/{first}", {"email": "", "phone": ""})
    kept = {"email_address": "site@vendor.example", "business_phone": "303 555 0142"}
    sandbox.post(f"{VENDORS}/{vendor}", kept)
    sandbox.post(f"{VENDORS}/{other}", {"origin_id": "ERP-77", "name": "Quite Another"})
    later(job)
    found = vendors(sandbox)
    assert {name: found[vendor][name] for name in kept} == kept
    assert found[other]["origin_id"] == "ERP-77"
    assert found[other]["name"] == contacts(sandbox)[second]["contact_name"]


# --- what is missing ------------------------------------------------------------------------------


def order_of_newcomer(sandbox: SandboxProcess) -> tuple[str, str]:
    """A contact that Procore lacks, and one of the orders, which is given to it."""
    sent = {"contact_name": NEWCOMER, "contact_type": "vendor", "email": "ap@tamarack.example"}
    contact = sandbox.post("/control/add/zoho_books/contacts", sent)["contact_id"]
    order = sandbox.get("/control/books/zoho_books")["purchaseorders"][0]["purchaseorder_id"]
    sandbox.post(f"/control/edit/zoho_books/purchaseorders/{order}", {"vendor_id": contact})
    return contact, order


def made(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return [row for row in vendors(sandbox).values() if row["name"] == NEWCOMER]


def state(job: Job, order: str) -> str:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(stream="purchase_order", key=order).state


@pytest.mark.soak
def test_by_default_an_order_waits_for_the_vendor_that_procore_lacks(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=2)
    contact, order = order_of_newcomer(sandbox)
    later(job)
    assert state(job, order) == State.WAITING
    assert made(sandbox) == []
    later(job, create_vendors="needed")
    run_until_idle(job)
    [vendor] = made(sandbox)
    assert vendor["email_address"] == "ap@tamarack.example"
    assert vendor["origin_id"].split(":")[2:] == ["vendor", contact]
    assert state(job, order) == State.POSTED
    with tenant_scope(job.tenant_id):
        link = Mapping.objects.get(kind="vendor", source_key=contact)
        assert not MappingFailure.objects.filter(status=MappingFailure.Status.OPEN).exists()
    assert link.target_key == str(vendor["id"])
    assert "carries our origin id" in link.evidence


@pytest.mark.parametrize(
    "kind", first_here("drop_before", "drop_after", "error_after", "malformed_body")
)
def test_a_vendor_is_made_once_whatever_becomes_of_the_answer(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    job = builder(plain=True, orders=2)
    run_until_idle(job)
    contact, order = order_of_newcomer(sandbox)
    rule = {"match": SYNC_VENDORS, "kind": kind, "count": 2}
    sandbox.post("/control/faults", {"rules": [rule]})
    later(job, create_vendors="needed")
    for _ in range(3):
        run_until_idle(job)
    assert fired(sandbox)[kind] >= 1
    sandbox.delete("/control/faults?counts=1")
    assert len(made(sandbox)) == 1
    assert state(job, order) == State.POSTED
    assert document(job, contact).state == State.POSTED
    with tenant_scope(job.tenant_id):
        results = Outcome.objects.filter(attempt__document__key=contact)
        assert Outcome.Result.UNKNOWN in set(results.values_list("result", flat=True))


@pytest.mark.soak
def test_all_missing_ones_are_made_but_those_that_look_like_one_there(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(orders=73, edited=0, integration={"create_vendors": "always"})
    before = vendors(sandbox)
    run_until_idle(job)
    run_until_idle(job)
    found = vendors(sandbox)
    names = sorted(found[key]["name"] for key in found.keys() - before.keys())
    ours = {row["contact_name"] for row in contacts(sandbox).values()}
    assert "Tundra Fireproofing" in names
    assert len(names) == len(set(names))
    assert set(names) <= ours
    with tenant_scope(job.tenant_id):
        held = dict(
            Document.objects.filter(stream="vendor", state=State.HELD).values_list("party", "words")
        )
    assert "Granby Concrete Pumping" in held, "there are two of that name"
    assert {"Estes Scaffold LLC", "ESTES SCAFFOLD, Inc."} <= held.keys()
    assert all("of that name already" in words for words in held.values())


@pytest.mark.soak
@pytest.mark.parametrize("active", [True, False])
def test_a_vendor_that_carries_our_origin_id_is_ours_whatever_it_is_called(
    builder: Builder, sandbox: SandboxProcess, active: bool
) -> None:
    job = builder(plain=True, orders=2)
    run_until_idle(job)
    contact, order = order_of_newcomer(sandbox)
    organization = job.source.settings["organization_id"]
    lost = {"name": "Tamarack WP", "origin_id": f"mlc:{organization}:vendor:{contact}"}
    key = sandbox.post("/control/add/procore/vendors", {**lost, "is_active": active})["id"]
    later(job, create_vendors="needed")
    run_until_idle(job)
    if not active:
        held = document(job, contact)
        assert (held.state, held.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
        assert "Tamarack WP" in held.words
        assert "Activate it there and replay" in held.words
        sandbox.post(f"{VENDORS}/{key}", {"is_active": True})
        replay_documents(job.tenant_id, [held.pk], actor=ACTOR)
        run_until_idle(job)
    run_until_idle(job)
    row = vendors(sandbox)[str(key)]
    assert (row["name"], row["is_active"]) == (NEWCOMER, True)
    assert [one["id"] for one in made(sandbox)] == [key], "no second one"
    assert document(job, contact).state == State.POSTED
    assert state(job, order) == State.POSTED


# --- what somebody changes in Procore -------------------------------------------------------------


def drifted(job: Job, sandbox: SandboxProcess, **options: Any) -> tuple[str, str]:
    """A linked vendor that somebody renamed and switched off in Procore."""
    run_until_idle(job)
    contact, vendor = next(iter(pairs(job).items()))
    sandbox.post(f"{VENDORS}/{vendor}", {"name": "Theirs", "is_active": False})
    later(job, **options)
    return contact, vendor


@pytest.mark.soak
def test_a_vendor_that_somebody_renames_in_procore_is_held_and_restored_by_a_person(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    contact, vendor = drifted(job, sandbox)
    held = document(job, contact)
    name = contacts(sandbox)[contact]["contact_name"]
    assert (held.state, held.reason) == (State.HELD, Reason.DRIFTED)
    assert f"name is Theirs, we posted {name}; status is inactive, we posted active" in held.words
    assert drift.restore(job.tenant_id, held.pk, resolve=registry.resolve, actor=ACTOR) == 2
    run_until_idle(job)
    row = vendors(sandbox)[vendor]
    assert (row["name"], row["is_active"]) == (name, True)
    later(job)
    assert document(job, contact).state == State.POSTED


def test_a_restoring_integration_puts_it_back_by_itself(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    contact, vendor = drifted(job, sandbox, drift="restore")
    name = contacts(sandbox)[contact]["contact_name"]
    row = vendors(sandbox)[vendor]
    assert (row["name"], row["is_active"]) == (name, True)
    assert document(job, contact).state == State.POSTED


@pytest.mark.soak
def test_an_adopting_integration_lets_it_stand(builder: Builder, sandbox: SandboxProcess) -> None:
    job = builder(plain=True, orders=1)
    contact, vendor = drifted(job, sandbox, drift="adopt")
    assert vendors(sandbox)[vendor]["name"] == "Theirs"
    assert document(job, contact).state == State.POSTED
    later(job)
    assert document(job, contact).state == State.POSTED
    sandbox.post(f"{CONTACTS}/{contact}", {"contact_name": "Named Anew"})
    later(job)
    held = document(job, contact)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "is inactive in Procore, which changes active ones only. Activate it" in held.words
    sandbox.post(f"{VENDORS}/{vendor}", {"is_active": True})
    replay_documents(job.tenant_id, [held.pk], actor=ACTOR)
    run_until_idle(job)
    assert vendors(sandbox)[vendor]["name"] == "Named Anew"


@pytest.mark.soak
@pytest.mark.parametrize("kind", first_here("hidden", "shown"))
def test_an_inactive_vendor_is_left_alone_and_follows_once_it_is_active_again(
    builder: Builder, sandbox: SandboxProcess, kind: str
) -> None:
    hidden = kind == "hidden"
    job = builder(plain=True, orders=1, options={"procore_inactive_hidden": hidden})
    run_until_idle(job)
    contact, vendor = next(iter(pairs(job).items()))
    before = contacts(sandbox)[contact]["contact_name"]
    sandbox.post(f"{CONTACTS}/{contact}", {"status": "inactive"})
    later(job)
    sandbox.delete("/control/requests")
    sandbox.post(f"{CONTACTS}/{contact}", {"contact_name": "Named Anew"})
    later(job)
    assert writes(sandbox) == []
    assert (document(job, contact).state, vendors(sandbox)[vendor]["name"]) == (
        State.POSTED,
        before,
    )
    sandbox.post(f"{CONTACTS}/{contact}", {"status": "active"})
    later(job)
    row = vendors(sandbox)[vendor]
    assert (row["name"], row["is_active"]) == ("Named Anew", True)
    assert document(job, contact).state == State.POSTED
    assert (f"companies/{company_id(sandbox)}/vendors/inactive/{vendor}" in writes(sandbox)) is (
        hidden
    )


def company_id(sandbox: SandboxProcess) -> int:
    return int(sandbox.get("/control/books/procore")["company"]["id"])


@pytest.mark.soak
def test_a_vendor_that_somebody_deletes_in_procore_is_held(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    used = {
        row["vendor"]["id"]
        for row in sandbox.get("/control/books/procore")["purchase_order_contracts"]
    }
    contact, vendor = next(pair for pair in pairs(job).items() if int(pair[1]) not in used)
    sandbox.post(f"/control/delete/procore/vendors/{vendor}")
    later(job)
    held = document(job, contact)
    assert (held.state, held.reason) == (State.HELD, Reason.TARGET_MISSING)
