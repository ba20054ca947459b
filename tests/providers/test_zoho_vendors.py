"""Making a vendor in Zoho Books, which takes equal names: looked up by our mark and by its name."""

from typing import Any

import pytest

from connectors.core.decisions import Absent, Conflict, Found, Step
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import Raw
from connectors.flows.procurify_to_zoho_books.vendor_sink import VendorSink
from connectors.providers.zoho_books.client import ZohoBooksClient
from tests.providers.conftest import OpenZoho
from tests.sandbox_process import SandboxProcess

MARK = "mlc:acme:vendor:12"
ROW = {
    "contact_name": "Acme Inc.",
    "contact_type": "vendor",
    "notes": f"Managed by ml-connector. Ref {MARK}",
}
CREATE = Step(action="create", body={"row": ROW}, creates=True)
SINK = VendorSink()


@pytest.fixture
def client(open_zoho: OpenZoho) -> ZohoBooksClient:
    return open_zoho()


def part(reference: str = MARK, target_id: str = "") -> PartRef:
    return PartRef(
        target_kind="vendor",
        reference=reference,
        target_id=target_id,
        number="Acme Inc.",
        vendor_key="",
        total="",
        payload=ROW,
    )


def shown(sandbox: SandboxProcess) -> list[Raw]:
    """All contacts of that name, as soon as lists show what was made."""
    sandbox.post("/control/clock", {"advance_seconds": 600})
    rows: list[Raw] = sandbox.get("/control/books/zoho_books")["contacts"]
    return [row for row in rows if row["contact_name"] == "Acme Inc."]


@pytest.mark.parametrize("unique", [False, True])
def test_a_second_worker_makes_no_second_vendor(
    client: ZohoBooksClient, sandbox: SandboxProcess, unique: bool
) -> None:
    sandbox.post("/control/options", {"zoho_unique_contact_names": unique})
    made = SINK.perform(client, part(), CREATE)
    assert (made.number, made.reference) == ("Acme Inc.", MARK)
    assert len(shown(sandbox)) == 1
    with pytest.raises(ProviderError) as caught:
        SINK.perform(client, part(), CREATE)
    assert caught.value.kind is ErrorKind.REJECTED
    found = SINK.probe(client, part(), CREATE)
    assert isinstance(found, Found)
    assert found.state.target_id == made.target_id
    assert len(shown(sandbox)) == 1


def test_one_of_that_name_is_somebody_elses(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    assert isinstance(SINK.probe(client, part(), CREATE), Absent)
    # Ours is told by the whole mark: 12 is not 1.
    client.create_contact({**ROW, "notes": f"Ref {MARK}3"})
    sandbox.post("/control/clock", {"advance_seconds": 600})
    there = SINK.probe(client, part(), CREATE)
    assert isinstance(there, Conflict)
    assert "Link the two" in there.words
    with pytest.raises(ProviderError):
        SINK.perform(client, part(), CREATE)
    assert len(shown(sandbox)) == 1


def test_two_with_our_mark_are_for_a_person(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    for _ in range(2):
        client.create_contact(ROW)
    sandbox.post("/control/clock", {"advance_seconds": 600})
    there = SINK.probe(client, part(), CREATE)
    assert isinstance(there, Conflict)
    assert "Merge them" in there.words


def test_a_vendor_that_was_merged_into_another_is_gone(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    made = SINK.perform(client, part(), CREATE)
    other = client.create_contact({"contact_name": "Acme", "contact_type": "vendor"})
    merge: dict[str, Any] = {"contact_id": made.target_id, "into": other["contact_id"]}
    sandbox.post("/control/call/zoho_books/merge_contacts", merge)
    assert SINK.read(client, part(target_id=made.target_id)) is None


def test_ours_is_found_after_somebody_renamed_it(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    made = SINK.perform(client, part(), CREATE)
    path = f"/control/edit/zoho_books/contacts/{made.target_id}"
    sandbox.post(path, {"contact_name": "Called Otherwise Ltd"})
    sandbox.post("/control/clock", {"advance_seconds": 600})
    found = SINK.probe(client, part(), CREATE)
    assert isinstance(found, Found)
    assert found.state.target_id == made.target_id
    assert isinstance(SINK.probe(client, part("mlc:acme:vendor:13"), CREATE), Absent)


def test_one_that_we_made_for_another_vendor_of_that_name_is_called_so(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    SINK.perform(client, part("mlc:acme:vendor:11"), CREATE)
    sandbox.post("/control/clock", {"advance_seconds": 600})
    found = SINK.probe(client, part("mlc:acme:vendor:13"), CREATE)
    assert isinstance(found, Conflict)
    assert "made for another vendor of that name" in found.words


def test_one_that_a_list_still_shows_after_its_deletion_is_none(
    client: ZohoBooksClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = [{"contact_id": "460000000999999", "contact_name": "Acme Inc."}]
    monkeypatch.setattr(client, "find_contacts", lambda name: stale)
    assert isinstance(SINK.probe(client, part(), CREATE), Absent)
