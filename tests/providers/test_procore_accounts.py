"""What accounts of Procore may do differently: the client is right either way, and remembers which.

Each way is a switch of the simulator; what is unsure is listed in ``docs/assumptions.md``.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.core.answers import with_answer
from connectors.core.errors import ErrorKind, ProviderError
from connectors.providers.procore.client import ProcoreClient
from tests.providers.procore_rig import ProcoreRig, rows
from tests.providers.procore_world import (
    ACME,
    BOLT,
    CLOSED,
    HARBOUR,
    SECRET,
    ProcoreWorld,
    procore_world,
)
from tests.providers.test_procore_live import contract, every


@pytest.fixture
def procore() -> Iterator[ProcoreWorld]:
    with procore_world() as world:
        yield world


@pytest.fixture
def client(procore: ProcoreWorld) -> ProcoreClient:
    return procore.client()


def test_a_conflict_without_words_is_looked_up(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    match = {"path_regex": "actions/add"}
    procore.fault("status", status=409, match=match)
    with pytest.raises(ProviderError) as raised:
        client.add_project_vendor(HARBOUR, BOLT)
    assert raised.value.facts.status == 409
    procore.fault("status", status=409, match=match)
    client.add_project_vendor(HARBOUR, ACME)


# --- inactive vendors -----------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [True, False])
def test_an_inactive_vendor_is_read_and_activated_however_hidden_it_is(
    client: ProcoreClient, procore: ProcoreWorld, hidden: bool
) -> None:
    procore.options["procore_inactive_hidden"] = hidden
    assert client.vendor(CLOSED)["is_active"] is False
    assert client.reactivate_vendor(CLOSED)["is_active"] is True
    assert client.vendor(CLOSED)["is_active"] is True
    assert client.reactivate_vendor(CLOSED)["is_active"] is True, "a second time changes nothing"
    for unknown in ("999", SECRET):
        with pytest.raises(ProviderError) as raised:
            client.reactivate_vendor(unknown)
        assert raised.value.kind is ErrorKind.NOT_FOUND
    (row,) = client.sync_vendors([{"id": CLOSED, "name": "Open again"}])
    assert not isinstance(row, ProviderError)
    assert row["name"] == "Open again"


def test_the_list_of_inactive_vendors_is_not_filtered_by_procore(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    procore.simulator.edit("vendors", CLOSED, {"origin_id": "mlc:1:vendor:7"})
    procore.simulator.edit("vendors", BOLT, {"is_active": False})
    [found] = client.vendors_by_origin(["mlc:1:vendor:7", "mlc:1:vendor:8"])
    assert str(found["id"]) == CLOSED
    asked = [row for row in procore.requests() if "inactive" in row["path"]]
    assert asked
    assert not [row for row in asked if "filters" in str(row)]


# --- look-ups by origin id ------------------------------------------------------------------------


def origins_asked(procore: ProcoreWorld, path: str = "purchase_order_contracts") -> list[str]:
    """How origin ids were asked for since this was asked last."""
    paths = [str(row["path"]) for row in procore.requests() if path in row["path"]]
    procore.http.delete("/control/requests")
    return [asked for asked in paths if "origin_id" in asked]


def looked_up(client: ProcoreClient, *origins: str) -> set[str]:
    pages = client.purchase_order_contracts(HARBOUR, origin_ids=origins, include_deleted="with")
    return {str(row["origin_id"]) for row in every(pages)}


@pytest.mark.parametrize("form", ["bracketed", "repeated", "none", "refused"])
def test_origin_ids_are_found_whatever_list_of_them_procore_takes(
    client: ProcoreClient, procore: ProcoreWorld, form: str
) -> None:
    procore.options["procore_origin_lists"] = form
    client.sync_contracts(HARBOUR, [contract(f"o{n}", number=f"N{n}") for n in range(3)])
    procore.http.delete("/control/requests")
    assert looked_up(client, "o1") == {"o1"}
    (asked,) = origins_asked(procore)
    assert "[]" not in asked
    assert looked_up(client, "o0", "o2", "absent") == {"o0", "o2"}
    assert looked_up(client, "absent", "missing", "o0") == {"o0"}
    origins_asked(procore)
    assert looked_up(client, "o2", "absent", "o1", "o0") == {"o0", "o1", "o2"}
    known = form in ("bracketed", "repeated")
    assert len(origins_asked(procore)) == (1 if known else 4)
    (learnt,) = procore.learned.values()
    assert learnt.name == "commitment_origin_lists"
    assert learnt.value == (form if known else "one at a time")
    assert ("several origin ids at once" if known else "one origin id at a time") in learnt.words
    profile = with_answer({}, learnt)
    again = procore.client(profile=profile)
    assert looked_up(again, "o2", "absent", "o1", "o0") == {"o0", "o1", "o2"}
    assert len(origins_asked(procore)) == (1 if known else 4), "known from the start"


def test_a_list_is_not_tried_before_a_record_is_known_that_must_be_in_it(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    procore.options["procore_origin_lists"] = "none"
    assert looked_up(client, "a", "b") == set()
    assert len(origins_asked(procore)) == 2
    assert procore.learned == {}


# --- workflows and Procore's own ERP connection ---------------------------------------------------


def drafted(client: ProcoreClient) -> str:
    (made,) = client.sync_contracts(HARBOUR, [contract()])
    assert not isinstance(made, ProviderError)
    return str(made["id"])


def test_a_workflow_says_where_a_commitment_stands_and_whom_it_waits_for(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    contract_id = drafted(client)
    assert client.workflow_of(contract_id) is None
    procore.options["procore_workflow"] = "refused"
    told = str(client.workflow_of(contract_id))
    assert told.startswith("its workflow “Purchase Order Approval Workflow” is at “Start”")
    assert told.endswith("waits for Project Manager")
    (refused,) = client.sync_contracts(HARBOUR, [{**contract(), "status": "Approved"}])
    assert isinstance(refused, ProviderError)
    procore.options["procore_workflow"] = "ignored"
    (same,) = client.sync_contracts(HARBOUR, [{**contract(), "status": "Approved"}])
    assert not isinstance(same, ProviderError)
    assert same["status"] == "Draft"


def test_a_workflow_that_is_not_shown_is_reckoned_with_once_it_was_met(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    procore.options["procore_workflow_list"] = "hidden"
    contract_id = drafted(client)
    assert client.workflows_of(contract_id) is None
    assert client.workflow_of(contract_id) is None
    client.learn_of_workflows()
    assert "whoever approves it in Procore" in str(client.workflow_of(contract_id))
    assert "stop at Draft" in procore.learned["workflows"].words
    again = procore.client(profile=with_answer({}, procore.learned["workflows"]))
    assert again.workflow_of(contract_id) is not None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, None),
        ({"workflowed_object_id": 9}, None),
        ({"workflowed_object_id": "7"}, "its workflow “workflow” waits for its approvers"),
        ({"workflowed_object_id": 7, "workflowed_object_type": "Invoice"}, None),
        (
            {"workflowed_object_id": 7, "workflow": {"class_name": "WorkOrderContract"}},
            None,
        ),
        (
            {
                "workflowed_object_id": 7,
                "workflowed_object_type": "Contract",
                "workflow": {"name": "POs"},
                "current_workflow_state": {"name": ["odd"]},
                "current_workflow_activities": [7, {}, {"workflow_user_role": {"name": "Buyer"}}],
            },
            "its workflow “POs” waits for Buyer",
        ),
        (
            {"workflowed_object_id": 7, "workflow": 3, "current_workflow_activities": {}},
            "its workflow “workflow” waits for its approvers",
        ),
    ],
)
def test_workflows_are_read_whatever_is_missing(row: dict[str, Any], words: str | None) -> None:
    found = ProcoreRig(lambda request: rows(row)).client.workflow_of("7")
    assert (str(found) if found else None) == words


def test_a_project_says_on_its_own_page_whether_it_has_another_owner(
    client: ProcoreClient, procore: ProcoreWorld
) -> None:
    assert client.is_erp_integrated(HARBOUR) is False
    procore.simulator.edit("projects", HARBOUR, {"is_erp_integrated": True})
    assert client.is_erp_integrated(HARBOUR) is True
    assert client.is_erp_integrated(SECRET) is None
    listed = [row for page in client.projects() for row in page.rows]
    assert not [row for row in listed if "is_erp_integrated" in row]
    (refused,) = client.sync_contracts(HARBOUR, [contract()])
    assert isinstance(refused, ProviderError)
    assert "integrated with an ERP system" in refused.facts.message
    odd: Any
    for odd in ("perhaps", 2, None, {}):
        answer = httpx.Response(200, json={"id": 1, "is_erp_integrated": odd})
        assert scripted(answer).is_erp_integrated("1") is None
    for said, meant in (("true", True), (1, True), ("False", False)):
        answer = httpx.Response(200, json={"id": 1, "is_erp_integrated": said})
        assert scripted(answer).is_erp_integrated("1") is meant


def scripted(answer: httpx.Response) -> ProcoreClient:
    return ProcoreRig(lambda request: answer).client


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_page_of_one_project_that_is_refused_says_nothing_and_stops_no_list(status: int) -> None:
    refused = httpx.Response(status, json={"errors": ["Bad Request"]})
    assert scripted(refused).is_erp_integrated("1") is None
    assert scripted(refused).project_currency("1") is None
    assert scripted(refused).company_currency() is None


def test_the_federal_zone_is_used_like_the_others(procore: ProcoreWorld) -> None:
    client = procore.client(environment="federal")
    assert client.me()["id"]
    assert [row["name"] for row in client.companies()] == ["Harbour Builders"]
