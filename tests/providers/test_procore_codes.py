"""WBS codes through the client: made once, changed, and found one by one, over the simulator."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.core.errors import ErrorKind, ProviderError, UnknownOutcomeError
from connectors.core.records import Raw
from connectors.providers.procore.client import ProcoreClient
from tests.providers.procore_rig import PROJECT, ProcoreRig, rows
from tests.providers.procore_world import (
    CONCRETE,
    HARBOUR,
    INACTIVE,
    SECRET,
    ProcoreWorld,
    procore_world,
)

WBS = f"/rest/v1.0/projects/{PROJECT}/work_breakdown_structure"


@pytest.fixture
def procore() -> Iterator[ProcoreWorld]:
    with procore_world() as served:
        yield served


@pytest.fixture
def client(procore: ProcoreWorld) -> ProcoreClient:
    return procore.client()


def every(pages: Any) -> list[Raw]:
    return [row for page in pages for row in page.rows]


def items(client: ProcoreClient, full_code: str, cost_type: str) -> list[dict[str, str]]:
    """What a WBS code of this cost code and cost type is made of."""
    chosen = {
        "cost_code": (every(client.cost_codes(HARBOUR)), "full_code", full_code),
        "line_item_type": (every(client.line_item_types(HARBOUR)), "code", cost_type),
    }
    found = []
    for segment in client.wbs_segments(HARBOUR):
        if segment["type"] not in chosen:
            assert segment["required"] is False
            continue
        listed, name, wanted = chosen[segment["type"]]
        (item,) = [row for row in listed if row[name] == wanted]
        found.append({"segment_id": str(segment["id"]), "segment_item_id": str(item["id"])})
    return found


def test_a_code_is_made_of_its_segments_and_a_second_time_is_the_same_one(
    client: ProcoreClient,
) -> None:
    wanted = items(client, "03-300", "L")
    client.update_wbs_code(HARBOUR, INACTIVE, {"description": "Typed by a person"})
    made = client.create_wbs_code(HARBOUR, wanted)
    again = client.create_wbs_code(HARBOUR, wanted)
    assert made["id"] == again["id"]
    assert made["flat_code"] == "03-300.L"
    assert every(client.wbs_codes(HARBOUR)).count(again) == 1
    assert again["description"] == "Typed by a person", "an existing one keeps its description"


def test_cost_codes_are_made_by_origin_id_and_a_second_time_only_changes_them(
    client: ProcoreClient,
) -> None:
    row = {"origin_id": "mlc:1:code:5900", "code": "900", "name": "Fuel"}
    (first,) = client.sync_cost_codes(HARBOUR, [row])
    (again,) = client.sync_cost_codes(HARBOUR, [{**row, "name": "Fuel surcharges"}])
    assert isinstance(first, dict)
    assert isinstance(again, dict)
    assert again["id"] == first["id"]
    named = {one["full_code"]: one["name"] for one in every(client.cost_codes(HARBOUR))}
    assert named["900"] == "Fuel surcharges"
    (refused,) = client.sync_cost_codes(HARBOUR, [{"origin_id": "x", "code": "", "name": "N"}])
    assert isinstance(refused, ProviderError)


def test_description_and_status_are_changed_and_read_again(client: ProcoreClient) -> None:
    changed = client.update_wbs_code(
        HARBOUR, CONCRETE, {"description": "Ready-mix", "status": "inactive"}
    )
    assert (changed["description"], changed["status"]) == ("Ready-mix", "inactive")
    assert client.wbs_code(HARBOUR, CONCRETE, "03.M") == changed
    assert client.wbs_code(HARBOUR, CONCRETE) == changed
    assert client.wbs_code(HARBOUR, CONCRETE, "something else") == changed
    assert client.wbs_code(HARBOUR, "999999", "03.M") is None


def test_a_project_that_is_not_permitted_is_refused(client: ProcoreClient) -> None:
    with pytest.raises(ProviderError) as caught:
        client.update_wbs_code(SECRET, CONCRETE, {"status": "inactive"})
    assert caught.value.kind is ErrorKind.PERMISSION


def test_ids_leave_as_numbers_and_no_description_goes_with_a_new_code() -> None:
    rig = ProcoreRig(lambda request: httpx.Response(201, json={"id": 9}))
    rig.client.create_wbs_code(PROJECT, [{"segment_id": "5", "segment_item_id": "6"}])
    assert rig.asked() == [f"POST {WBS}/wbs_codes"]
    assert rig.body() == {"segment_items": [{"segment_id": 5, "segment_item_id": 6}]}
    rig.client.update_wbs_code(PROJECT, "9", {"status": "inactive"})
    assert rig.asked()[-1] == f"PATCH {WBS}/wbs_codes/9"


def test_an_answer_without_the_code_leaves_its_fate_open() -> None:
    rig = ProcoreRig(lambda request: httpx.Response(200, json={}))
    with pytest.raises(UnknownOutcomeError):
        rig.client.update_wbs_code(PROJECT, "9", {"status": "inactive"})


def test_one_code_is_looked_for_by_its_flat_code_before_the_whole_list_is_read() -> None:
    rig = ProcoreRig(lambda request: rows())
    assert rig.client.wbs_code(PROJECT, "9", "03.M") is None
    assert [request.url.params.get("query") for request in rig.sent] == ["03.M", None]
