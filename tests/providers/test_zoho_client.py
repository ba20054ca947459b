"""The Zoho Books client over the simulator: what it reads, writes, finds and survives."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.core import clock
from connectors.core.days import parse_instant
from connectors.core.errors import (
    BadInputError,
    ErrorKind,
    ProviderError,
    RetryLater,
    UnknownOutcomeError,
)
from connectors.core.records import Raw
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.errors import is_closed_period, is_duplicate_number
from connectors.providers.zoho_books.ping import ping, resolve
from tests.providers.conftest import OpenZoho
from tests.sandbox_process import SandboxProcess
from tests.transport.fakes import MemoryStore

DAY = "2026-10-05"


@pytest.fixture
def client(open_zoho: OpenZoho) -> ZohoBooksClient:
    return open_zoho()


def first_row(pages: Any) -> Raw:
    row: Raw = next(pages).rows[0]
    return row


def order_body(client: ZohoBooksClient, number: str = "PO-900") -> dict[str, Any]:
    accounts = [row for page in client.chart_of_accounts() for row in page.rows]
    expense = next(row for row in accounts if row["account_type"] == "expense")
    return {
        "vendor_id": first_row(client.contacts())["contact_id"],
        "purchaseorder_number": number,
        "reference_number": f"mlc:cascadia:po:{number}",
        "date": DAY,
        "line_items": [
            {
                "name": "Bolt",
                "account_id": expense["account_id"],
                "quantity": "3",
                "rate": "1.07",
            }
        ],
    }


def bill_body(client: ZohoBooksClient, number: str = "INV-900") -> dict[str, Any]:
    body = order_body(client, number)
    del body["purchaseorder_number"]
    return {**body, "bill_number": number, "reference_number": f"mlc:cascadia:bill:{number}"}


def fault(sandbox: SandboxProcess, kind: str, **rule: Any) -> None:
    match = {"provider": "zoho_books", **rule.pop("match", {})}
    rules = [{"match": match, "kind": kind, "count": 1, **rule}]
    sandbox.post("/control/faults", {"rules": rules})


# --- reading --------------------------------------------------------------------------------------


def test_organisations_and_master_data(client: ZohoBooksClient) -> None:
    assert client.organizations()[0]["currency_code"] == "USD"
    contacts = [row for page in client.contacts() for row in page.rows]
    assert contacts
    assert {row["contact_type"] for row in contacts} == {"vendor"}
    assert client.contact(contacts[0]["contact_id"])["contact_id"] == contacts[0]["contact_id"]
    for read in (client.chart_of_accounts, client.taxes, client.currencies):
        assert first_row(read())
    assert isinstance(client.transaction_locks()["transaction_locks"], list)
    assert list(client.users())


def test_vendors_are_read_back_to_the_known_ones(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    rows = [row for page in client.contacts() for row in page.rows]
    newest = max(parse_instant(row["last_modified_time"]) for row in rows)
    sandbox.post("/control/clock", {"advance_seconds": 60})
    chosen = rows[-1]["contact_id"]
    sandbox.post(f"/control/edit/zoho_books/contacts/{chosen}", {"notes": "new"})
    since = (newest + timedelta(seconds=1)).isoformat()
    found = [row["contact_id"] for page in client.contacts(since) for row in page.rows]
    assert found == [chosen]


def test_orders_and_bills_by_time_of_change(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    made = client.create_bill(bill_body(client))
    order = client.create_purchase_order(order_body(client))
    before = parse_instant(order["last_modified_time"])
    sandbox.post("/control/clock", {"advance_seconds": 600})
    later = client.create_bill(bill_body(client, "INV-901"))
    since = (before + timedelta(seconds=60)).isoformat()
    assert [row["bill_id"] for p in client.bills(since) for row in p.rows] == [later["bill_id"]]
    everything = {row["bill_id"] for page in client.bills() for row in page.rows}
    assert {made["bill_id"], later["bill_id"]} <= everything
    assert [row for page in client.purchase_orders(since) for row in page.rows] == []
    # The very second of the limit is included, whichever way Zoho reads it.
    found = [row for page in client.purchase_orders(before.isoformat()) for row in page.rows]
    assert [row["purchaseorder_id"] for row in found] == [order["purchaseorder_id"]]


def test_an_id_that_is_not_there(client: ZohoBooksClient) -> None:
    with pytest.raises(ProviderError) as caught:
        client.bill("460000000999999")
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_a_repeated_page_is_an_error_and_not_a_short_list(
    client: ZohoBooksClient, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.providers.zoho_books.client.PER_PAGE", 10)
    whole = [row["contact_id"] for page in client.contacts() for row in page.rows]
    assert len(whole) > 20
    assert len(set(whole)) == len(whole)
    fault(sandbox, "repeat_page", match={"path_regex": "/contacts"})
    with pytest.raises(ProviderError, match="page 2 was asked for, page 1 came"):
        list(client.contacts())


# --- writing --------------------------------------------------------------------------------------


def test_an_order_from_draft_to_cancelled(client: ZohoBooksClient) -> None:
    order = client.create_purchase_order(order_body(client))
    order_id = order["purchaseorder_id"]
    assert (order["status"], order["purchaseorder_number"]) == ("draft", "PO-900")
    assert order["total"] == Decimal("3.21")
    client.set_purchase_order_status(order_id, "open")
    line = {**order_body(client)["line_items"][0], "quantity": "5"}
    line["line_item_id"] = order["line_items"][0]["line_item_id"]
    changed = client.update_purchase_order(order_id, {"line_items": [line]})
    assert changed["total"] == Decimal("5.35")
    client.set_purchase_order_status(order_id, "cancelled")
    assert client.purchase_order(order_id)["status"] == "cancelled"
    with pytest.raises(BadInputError):
        client.set_purchase_order_status(order_id, "approved")


def test_a_bill_from_open_to_void(client: ZohoBooksClient) -> None:
    bill = client.create_bill({**bill_body(client), "due_date": "2099-01-01"})
    assert bill["status"] == "open"
    assert client.update_bill(bill["bill_id"], {"notes": "checked"})["notes"] == "checked"
    client.void_bill(bill["bill_id"])
    assert client.bill(bill["bill_id"])["status"] == "void"


def test_what_was_written_is_found_by_number_reference_and_vendor(client: ZohoBooksClient) -> None:
    order = client.create_purchase_order(order_body(client))
    bill = client.create_bill(bill_body(client))
    reference, number = order["reference_number"], order["purchaseorder_number"]
    assert [r["purchaseorder_id"] for r in client.find_purchase_orders(reference=reference)] == [
        order["purchaseorder_id"]
    ]
    assert client.find_purchase_orders(number=number, reference=reference)
    assert client.find_purchase_orders(number=number, reference="mlc:other") == []
    found = client.find_bills(number="INV-900", vendor_id=bill["vendor_id"])
    assert [row["bill_id"] for row in found] == [bill["bill_id"]]
    assert client.find_bills(number="INV-900", vendor_id="460000000999999") == []


def test_zoho_refuses_a_second_one(client: ZohoBooksClient) -> None:
    client.create_purchase_order(order_body(client))
    client.create_bill(bill_body(client))
    for create, body in (
        (client.create_purchase_order, order_body(client)),
        (client.create_bill, bill_body(client)),
    ):
        with pytest.raises(ProviderError) as caught:
            create(body)
        assert caught.value.kind is ErrorKind.REJECTED
        assert is_duplicate_number(caught.value.facts)


def test_a_closed_period_is_recognised(client: ZohoBooksClient, sandbox: SandboxProcess) -> None:
    sandbox.post("/control/edit/zoho_books/transactionlocks/purchase", {"date": DAY})
    with pytest.raises(ProviderError) as caught:
        client.create_bill(bill_body(client))
    assert is_closed_period(caught.value.facts)
    locks = client.transaction_locks()["transaction_locks"]
    assert [lock["transaction_lock_date"] for lock in locks] == [DAY]


def test_equal_names_of_vendors_are_taken_unless_a_preference_says_no(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    body = {"contact_name": "Brand new Ltd", "contact_type": "vendor"}
    made = [client.create_contact(body)["contact_id"] for _ in range(2)]
    sandbox.post("/control/clock", {"advance_seconds": 600})
    assert [row["contact_id"] for row in client.find_contacts("Brand new Ltd")] == made
    sandbox.post("/control/options", {"zoho_unique_contact_names": True})
    with pytest.raises(ProviderError, match="already exists") as caught:
        client.create_contact(body)
    assert caught.value.facts.code == "3062"


# --- misbehaviour ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("drop_after", {}),
        ("error_after", {"status": 500}),
        ("truncated_body", {}),
        ("malformed_body", {}),
        ("drop_before", {}),
    ],
)
def test_a_write_of_unknown_fate_can_be_looked_up(
    client: ZohoBooksClient, sandbox: SandboxProcess, kind: str, rule: dict[str, Any]
) -> None:
    body = bill_body(client)
    fault(sandbox, kind, match={"write": True, "path_regex": "/bills"}, **rule)
    with pytest.raises(UnknownOutcomeError):
        client.create_bill(body)
    assert sandbox.get("/control/faults")["fired"] == {kind: 1}
    found = client.find_bills(reference=body["reference_number"])
    assert len(found) == (0 if kind == "drop_before" else 1)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncated_body", "malformed_body"])
def test_a_read_survives_one_failure(
    client: ZohoBooksClient, sandbox: SandboxProcess, kind: str
) -> None:
    client.organizations()
    fault(sandbox, kind, match={"path_regex": "/contacts"})
    assert first_row(client.contacts())
    assert sandbox.get("/control/faults")["fired"] == {kind: 1}


def test_an_expired_token_is_renewed_in_mid_work(
    open_zoho: OpenZoho, sandbox: SandboxProcess
) -> None:
    store = MemoryStore()
    client = open_zoho(store)
    client.organizations()
    fault(sandbox, "expire_tokens", match={"path_regex": "/bills", "write": True})
    client.create_bill(bill_body(client))
    assert store.saves == 2
    rows = sandbox.get("/control/requests", provider="zoho_books")["requests"]
    # The consent's, and two refreshes.
    assert sum(row["path"].partition("?")[0].endswith("/v2/token") for row in rows) == 3


def test_a_revoked_grant_stops_with_words(open_zoho: OpenZoho, sandbox: SandboxProcess) -> None:
    store = MemoryStore()
    client = open_zoho(store)
    client.organizations()
    fault(sandbox, "revoke_grant", match={"path_regex": "/organizations"})
    with pytest.raises(ProviderError) as caught:
        client.organizations()
    assert caught.value.kind is ErrorKind.AUTHORISATION
    assert "revoked" in store.stopped
    assert "reconnect" in str(caught.value)


def test_limits_become_a_time_to_come_again(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    client.organizations()
    sandbox.post("/control/options", {"zoho_daily": 1})
    with pytest.raises(RetryLater, match="maximum call rate limit") as caught:
        client.organizations()
    sandbox.post("/control/options", {"zoho_daily": 5000})
    assert caught.value.at > clock.now() + timedelta(minutes=10)
    assert client.organizations()


def test_the_daily_quota_is_observed(client: ZohoBooksClient) -> None:
    client.organizations()
    quota = client.api.observed.quota
    assert quota is not None
    assert 0 < quota.remaining < quota.limit
    assert 0 < quota.reset_seconds <= 86_400


# --- testing a connection -------------------------------------------------------------------------


def test_ping_says_everything_is_fine(client: ZohoBooksClient, world: dict[str, Any]) -> None:
    settings = {"region": "us", "organization_id": world["zoho_books"]["organization_id"]}
    findings = {finding.name: finding for finding in ping(client, settings)}
    assert all(finding.ok for finding in findings.values()), findings
    assert {"authorised", "organization", "bills", "locks", "clock", "quota"} <= set(findings)
    profile = resolve(client, settings)
    assert profile["currency_code"] == "USD"
    assert profile["web_root"].endswith(f"/app/{settings['organization_id']}")


def test_ping_names_the_organisations_to_choose_from(open_zoho: OpenZoho) -> None:
    settings = {"region": "us", "organization_id": "123"}
    client = open_zoho(organization_id="123")
    organization = next(f for f in ping(client, settings) if f.name == "organization")
    assert not organization.ok
    assert "460000000000001" in organization.words
    with pytest.raises(BadInputError, match="460000000000001"):
        resolve(client, settings)


def test_a_wrong_organisation_is_a_matter_of_settings(open_zoho: OpenZoho) -> None:
    with pytest.raises(ProviderError) as caught:
        first_row(open_zoho(organization_id="123").contacts())
    assert caught.value.kind is ErrorKind.CONFIGURATION
