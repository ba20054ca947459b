"""The Procore client over the simulator: what it reads, writes, finds and survives."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.core import clock
from connectors.core.errors import ErrorKind, ProviderError, RetryLater, UnknownOutcomeError
from connectors.core.records import Raw
from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.errors import is_invoiced, is_locked, is_origin_taken
from connectors.providers.procore.records import contract_state
from tests.providers.procore_world import (
    ACME,
    BOLT,
    CLOSED,
    CONCRETE,
    HARBOUR,
    INACTIVE,
    OTHER_COMPANY,
    SCHOOL,
    SECRET,
    STEEL,
    UNBUDGETED,
    ProcoreWorld,
    procore_world,
)
from tests.transport.fakes import MemoryStore

ORIGIN = "mlc:460000000000001:460000000099001:a:1"


@pytest.fixture
def procore() -> Iterator[ProcoreWorld]:
    with procore_world() as world:
        yield world


@pytest.fixture
def client(procore: ProcoreWorld) -> ProcoreClient:
    return procore.client()


def every(pages: Any) -> list[Raw]:
    return [row for page in pages for row in page.rows]


def contract(origin: str = ORIGIN, **more: Any) -> dict[str, Any]:
    return {
        "origin_id": origin,
        "number": "PO-900",
        "title": "PO-900 Acme Supply",
        "vendor_id": ACME,
        "status": "Draft",
        "accounting_method": "unit",
        "contract_date": "2026-10-05",
        **more,
    }


def line(at: int = 1, wbs_code_id: str = CONCRETE, **more: Any) -> dict[str, Any]:
    return {
        "origin_id": f"{ORIGIN}:{HARBOUR}:{at}",
        "wbs_code_id": wbs_code_id,
        "description": "Cement",
        "quantity": "3",
        "unit_cost": "1.07",
        "amount": "3.21",
        "uom": "ea",
        **more,
    }


def made(client: ProcoreClient, **more: Any) -> str:
    """A contract with one line; its id."""
    (found,) = client.sync_contracts(HARBOUR, [contract(**more)])
    assert not isinstance(found, ProviderError), found
    contract_id = str(found["id"])
    (row,) = client.sync_lines(HARBOUR, contract_id, [line()])
    assert not isinstance(row, ProviderError), row
    return contract_id


# --- reading --------------------------------------------------------------------------------------


def test_company_projects_and_vendors(client: ProcoreClient) -> None:
    assert client.me()["id"]
    assert [row["name"] for row in client.companies()] == ["Harbour Builders"]
    projects = {row["name"]: row["active"] for row in every(client.projects())}
    assert projects == {"Harbour": True, "School": True, "Old": False}
    assert client.project(HARBOUR)["project_number"] == "P-1"
    vendors = every(client.vendors())
    assert [str(row["id"]) for row in vendors] == [ACME, BOLT, CLOSED]
    assert [row["is_active"] for row in vendors] == [True, True, False]
    assert {str(row["id"]) for row in every(client.project_vendors(HARBOUR))} == {ACME, CLOSED}


def test_one_vendor_by_its_id_and_by_our_origin_id(client: ProcoreClient) -> None:
    mine = {"id": BOLT, "origin_id": "mlc:1:vendor:7", "email_address": "ap@bolt.example"}
    [written] = client.sync_vendors([mine])
    assert not isinstance(written, ProviderError)
    assert client.vendor(BOLT)["email_address"] == "ap@bolt.example"
    [found] = client.vendors_by_origin(["mlc:1:vendor:7", "mlc:1:vendor:8"])
    assert str(found["id"]) == BOLT
    with pytest.raises(ProviderError) as raised:
        client.vendor("999")
    assert raised.value.kind is ErrorKind.NOT_FOUND


def test_cost_codes_and_the_budget(client: ProcoreClient) -> None:
    codes = every(client.cost_codes(HARBOUR))
    assert [row["full_code"] for row in codes] == ["03", "03-300"]
    assert [row["code"] for row in every(client.line_item_types(HARBOUR))] == ["M", "L"]
    wbs = {str(row["id"]): row for row in every(client.wbs_codes(HARBOUR))}
    assert set(wbs) == {CONCRETE, STEEL, UNBUDGETED, INACTIVE}
    assert wbs[INACTIVE]["status"] == "inactive"
    assert wbs[CONCRETE]["flat_code"] == "03.M"
    assert client.budgeted_wbs_codes(HARBOUR) == {CONCRETE, STEEL, INACTIVE}


def test_a_cost_code_can_be_made_below_another(client: ProcoreClient) -> None:
    parent = every(client.cost_codes(HARBOUR))[0]
    made_code = client.create_cost_code(
        HARBOUR, {"code": "400", "name": "Walls", "parent_id": str(parent["id"])}
    )
    assert made_code["full_code"] == "03-400"


def test_what_changed_since_a_moment(client: ProcoreClient, procore: ProcoreWorld) -> None:
    assert every(client.vendors("2026-01-01T00:00:00+00:00")) == []
    procore.simulator.edit("vendors", CLOSED, {"notes": "new"})
    procore.simulator.edit("wbs_codes", STEEL, {"description": "new"})
    found = every(client.vendors("2026-01-01T00:00:00+00:00"))
    assert [str(row["id"]) for row in found] == [CLOSED]
    codes = every(client.wbs_codes(HARBOUR, "2026-01-01T00:00:00+00:00"))
    assert [str(row["id"]) for row in codes] == [STEEL]
    assert every(client.vendors("2099-01-01T00:00:00+00:00")) == []


def test_lists_are_read_to_their_end(
    client: ProcoreClient, procore: ProcoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.providers.procore.caller.PER_PAGE", 10)
    client.sync_contracts(HARBOUR, [contract(f"o{n}", number=f"N{n}") for n in range(25)])
    pages = list(client.purchase_order_contracts(HARBOUR, view="compact"))
    assert [len(page.rows) for page in pages] == [10, 10, 5]
    assert {page.count for page in pages} == {25}
    procore.fault("repeat_page", match={"path_regex": "purchase_order_contracts"})
    with pytest.raises(ProviderError, match="repeats"):
        list(client.purchase_order_contracts(HARBOUR, view="compact"))


# --- commitments ----------------------------------------------------------------------------------


def test_a_commitment_from_draft_to_approved_and_read_back(client: ProcoreClient) -> None:
    contract_id = made(client)
    lines = [line(2, STEEL, quantity="0.5", unit_cost="10.01", amount="5.01"), line()]
    results = client.sync_lines(HARBOUR, contract_id, lines)
    assert [row["origin_id"] for row in results if not isinstance(row, ProviderError)] == [
        row["origin_id"] for row in lines
    ]
    approved = client.patch_contract(HARBOUR, contract_id, {"status": "Approved"})
    state = contract_state(client.purchase_order_contract(HARBOUR, contract_id))
    assert state.target_id == contract_id == str(approved["id"])
    assert (state.number, state.status, state.currency) == ("PO-900", "Approved", "USD")
    assert state.total == Decimal("8.22")
    assert (state.reference, state.vendor_key) == (ORIGIN, ACME)
    assert set(state.lines) == {row["origin_id"] for row in lines}
    assert state.content["contract_date"] == "2026-10-05"
    first = state.content["lines"][0]
    assert (first["wbs_code_id"], first["quantity"], first["amount"]) == (CONCRETE, "3", "3.21")


def test_the_same_origin_is_the_same_commitment(client: ProcoreClient) -> None:
    contract_id = made(client)
    (again,) = client.sync_contracts(HARBOUR, [contract(title="New")])
    assert not isinstance(again, ProviderError)
    assert (str(again["id"]), again["title"]) == (contract_id, "New")
    assert len(every(client.purchase_order_contracts(HARBOUR))) == 1


def test_rows_of_a_batch_have_fates_of_their_own(client: ProcoreClient) -> None:
    good = contract("good")
    stranger = contract("stranger", vendor_id=BOLT)
    first, second, third = client.sync_contracts(HARBOUR, [stranger, good, {"origin_id": "bare"}])
    assert isinstance(first, ProviderError)
    assert "vendor must be in the project's directory" in first.facts.message
    assert not isinstance(second, ProviderError)
    assert second["origin_id"] == "good"
    assert not isinstance(third, ProviderError)


def test_a_vendor_joins_the_project_once(client: ProcoreClient, procore: ProcoreWorld) -> None:
    for status in (201, 400, 409, 422):
        procore.options["procore_vendor_already"] = status
        client.add_project_vendor(HARBOUR, BOLT)
    assert {str(r["id"]) for r in every(client.project_vendors(HARBOUR))} == {ACME, BOLT, CLOSED}
    (found,) = client.sync_contracts(HARBOUR, [contract(vendor_id=BOLT)])
    assert not isinstance(found, ProviderError)


def test_an_approved_commitment_is_locked(client: ProcoreClient) -> None:
    contract_id = made(client)
    client.patch_contract(HARBOUR, contract_id, {"status": "Approved"})
    (row,) = client.sync_lines(HARBOUR, contract_id, [line(quantity="4", amount="4.28")])
    assert isinstance(row, ProviderError)
    assert is_locked(row.facts), row.facts
    line_id = contract_state(client.purchase_order_contract(HARBOUR, contract_id)).lines[
        line()["origin_id"]
    ]
    for refused in (
        lambda: client.delete_contract(HARBOUR, contract_id),
        lambda: client.delete_line(HARBOUR, contract_id, line_id),
        lambda: client.patch_contract(HARBOUR, contract_id, {"vendor_id": CLOSED}),
    ):
        with pytest.raises(ProviderError) as caught:
            refused()
        assert caught.value.kind is ErrorKind.REJECTED
        assert is_locked(caught.value.facts), caught.value.facts


@pytest.mark.parametrize("shape", ["fields", "list", "text", "coded", "message", "detailed"])
def test_a_lock_is_known_in_every_shape(
    client: ProcoreClient, procore: ProcoreWorld, shape: str
) -> None:
    contract_id = made(client)
    client.patch_contract(HARBOUR, contract_id, {"status": "Approved"})
    procore.options["procore_error_shape"] = shape
    with pytest.raises(ProviderError) as caught:
        client.delete_contract(HARBOUR, contract_id)
    assert is_locked(caught.value.facts), caught.value.facts


def test_a_draft_can_be_deleted_and_found_among_the_deleted(client: ProcoreClient) -> None:
    contract_id = made(client)
    client.delete_contract(HARBOUR, contract_id)
    lookup: dict[str, Any] = {"origin_ids": [ORIGIN]}
    assert every(client.purchase_order_contracts(HARBOUR, **lookup)) == []
    for wanted in ("with", "only"):
        found = every(client.purchase_order_contracts(HARBOUR, include_deleted=wanted, **lookup))
        assert [str(row["id"]) for row in found] == [contract_id]
        assert contract_state(found[0]).content["deleted_at"]
    with pytest.raises(ProviderError) as caught:
        client.purchase_order_contract(HARBOUR, contract_id)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    (again,) = client.sync_contracts(HARBOUR, [contract()])
    assert isinstance(again, ProviderError)
    assert is_origin_taken(again.facts)


def test_an_invoiced_commitment_says_so(client: ProcoreClient, procore: ProcoreWorld) -> None:
    contract_id = made(client)
    procore.simulator.edit("purchase_order_contracts", contract_id, {"invoiced": "2.00"})
    state = contract_state(client.purchase_order_contract(HARBOUR, contract_id))
    assert state.content["invoiced"] == "2"
    with pytest.raises(ProviderError) as caught:
        client.delete_contract(HARBOUR, contract_id)
    assert is_invoiced(caught.value.facts)


def test_lines_are_listed_and_deleted(client: ProcoreClient) -> None:
    contract_id = made(client)
    (found,) = every(client.contract_lines(HARBOUR, contract_id))
    assert found["origin_id"] == line()["origin_id"]
    client.delete_line(HARBOUR, contract_id, str(found["id"]))
    assert every(client.contract_lines(HARBOUR, contract_id)) == []


def test_lines_on_wrong_codes_are_refused_one_by_one(client: ProcoreClient) -> None:
    contract_id = made(client)
    inactive, foreign, good = client.sync_lines(
        HARBOUR, contract_id, [line(2, INACTIVE), line(3, "5001"), line(4, STEEL)]
    )
    assert isinstance(inactive, ProviderError)
    assert "inactive" in inactive.facts.message
    assert isinstance(foreign, ProviderError)
    assert not isinstance(good, ProviderError)


def test_a_single_commitment_and_vendors_can_be_made(client: ProcoreClient) -> None:
    found = client.create_contract(HARBOUR, contract())
    assert found["status"] == "Draft"
    vendor = client.create_vendor({"name": "New Ltd"})
    linked, refused = client.sync_vendors(
        [{"id": str(vendor["id"]), "origin_id": "zoho:9"}, {"origin_id": "zoho:8", "name": ""}]
    )
    assert not isinstance(linked, ProviderError)
    assert linked["origin_id"] == "zoho:9"
    assert isinstance(refused, ProviderError)
    assert "name can't be blank" in refused.facts.message


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
    client: ProcoreClient, procore: ProcoreWorld, kind: str, rule: dict[str, Any]
) -> None:
    procore.fault(kind, match={"write": True, "path_regex": "/sync"}, **rule)
    with pytest.raises(UnknownOutcomeError):
        client.sync_contracts(HARBOUR, [contract()])
    found = every(client.purchase_order_contracts(HARBOUR, origin_ids=[ORIGIN]))
    assert len(found) == (0 if kind == "drop_before" else 1)


def test_a_project_that_is_not_permitted(client: ProcoreClient, procore: ProcoreWorld) -> None:
    with pytest.raises(ProviderError) as caught:
        every(client.purchase_order_contracts(SECRET))
    assert caught.value.kind is ErrorKind.PERMISSION
    procore.options["procore_unpermitted_status"] = 404
    with pytest.raises(ProviderError) as caught:
        client.sync_contracts(SECRET, [contract()])
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_a_company_without_the_app(procore: ProcoreWorld) -> None:
    with pytest.raises(ProviderError, match="not connected") as caught:
        every(procore.client(company_id=OTHER_COMPANY).vendors())
    assert caught.value.kind is ErrorKind.CONFIGURATION


def test_an_expired_token_is_renewed_in_mid_work(procore: ProcoreWorld) -> None:
    store = MemoryStore()
    client = procore.client(store)
    client.me()
    procore.call("expire_tokens")
    assert made(client)
    assert store.saves == 2
    assert len(procore.requests("token")) == 2


def test_revoked_credentials_stop_with_words(procore: ProcoreWorld) -> None:
    store = MemoryStore()
    client = procore.client(store)
    client.me()
    procore.call("revoke_grants")
    with pytest.raises(ProviderError) as caught:
        client.me()
    assert caught.value.kind is ErrorKind.AUTHORISATION
    assert "Check both" in store.stopped


@pytest.mark.parametrize("retry_after", [False, True])
def test_the_spike_limit_becomes_a_time_to_come_again(
    procore: ProcoreWorld, retry_after: bool
) -> None:
    client = procore.client()
    client.me()
    procore.options.update(procore_spike=1, procore_retry_after=retry_after)
    with pytest.raises(RetryLater, match="surpassed") as caught:
        client.sync_contracts(HARBOUR, [contract()])
    assert 0 < (caught.value.at - clock.now()).total_seconds() <= 11
    quota = client.api.observed.quota
    assert quota is not None
    assert (quota.limit, quota.remaining, quota.short) == (1, 0, True)
    procore.options["procore_spike"] = 0
    assert every(client.purchase_order_contracts(SCHOOL)) == []


@pytest.mark.parametrize("retry_after", [False, True])
def test_so_does_the_hourly_limit(procore: ProcoreWorld, retry_after: bool) -> None:
    client = procore.client()
    procore.options.update(procore_hourly=2, procore_retry_after=retry_after)
    client.me()
    assert every(client.purchase_order_contracts(SCHOOL)) == []
    quota = client.api.observed.quota
    assert quota is not None
    assert (quota.limit, quota.remaining, quota.short) == (2, 0, True)
    assert quota.reset_seconds > 12, "not taken for the limit of ten seconds"
    with pytest.raises(RetryLater, match="surpassed") as caught:
        every(client.purchase_order_contracts(SCHOOL))
    assert 600 < (caught.value.at - clock.now()).total_seconds() <= 3601


def test_heavy_load_is_waited_out_as_long_as_procore_asks(procore: ProcoreWorld) -> None:
    client = procore.client()
    client.me()
    procore.fault("status", status=503, retry_after="40")
    with pytest.raises(RetryLater) as caught:
        every(client.purchase_order_contracts(HARBOUR))
    assert 30 < (caught.value.at - clock.now()).total_seconds() <= 41
    procore.fault("status", status=503, retry_after="40")
    with pytest.raises(UnknownOutcomeError) as unknown:
        client.sync_contracts(HARBOUR, [contract()])
    assert unknown.value.facts.retry_at is not None
