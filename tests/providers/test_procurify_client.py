"""The Procurify client over the simulator: lists to their end, refusals told apart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.core import clock
from connectors.core.answers import Answer, with_answer
from connectors.core.errors import BadInputError, ErrorKind, ProviderError, RetryLater
from connectors.core.records import Raw
from connectors.providers.procurify.client import VENDORS_AT, ProcurifyClient
from connectors.providers.procurify.names import DEFAULTS, names_for
from connectors.providers.procurify.ping import ping, resolve
from connectors.providers.procurify.spec import SPEC, clean
from tests.providers.conftest import OpenProcurify
from tests.sandbox_process import SandboxProcess
from tests.timing import is_after
from tests.transport.fakes import MemoryStore

EARLY, LATE = date(2020, 1, 1), date(2030, 1, 1)


@pytest.fixture
def client(open_procurify: OpenProcurify) -> ProcurifyClient:
    return open_procurify(page_size=4)


def every(pages: Any) -> list[Raw]:
    return [row for page in pages for row in page.rows]


def options(sandbox: SandboxProcess, **values: Any) -> None:
    sandbox.post("/control/options", {f"procurify_{name}": v for name, v in values.items()})


def requests(sandbox: SandboxProcess, kind: str = "read") -> list[dict[str, Any]]:
    rows = sandbox.get("/control/requests", provider="procurify")["requests"]
    return [row for row in rows if row["kind"] == kind]


def test_bills_in_pages_with_their_count(client: ProcurifyClient, sandbox: SandboxProcess) -> None:
    pages = list(client.bills())
    state = sandbox.get("/control/books/procurify")["bills"]
    assert [len(page.rows) for page in pages] == [4, 4, 1]
    assert {page.count for page in pages} == {9}
    assert len({row["uuid"] for page in pages for row in page.rows}) == len(state) == 9


def test_a_bill_and_an_order_in_full(client: ProcurifyClient) -> None:
    bill = client.bill(every(client.bills())[0]["uuid"])
    assert bill["items"][0]["cost_allocations"]
    order = client.purchase_order(str(every(client.purchase_orders())[0]["procurify_PO"]))
    assert order["order_items"]
    assert not isinstance(bill["total_cost_with_tax"], float)


def test_windows_are_asked_for(client: ProcurifyClient) -> None:
    assert every(client.order_items(EARLY, LATE)) == every(client.order_items())
    assert every(client.order_items(EARLY, LATE, created=True))
    assert every(client.purchase_orders(EARLY, LATE)) == every(client.purchase_orders())
    assert every(client.purchase_orders(LATE, None)) == []
    bills = every(client.bills())
    last = max(datetime.fromisoformat(row["last_modified_datetime"]) for row in bills)
    newest = every(client.bills(last, last + timedelta(minutes=1)))
    assert newest
    assert len(newest) < len(bills)
    assert every(client.bills(datetime(2030, 1, 1, tzinfo=UTC), None)) == []


def test_master_data(client: ProcurifyClient) -> None:
    for read in (client.vendors, client.account_codes, client.currencies, client.departments):
        assert every(read())
    assert client.me()


def test_vendors_without_groups_come_from_the_shorter_path(
    open_procurify: OpenProcurify, sandbox: SandboxProcess
) -> None:
    changed = open_procurify(overrides={"vendors": "/api/v3/vendors/nowhere/"})
    assert every(changed.vendors()) == every(open_procurify().vendors())


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_vendors_come_from_the_path_that_is_not_refused(
    open_procurify: OpenProcurify, sandbox: SandboxProcess, status: int
) -> None:
    told: list[Answer] = []
    whole = every(open_procurify().vendors())
    options(sandbox, vendor_groups=status)
    client = open_procurify(learn=told.append)
    assert every(client.vendors()) == whole
    assert [(answer.name, answer.value) for answer in told] == [(VENDORS_AT, "/api/v3/vendors/")]
    assert "at /api/v3/vendors/." in told[0].words
    sandbox.delete("/control/requests")
    profile = with_answer({}, told[0])
    assert every(open_procurify(profile=profile, learn=told.append).vendors()) == whole
    # Learnt once, the path is asked for at once.
    assert {row["path"].partition("?")[0].rsplit("/api/")[1] for row in requests(sandbox)} == {
        "v3/vendors/"
    }
    assert len(told) == 1


def test_two_refusals_are_the_first_one(
    open_procurify: OpenProcurify, sandbox: SandboxProcess
) -> None:
    options(sandbox, vendor_groups=400)
    client = open_procurify(overrides={"vendors_fallback": "/api/v3/vendors/nowhere/"})
    with pytest.raises(ProviderError) as caught:
        every(client.vendors())
    assert caught.value.facts.status == 400


def test_the_connections_test_asks_for_the_vendors_path_again(
    open_procurify: OpenProcurify,
) -> None:
    told: list[Answer] = []
    learnt = Answer(name=VENDORS_AT, value="/api/v3/vendors/", words="")
    client = open_procurify(profile=with_answer({}, learnt), learn=told.append)
    ping(client, {"subdomain": "cascadia"})
    found = {answer.name: answer.value for answer in told}
    assert found[VENDORS_AT] == "/api/v3/vendors/all/"


def test_the_host_of_a_next_link_is_not_believed(
    client: ProcurifyClient, sandbox: SandboxProcess
) -> None:
    options(sandbox, foreign_next=True)
    assert len(every(client.bills())) == 9


def test_a_repeated_page_is_an_error(client: ProcurifyClient, sandbox: SandboxProcess) -> None:
    match = {"provider": "procurify", "path_regex": "/bills/"}
    sandbox.post(
        "/control/faults", {"rules": [{"match": match, "kind": "repeat_page", "count": 1}]}
    )
    with pytest.raises(ProviderError, match="page 2 was asked for, page 1 came"):
        every(client.bills())


def test_a_page_that_times_out_is_asked_for_in_smaller_ones(
    client: ProcurifyClient, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [row["uuid"] for row in every(client.bills())]
    sandbox.delete("/control/requests")
    monkeypatch.setattr("connectors.transport.client._READ_SECONDS", 0.6)
    match = {"provider": "procurify", "path_regex": r"/bills/.*page=2"}
    rule = {"match": match, "kind": "delay", "delay": 1.2, "count": 1}
    sandbox.post("/control/faults", {"rules": [rule]})
    assert [row["uuid"] for row in every(client.bills())] == whole
    asked = [row["path"].partition("?")[2] for row in requests(sandbox)]
    assert asked[:3] == ["page=1&page_size=4", "page=2&page_size=4", "page=3&page_size=2"]
    assert sandbox.get("/control/faults")["fired"] == {"delay": 1}


# --- what is asked of the account ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("unknown", "value"),
    [
        ([], ""),
        (["modified_date"], "purchase orders"),
        (["last_modified"], "order items, bills"),
        (["po_created_date"], "items of new orders"),
    ],
)
def test_a_filter_that_procurify_ignores_is_found_out(
    open_procurify: OpenProcurify, sandbox: SandboxProcess, unknown: list[str], value: str
) -> None:
    told: list[Answer] = []
    options(sandbox, ignored_filters=unknown)
    findings = ping(open_procurify(learn=told.append), {"subdomain": "cascadia"})
    assert all(finding.ok for finding in findings)
    answer = next(answer for answer in told if answer.name == "ignored_filters")
    assert answer.value == value
    assert ("ignores the time" in answer.words) is bool(value)


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_ends_of_a_window_are_in_it_whichever_way_procurify_reads_them(
    client: ProcurifyClient, sandbox: SandboxProcess, exclusive: bool
) -> None:
    options(sandbox, exclusive_ends=exclusive)
    times = [datetime.fromisoformat(row["last_modified_datetime"]) for row in every(client.bills())]
    first, last = min(times), max(times)
    assert len(every(client.bills(first, last))) == len(times)


def test_nothing_is_asked_for_whose_meaning_is_not_known(
    client: ProcurifyClient, sandbox: SandboxProcess
) -> None:
    for read in (client.bills, client.purchase_orders, client.order_items, client.vendors):
        every(read())
    asked = "&".join(row["path"].partition("?")[2] for row in requests(sandbox))
    names = {part.partition("=")[0] for part in asked.split("&") if part}
    assert names == {"page", "page_size"}


# --- refusals ------------------------------------------------------------------------------------


def test_a_missing_permission_is_one(client: ProcurifyClient, sandbox: SandboxProcess) -> None:
    options(sandbox, deny=["bills"])
    with pytest.raises(ProviderError) as caught:
        every(client.bills())
    options(sandbox, deny=[])
    assert caught.value.kind is ErrorKind.PERMISSION
    assert [row["path"].partition("?")[0].rsplit("/api/")[1] for row in requests(sandbox)] == [
        "v3/ap/bills/", "v3/users/me/",
    ]  # fmt: skip


def test_a_suspended_account_is_another_thing(
    client: ProcurifyClient, sandbox: SandboxProcess
) -> None:
    every(client.vendors())
    sandbox.post("/control/call/procurify/suspend")
    with pytest.raises(ProviderError) as caught:
        every(client.bills())
    assert caught.value.kind is ErrorKind.SUSPENDED
    findings = ping(client, {"subdomain": "cascadia-works"})
    assert [finding.ok for finding in findings] == [False]
    assert "suspended" in findings[0].words


def test_an_expired_token_is_renewed(
    open_procurify: OpenProcurify, sandbox: SandboxProcess
) -> None:
    store = MemoryStore()
    client = open_procurify(store)
    client.me()
    sandbox.post("/control/call/procurify/expire_tokens")
    assert client.me()
    assert store.saves == 2
    assert len(requests(sandbox, "token")) == 2


def test_wrong_credentials_are_explained(open_procurify: OpenProcurify) -> None:
    store = MemoryStore()
    with pytest.raises(ProviderError) as caught:
        open_procurify(store, client_secret="wrong").me()
    assert caught.value.kind is ErrorKind.AUTHORISATION
    assert "Check both" in store.stopped


def test_a_wrong_subdomain_is_explained(open_procurify: OpenProcurify) -> None:
    with pytest.raises(ProviderError) as caught:
        open_procurify(subdomain="nobody").me()
    assert caught.value.kind is ErrorKind.CONFIGURATION
    assert "nobody.procurify.com" in str(caught.value)


def test_a_limit_becomes_a_time_to_come_again(
    client: ProcurifyClient, sandbox: SandboxProcess
) -> None:
    client.me()
    began = clock.now()
    match = {"provider": "procurify"}
    rule = {"match": match, "kind": "status", "status": 429, "retry_after": 40, "count": 1}
    sandbox.post("/control/faults", {"rules": [rule]})
    with pytest.raises(RetryLater) as caught:
        client.me()
    assert is_after(caught.value.at, began, 40)


def test_html_from_the_gateway_is_survived(
    client: ProcurifyClient, sandbox: SandboxProcess
) -> None:
    rule = {"match": {"provider": "procurify"}, "kind": "status", "status": 502, "count": 1}
    client.me()
    sandbox.post("/control/faults", {"rules": [rule]})
    assert client.me()


# --- testing a connection and its settings --------------------------------------------------------


def test_ping_says_everything_is_fine(client: ProcurifyClient) -> None:
    settings = {"subdomain": "cascadia-works"}
    findings = {finding.name: finding for finding in ping(client, settings)}
    assert all(finding.ok for finding in findings.values()), findings
    assert {"authorised", "organization", "bills", "vendors", "clock"} <= set(findings)
    assert resolve(client, settings)["currency_code"] == "USD"


@pytest.mark.parametrize(
    "subdomain",
    ["", "a.b", "evil.test/", "x@evil.test", "-x", "x-", "x" * 64, "a b", "xn--ü", "a/../b"],
)
def test_a_subdomain_is_one_label(subdomain: str) -> None:
    with pytest.raises(BadInputError):
        SPEC.endpoints(clean({"subdomain": subdomain}), "")


def test_addresses_stay_below_procurify() -> None:
    found = SPEC.endpoints(clean({"subdomain": " Acme-2 "}), "")
    assert found.api == "https://acme-2.procurify.com"
    assert found.token == "https://acme-2.procurify.com/oauth/token"
    assert found.allowed == {"https://acme-2.procurify.com:443"}


@pytest.mark.parametrize(
    "overrides",
    [
        "no json",
        "[1]",
        {"nonsense": "/api/x/"},
        {"bills": "https://evil.test/"},
        {"bills": "/api/../x/"},
        {"bills.modified": "a&b"},
    ],
)
def test_other_paths_are_checked(overrides: Any) -> None:
    with pytest.raises(BadInputError):
        clean({"subdomain": "acme", "overrides": overrides})


def test_other_paths_replace_the_defaults() -> None:
    names = names_for({"overrides": '{"bills.modified": "changed"}'})
    assert names["bills.modified"] == "changed"
    assert {**names, "bills.modified": ""} == {**DEFAULTS, "bills.modified": ""}
