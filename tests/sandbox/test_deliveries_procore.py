"""Procore's webhooks: hooks and triggers, events for every write, deliveries and their retries."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.procore_company import (
    ACME,
    BOLT,
    BRIDGE,
    COMPANY,
    DEPOT,
    Served,
    line,
    served,
)
from tests.sandbox.receiver import Receiver, receiver
from tests.timing import eventually

HOOKS = "/v1.0/webhooks/hooks"
CONTRACTS = "Purchase Order Contracts"
EVERY = [
    {"resource_name": name, "event_type": event}
    for name in (
        CONTRACTS,
        "Purchase Order Contract Line Items",
        "Company Vendors",
        "Project Vendors",
        "Projects",
        "Budget Line Items",
    )
    for event in ("create", "update", "delete")
]


@pytest.fixture
def company() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def door() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def add_hook(company: Served, door: Receiver, triggers: list[Any], **owner: int) -> Any:
    owner = owner or {"company_id": COMPANY}
    hook = {
        "api_version": "v2",
        "namespace": "our-sync",
        "destination_url": door.url,
        "destination_headers": {"Authorization": "Bearer quite-secret"},
    }
    made = company.done("POST", HOOKS, {**owner, "hook": hook})
    path = f"{HOOKS}/{made['id']}/triggers/bulk"
    answer = company.done("POST", path, {**owner, "api_version": "v2", "triggers": triggers})
    assert answer["errors"] == []
    return made


def noted(company: Served, what: str) -> int:
    """How often so far, whatever is still under way."""
    return int(company.control("GET", "deliveries")["deliveries"]["procore"][what])


def counts(company: Served) -> Any:
    return company.control("GET", "deliveries/idle?timeout=50")["deliveries"]["procore"]


def told(door: Receiver) -> list[tuple[str, str]]:
    return [(one.json["resource_name"], one.json["event_type"]) for one in door.arrived]


def test_hooks_are_kept_with_their_headers_masked(company: Served, door: Receiver) -> None:
    made = add_hook(company, door, [{"resource_name": CONTRACTS, "event_type": "update"}])
    assert made["destination_headers"] == {"Authorization": "****ecret"}
    assert (made["owned_by_company_id"], made["owned_by_project_id"]) == (COMPANY, None)
    path = f"{HOOKS}/{made['id']}"
    assert company.done("GET", HOOKS, company_id=COMPANY) == [made]
    assert company.done("GET", HOOKS, company_id=COMPANY, namespace="other") == []
    (trigger,) = company.done("GET", f"{path}/triggers", company_id=COMPANY)
    assert (trigger["resource_name"], trigger["event_type"]) == (CONTRACTS, "UPDATE")
    one = {"trigger": {"resource_name": CONTRACTS, "event_type": "create"}}
    second = company.done("POST", f"{path}/triggers", one)
    company.done("DELETE", f"{path}/triggers/{second['id']}")
    company.refused(404, "DELETE", f"{path}/triggers/{second['id']}")
    bulk = company.call("DELETE", f"{path}/triggers/bulk", {"triggers": [trigger["id"], 5]})
    assert (bulk.status_code, len(bulk.json()["errors"])) == (207, 1)
    changed = company.done("PATCH", path, {"hook": {"namespace": "renamed"}})
    assert (changed["namespace"], changed["destination_url"]) == ("renamed", door.url)
    company.done("DELETE", path, company_id=COMPANY)
    company.refused(404, "GET", path)
    resources = company.done("GET", "/v1.0/webhooks/resources", company_id=COMPANY)
    assert CONTRACTS in [one["name"] for one in resources]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"destination_url": "https://hooks.example.com/x"}, "destination_url"),
        ({"namespace": "Our Sync"}, "namespace"),
        ({"api_version": "v4"}, "api_version"),
        ({"destination_headers": "x"}, "destination_headers"),
    ],
)
def test_a_bad_hook_is_refused(
    company: Served, door: Receiver, wrong: dict[str, Any], field: str
) -> None:
    hook = {"destination_url": door.url, **wrong}
    answer = company.refused(422, "POST", HOOKS, {"company_id": COMPANY, "hook": hook})
    assert list(answer["errors"]) == [field]
    company.refused(400, "POST", HOOKS, {"company_id": COMPANY})


def test_bad_triggers_are_refused_one_by_one(company: Served, door: Receiver) -> None:
    made = add_hook(company, door, [])
    path = f"{HOOKS}/{made['id']}/triggers"
    good = {"resource_name": CONTRACTS, "event_type": "create"}
    rows = [good, good, {"resource_name": "Moon"}, {"resource_name": CONTRACTS}, 7]
    answer = company.call("POST", f"{path}/bulk", {"triggers": rows})
    assert (answer.status_code, len(answer.json()["errors"])) == (207, 4)
    company.refused(413, "POST", f"{path}/bulk", {"triggers": [good] * 501})
    company.refused(400, "POST", f"{path}/bulk", {"triggers": 1})


def test_every_write_is_told_our_own_with_our_application(company: Served, door: Receiver) -> None:
    add_hook(company, door, EVERY)
    made = company.contract()
    company.sync_lines(made, line(code=504, origin_id="a"))
    path = f"/v1.0/purchase_order_contracts/{made['id']}"
    company.done("DELETE", path, project_id=DEPOT)
    company.done("POST", f"/v1.0/projects/{DEPOT}/vendors/{BOLT}/actions/add")
    company.control("POST", f"edit/procore/vendors/{ACME}", {"city": "Reno"})
    company.control("POST", f"edit/procore/projects/{DEPOT}", {"active": False})
    counts(company)
    assert sorted(told(door)) == sorted(
        [
            (CONTRACTS, "create"),
            ("Purchase Order Contract Line Items", "create"),
            ("Budget Line Items", "create"),
            (CONTRACTS, "update"),
            (CONTRACTS, "delete"),
            ("Project Vendors", "create"),
            ("Company Vendors", "update"),
            ("Projects", "update"),
        ]
    )
    # Deliveries leave side by side, so the first one made need not arrive first.
    first = next(
        row
        for row in door.arrived
        if (row.json["resource_name"], row.json["event_type"]) == (CONTRACTS, "create")
    )
    assert first.headers["Authorization"] == "Bearer quite-secret"
    event = first.json
    assert event["metadata"] == {
        "source_user_id": 901,
        "source_project_id": DEPOT,
        "source_operation_id": None,
        "source_company_id": COMPANY,
        "source_application_id": 7001,
    }
    assert (event["resource_id"], event["company_id"], event["project_id"]) == (
        made["id"],
        COMPANY,
        DEPOT,
    )
    assert event["api_version"] == "v2.0"
    assert len({one.json["ulid"] for one in door.arrived}) == 8
    assert all(len(one.json["ulid"]) == 26 for one in door.arrived)
    by_person = next(
        one.json
        for one in door.arrived
        if one.json["event_type"] == "update" and one.json["resource_name"] == "Company Vendors"
    )
    assert by_person["user_id"] == 902
    assert by_person["metadata"]["source_application_id"] is None
    assert by_person["project_id"] is None


def test_a_write_that_changes_nothing_is_not_told(company: Served, door: Receiver) -> None:
    company.sync({"origin_id": "a", "title": "x"})
    add_hook(company, door, EVERY)
    company.sync({"origin_id": "a", "title": "x"})
    company.sync({"origin_id": "a", "title": "y"})
    door.wait_for(1)
    assert counts(company)["made"] == 1


def test_a_projects_hook_hears_of_its_project_only(company: Served, door: Receiver) -> None:
    add_hook(company, door, EVERY, project_id=DEPOT)
    company.sync({"title": "x"}, project=BRIDGE)
    company.sync({"title": "y"})
    assert [one.json["project_id"] for one in door.wait_for(1)] == [DEPOT]
    assert counts(company)["made"] == 1
    assert company.done("GET", HOOKS, company_id=COMPANY) == []
    assert len(company.done("GET", HOOKS, project_id=DEPOT)) == 1


def test_a_failure_pauses_the_whole_address_until_it_answers(
    company: Served, door: Receiver
) -> None:
    made = add_hook(company, door, EVERY)
    company.control("POST", "deliveries", {"first_pause": 1000})
    door.answers = [500, 500]
    company.sync({"origin_id": "a", "title": "x"})
    assert eventually(lambda: noted(company, "refused") == 1)
    for title in ("y", "z"):
        company.sync({"origin_id": "a", "title": title})
    assert company.control("GET", "deliveries/idle?timeout=0.1")["idle"] is False
    assert len(door.arrived) == 1
    company.control("POST", "clock", {"advance_seconds": 1001})
    assert eventually(lambda: noted(company, "refused") == 2)
    company.control("POST", "clock", {"advance_seconds": 1001})
    assert company.control("GET", "deliveries/idle?timeout=0.1")["idle"] is False
    assert len(door.arrived) == 2
    company.control("POST", "clock", {"advance_seconds": 1001})
    found = counts(company)
    assert (found["made"], found["answered"], found["retried"]) == (3, 3, 2)
    history = company.done("GET", f"{HOOKS}/{made['id']}/deliveries", company_id=COMPANY)
    assert [(one["outcome"], one["attempts"]) for one in history] == [
        ("ok", 1),
        ("ok", 1),
        ("ok", 3),
    ]


def test_after_twelve_hours_the_queue_is_flushed_and_a_new_event_begins_afresh(
    company: Served, door: Receiver
) -> None:
    made = add_hook(company, door, EVERY)
    door.answers = [500, 500]
    company.sync({"origin_id": "a", "title": "x"})
    assert eventually(lambda: noted(company, "refused") == 1)
    company.sync({"origin_id": "a", "title": "y"})
    company.control("POST", "clock", {"advance_seconds": 43_300})
    found = counts(company)
    assert (found["discarded"], found["answered"]) == (2, 0)
    company.sign_in()
    query = {"company_id": COMPANY, "filters[status]": "discarded"}
    history = company.done("GET", f"{HOOKS}/{made['id']}/deliveries", **query)
    assert [one["outcome"] for one in history] == ["discarded"] * 2
    company.sync({"origin_id": "a", "title": "z"})
    door.wait_for(3)
    assert counts(company)["answered"] == 1


def test_twins_have_the_same_time_and_other_ids(company: Served, door: Receiver) -> None:
    company.control("POST", "options", {"procore_twin_events": 1})
    add_hook(company, door, EVERY)
    company.sync({"title": "x"})
    one, other = (arrived.json for arrived in door.wait_for(2))
    assert one["timestamp"] == other["timestamp"]
    assert one["id"] != other["id"]
    assert one["ulid"] != other["ulid"]


def test_duplicates_are_the_same_event_again(company: Served, door: Receiver) -> None:
    script = {"provider": "procore", "duplicate_probability": 1, "duplicate_after": [0, 0]}
    company.control("POST", "deliveries", script)
    add_hook(company, door, EVERY)
    company.sync({"title": "x"})
    one, other = (arrived.json for arrived in door.wait_for(2))
    assert one == other
    rows = company.control("GET", "deliveries/rows?provider=procore")["rows"]
    assert [row["copy_of"] for row in rows] == [None, rows[0]["n"]]


def test_procore_can_forget_all_hooks_and_loading_a_company_forgets_all_deliveries(
    company: Served, door: Receiver
) -> None:
    made = add_hook(company, door, EVERY)
    assert company.control("POST", "call/procore/drop_hooks", {})["result"] == 1
    company.refused(404, "GET", f"{HOOKS}/{made['id']}")
    company.sync({"title": "x"})
    assert company.control("GET", "deliveries")["deliveries"] == {}
    assert company.books()["triggers"] == []
