"""Zoho Books as it may be and as it may be otherwise: what the client and the sink make of both."""

from typing import Any

import pytest

from connectors.core.errors import ErrorKind, ProviderError
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.records import bill_state
from tests.providers.conftest import OpenZoho
from tests.providers.test_zoho_client import bill_body
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(open_zoho: OpenZoho) -> ZohoBooksClient:
    return open_zoho()


def options(sandbox: SandboxProcess, **values: Any) -> None:
    sandbox.post("/control/options", {f"zoho_{name}": value for name, value in values.items()})


@pytest.mark.parametrize(("kept", "total"), [(False, "3.21"), (True, "6.42")])
def test_a_line_that_an_update_leaves_out_shows_in_the_total_if_it_stays(
    client: ZohoBooksClient, sandbox: SandboxProcess, kept: bool, total: str
) -> None:
    options(sandbox, keeps_omitted_lines=kept)
    body = bill_body(client)
    (line,) = body["line_items"]
    made = client.create_bill({**body, "line_items": [line, line]})
    first = made["line_items"][0]["line_item_id"]
    left = {"line_items": [{**line, "line_item_id": first}]}
    state = bill_state(client.update_bill(made["bill_id"], left))
    # The total that the answer says is compared with ours, so a kept line holds the document.
    assert str(state.total) == total


def test_no_page_is_asked_larger_than_is_known_to_work(
    client: ZohoBooksClient, sandbox: SandboxProcess
) -> None:
    for read in (client.contacts, client.bills, client.purchase_orders, client.projects):
        list(read())
    rows = sandbox.get("/control/requests", provider="zoho_books")["requests"]
    asked = [row["path"] for row in rows if "per_page" in row["path"]]
    assert asked
    assert all("per_page=200" in path for path in asked)


@pytest.mark.parametrize("one", [False, True])
def test_a_bill_in_another_currency_than_its_vendors_is_taken_or_refused_in_words(
    client: ZohoBooksClient, sandbox: SandboxProcess, one: bool
) -> None:
    options(sandbox, one_currency_per_contact=one)
    body = bill_body(client)
    own = client.contact(body["vendor_id"])["currency_id"]
    rows = [row for page in client.currencies() for row in page.rows]
    other = next(row for row in rows if row["currency_id"] != own)
    body["currency_id"] = other["currency_id"]
    if not one:
        assert client.create_bill(body)["currency_code"] == other["currency_code"]
        return
    with pytest.raises(ProviderError, match="another currency") as caught:
        client.create_bill(body)
    assert caught.value.kind is ErrorKind.REJECTED


@pytest.mark.parametrize(("field", "limit"), [("phone", 50), ("email", 100), ("company_name", 200)])
def test_a_contacts_long_texts_are_refused_in_zohos_words(
    client: ZohoBooksClient, field: str, limit: int
) -> None:
    body = {"contact_name": "Long", "contact_type": "vendor", field: "x" * (limit + 1)}
    with pytest.raises(ProviderError, match=f"less than {limit} characters") as caught:
        client.create_contact(body)
    assert caught.value.facts.code == "15"
