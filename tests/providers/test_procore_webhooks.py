"""Procore's deliveries are proved and read, and hooks are made good again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.providers.procore.webhooks import EVENTS, WEBHOOKS, ensure, read, remove
from connectors.transport.webhooks import Delivery, Hint, RefusedDeliveryError
from tests.providers.procore_world import COMPANY, ProcoreWorld, procore_world

SECRET = "a-secret-of-this-endpoint"
SETTINGS = {"company_id": "3"}
ADDRESS = "http://127.0.0.1:1/webhooks/procore/token/"
EVENT = {
    "id": 123456789,
    "ulid": "01EDPD2J6SBY1163N77H95GW09",
    "timestamp": "2025-02-06T23:34:12.246562Z",
    "metadata": {
        "source_user_id": 1,
        "source_project_id": 2,
        "source_operation_id": None,
        "source_company_id": 3,
        "source_application_id": 7,
    },
    "user_id": 1,
    "company_id": 3,
    "project_id": 2,
    "api_version": "v2.0",
    "event_type": "update",
    "resource_name": "Purchase Order Contracts",
    "resource_id": 54321,
}


def delivery(body: Any = None, authorization: str | None = f"Bearer {SECRET}") -> Delivery:
    headers = {} if authorization is None else {"authorization": authorization}
    content = body if isinstance(body, bytes) else json.dumps(body or EVENT).encode()
    return Delivery(query=[], headers=headers, content_type="application/json", body=content)


def test_a_delivery_hints_at_one_record() -> None:
    assert read(delivery(), SECRET, SETTINGS) == (
        Hint(
            resource="Purchase Order Contracts",
            key="54321",
            action="update",
            event_id="01EDPD2J6SBY1163N77H95GW09",
            within="2",
            source={
                "user_id": "1",
                "application_id": "7",
                "at": "2025-02-06T23:34:12.246562Z",
            },
        ),
    )


def test_the_newest_form_has_texts_and_no_metadata() -> None:
    newest = {
        "id": "01EDPD2J6SBY1163N77H95GW09",
        "timestamp": "2025-02-06T23:34:12Z",
        "reason": "UPDATE",
        "company_id": "3",
        "project_id": None,
        "user_id": "1",
        "resource_type": "Projects",
        "resource_id": "9007199254740993",
    }
    (hint,) = read(delivery(newest), SECRET, SETTINGS)
    assert (hint.resource, hint.key, hint.action) == ("Projects", "9007199254740993", "update")
    source = {"user_id": "1", "at": newest["timestamp"]}
    assert (hint.event_id, hint.within, hint.source) == (newest["id"], "", source)


@pytest.mark.parametrize("given", [None, "", "Bearer", f"bearer {SECRET}", SECRET, "Bearer other"])
def test_the_header_must_be_ours_to_the_letter(given: str | None) -> None:
    with pytest.raises(RefusedDeliveryError, match="Authorization"):
        read(delivery(authorization=given), SECRET, SETTINGS)
    with pytest.raises(RefusedDeliveryError):
        read(delivery(authorization="Bearer "), "", SETTINGS)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "no|not a JSON object"),
        (b"[" * 50_000, "not JSON"),
        ({**EVENT, "company_id": 4}, "company 4"),
        ({**EVENT, "resource_id": None}, "names no record"),
        ({**EVENT, "resource_id": "../9"}, "names no record"),
        ({**EVENT, "resource_id": {"a": 1}}, "names no record"),
        ({**EVENT, "resource_id": True}, "names no record"),
        ({**EVENT, "resource_name": ""}, "names no record"),
    ],
)
def test_what_is_no_event_is_refused_with_words(body: Any, words: str) -> None:
    with pytest.raises(RefusedDeliveryError, match=words):
        read(delivery(body), SECRET, SETTINGS)


def test_a_company_that_is_not_named_or_not_known_is_settled_later() -> None:
    assert read(delivery({**EVENT, "company_id": None}), SECRET, SETTINGS)
    assert read(delivery(), SECRET, {})


# --- hooks ----------------------------------------------------------------------------------------


@pytest.fixture
def procore() -> Iterator[ProcoreWorld]:
    with procore_world() as world:
        yield world


def books(procore: ProcoreWorld, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = procore.simulator.books()[name]
    return found


def test_a_hook_is_made_once_and_then_left_alone(procore: ProcoreWorld) -> None:
    client = procore.client()
    remembered = ensure(client, ADDRESS, SECRET, {})
    (hook,) = books(procore, "hooks")
    assert remembered["hook_id"] == str(hook["id"])
    assert (hook["destination_url"], hook["owned_by_company_id"]) == (ADDRESS, int(COMPANY))
    assert hook["namespace"] == remembered["namespace"]
    told = {(row["resource_name"], row["event_type"].lower()) for row in books(procore, "triggers")}
    assert told == set(EVENTS)
    writes = len(procore.requests("write"))
    assert ensure(client, ADDRESS, SECRET, remembered) == remembered
    assert len(procore.requests("write")) == writes


def test_a_hook_that_procore_dropped_is_made_again(procore: ProcoreWorld) -> None:
    client = procore.client()
    first = ensure(client, ADDRESS, SECRET, {})
    procore.call("drop_hooks")
    second = ensure(client, ADDRESS, SECRET, first)
    assert second["hook_id"] != first["hook_id"]
    assert len(books(procore, "hooks")) == 1
    assert len(books(procore, "triggers")) == len(EVENTS)


def test_doubles_go_and_missing_triggers_come_back(procore: ProcoreWorld) -> None:
    client = procore.client()
    first = ensure(client, ADDRESS, SECRET, {})
    client.create_hook(first["namespace"], ADDRESS, f"Bearer {SECRET}")
    trigger = books(procore, "triggers")[0]
    client.delete_triggers(first["hook_id"], [str(trigger["id"])])
    assert ensure(client, ADDRESS, SECRET, first) == first
    assert [str(row["id"]) for row in books(procore, "hooks")] == [first["hook_id"]]
    assert len(books(procore, "triggers")) == len(EVENTS)


def test_another_secret_or_address_replaces_the_old_one(procore: ProcoreWorld) -> None:
    client = procore.client()
    first = ensure(client, ADDRESS, SECRET, {})
    ensure(client, ADDRESS, "b-secret-that-ends-otherwise", first)
    (hook,) = books(procore, "hooks")
    assert hook["destination_headers"]["Authorization"].endswith("rwise")
    moved = ensure(client, f"{ADDRESS}new/", SECRET, first)
    (hook,) = books(procore, "hooks")
    assert (str(hook["id"]), hook["destination_url"]) == (moved["hook_id"], f"{ADDRESS}new/")


def test_hooks_of_others_are_left_alone(procore: ProcoreWorld) -> None:
    client = procore.client()
    other = client.create_hook("theirs", ADDRESS, "Bearer x")
    another_connection = ensure(client, "http://127.0.0.1:1/other/", SECRET, {})
    mine = ensure(client, ADDRESS, SECRET, {})
    remove(client, mine)
    remove(client, mine)  # gone already
    remove(client, {})
    left = {str(row["id"]) for row in books(procore, "hooks")}
    assert left == {str(other["id"]), another_connection["hook_id"]}


def test_the_provider_offers_all_three() -> None:
    assert (WEBHOOKS.read, WEBHOOKS.ensure, WEBHOOKS.remove) == (read, ensure, remove)
