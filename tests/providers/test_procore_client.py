"""What the Procore client asks, in whose name, and what it makes of odd answers."""

from typing import Any

import httpx
import pytest

from connectors.core.answers import Answer, with_answer
from connectors.core.errors import (
    BadInputError,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.records import Raw
from connectors.providers.procore.client import ProcoreClient
from connectors.transport.client import ApiClient
from tests.providers.procore_rig import PROJECT, ProcoreRig, rows
from tests.transport.fakes import script

CONTRACT = {"id": 7, "number": "PO-1", "origin_id": "mlc:1:2:a:1"}
CONTRACTS = "/rest/v1.0/purchase_order_contracts"


@pytest.fixture(autouse=True)
def _fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiClient, "_futile", {})
    monkeypatch.setattr("connectors.transport.client.time.sleep", lambda seconds: None)


def every(pages: Any) -> list[Raw]:
    return [row for page in pages for row in page.rows]


def rig(*answers: httpx.Response | Exception, **settings: Any) -> ProcoreRig:
    return ProcoreRig(script(*answers), **settings)


# --- in whose name --------------------------------------------------------------------------------


def test_every_call_names_the_company() -> None:
    found = rig(rows({"id": 42}), httpx.Response(200, json=CONTRACT), httpx.Response(200))
    found.client.companies()
    found.client.purchase_order_contract(PROJECT, "7")
    found.client.delete_contract(PROJECT, "7")
    assert {one.headers["procore-company-id"] for one in found.sent} == {"42"}
    assert {one.url.host for one in found.sent} == {"sandbox.procore.com"}


def test_without_a_company_it_may_still_be_asked_which_there_are() -> None:
    found = rig(rows({"id": 42, "name": "Acme"}), company_id="")
    assert [row["id"] for row in found.client.companies()] == [42]
    assert "procore-company-id" not in found.sent[0].headers
    with pytest.raises(ProviderError, match="No company is chosen yet"):
        every(found.client.vendors())


@pytest.mark.parametrize("project_id", ["", "..", "1/2"])
def test_an_id_never_leads_to_another_path(project_id: str) -> None:
    found = rig(rows())
    try:
        every(found.client.project_vendors(project_id))
    except BadInputError:
        assert not found.sent
        return
    assert found.sent[0].url.raw_path.startswith(b"/rest/v1.0/projects/1%2F2/vendors?")


# --- what is asked --------------------------------------------------------------------------------


def every_read(client: ProcoreClient) -> dict[str, Any]:
    since = "2026-03-01T00:00:00+00:00"
    return {
        "/rest/v1.0/projects": client.projects(),
        "/rest/v1.0/vendors": client.vendors(since),
        f"/rest/v1.0/projects/{PROJECT}/vendors": client.project_vendors(PROJECT),
        "/rest/v1.0/cost_codes": client.cost_codes(PROJECT),
        "/rest/v1.0/line_item_types": client.line_item_types(PROJECT),
        f"/rest/v1.0/projects/{PROJECT}/work_breakdown_structure/wbs_codes": client.wbs_codes(
            PROJECT, since
        ),
        CONTRACTS: client.purchase_order_contracts(PROJECT, updated_since=since),
        f"{CONTRACTS}/7/line_items": client.contract_lines(PROJECT, "7"),
        "/rest/v1.0/webhooks/hooks": client.hooks(),
        "/rest/v1.0/webhooks/hooks/3/triggers": client.triggers("3"),
    }


def test_lists_are_asked_page_by_page_with_owner_and_window() -> None:
    found = ProcoreRig(lambda request: rows())
    for path, pages in every_read(found.client).items():
        found.sent.clear()
        assert every(pages) == []
        params = found.sent[0].url.params
        assert found.sent[0].url.path == path
        assert (params["page"], params["per_page"]) == ("1", "100")
        in_path = PROJECT in path
        assert in_path or params.get("project_id") == PROJECT or params.get("company_id") == "42"
        if "filters[updated_at]" in params:
            assert params["filters[updated_at]"] == "2026-02-28T23:59:59Z...2100-01-01T00:00:00Z"


def test_what_may_be_inactive_is_asked_for_too() -> None:
    found = ProcoreRig(lambda request: rows({"id": len(str(request.url))}))
    every(found.client.vendors())
    every(found.client.projects())
    every(found.client.wbs_codes(PROJECT))
    assert found.asked()[1] == "GET /rest/v1.0/companies/42/vendors/inactive"
    assert found.sent[2].url.params["filters[by_status]"] == "All"
    statuses = found.sent[3].url.params.get_list("filters[status][]")
    assert statuses == ["active", "inactive"]


def knowing(kind: str, form: str) -> dict[str, Any]:
    """The profile of an account that takes lists of origin ids in this form."""
    return with_answer({}, Answer(name=f"{kind}_origin_lists", value=form, words=""))


def test_contracts_are_looked_up_by_origin_ids_in_parts() -> None:
    wanted = [f"mlc:1:{n}:a:1" for n in range(90)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get_list("filters[origin_id][]")
        assert len(str(request.url)) < 8000
        assert request.url.params["filters[include_deleted]"] == "with"
        return rows(*({"id": origin, "origin_id": origin} for origin in asked))

    found = ProcoreRig(answer, profile=knowing("commitment", "repeated"))
    contracts = found.client.purchase_order_contracts(
        PROJECT, origin_ids=wanted, include_deleted="with"
    )
    assert [row["origin_id"] for row in every(contracts)] == wanted
    assert len(found.sent) == 3
    assert every(found.client.purchase_order_contracts(PROJECT, origin_ids=[])) == []
    assert len(found.sent) == 3


def test_vendors_are_looked_up_by_origin_ids_in_parts_inactive_ones_too() -> None:
    wanted = [f"mlc:1:vendor:{n}" for n in range(50)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get("filters[origin_id]", "[]")[1:-1].split(",")
        inactive = request.url.path.endswith("inactive")
        found = wanted[:1] if inactive else [origin for origin in asked if origin in wanted[1:]]
        other = {"id": "other", "origin_id": "ERP-77"}
        return rows(other, *({"id": origin, "origin_id": origin} for origin in found))

    found = ProcoreRig(answer, profile=knowing("vendor", "bracketed"))
    rows_of_them = found.client.vendors_by_origin(wanted)
    assert sorted(row["origin_id"] for row in rows_of_them) == sorted(wanted)
    assert len(found.sent) == 3
    assert found.client.vendors_by_origin([]) == []
    assert len(found.sent) == 3


def test_a_filter_that_is_ignored_finds_nothing_wrong() -> None:
    other = {"id": 8, "origin_id": "mlc:9"}
    found = rig(rows(CONTRACT, other, {"id": 9, "origin_id": None}))
    contracts = found.client.purchase_order_contracts(PROJECT, origin_ids=["mlc:1:2:a:1"])
    assert [row["id"] for row in every(contracts)] == [7]


def test_the_budget_is_read_through_its_first_view() -> None:
    budgeted = [{"id": 1, "wbs_code_id": 11}, {"id": 2, "wbs_code_id": 12}]
    odd: list[dict[str, Any]] = [
        {"id": 3, "wbs_code_id": 13, "budget_row_type": "unbudgeted"},
        {"id": 4, "wbs_code_id": None},
    ]
    found = rig(rows({"id": 5}, {"id": 6}), rows(*budgeted, *odd))
    assert found.client.budgeted_wbs_codes(PROJECT) == {"11", "12"}
    assert found.asked()[1] == "GET /rest/v1.0/budget_views/5/detail_rows"
    assert found.sent[1].url.params["budget_row_type"] == "budgeted"
    assert rig(rows()).client.budgeted_wbs_codes(PROJECT) == frozenset()


# --- what is written ------------------------------------------------------------------------------


def test_ids_leave_as_numbers_and_amounts_and_origins_as_text() -> None:
    found = rig(httpx.Response(201, json=CONTRACT))
    found.client.create_contract(
        PROJECT,
        {
            "vendor_id": "9007199254740993",
            "origin_id": "123",
            "origin_code": "77",
            "number": "42",
            "nested": [{"wbs_code_id": "5", "amount": "10.10", "parent_origin_id": "8"}],
        },
    )
    assert found.body() == {
        "project_id": 101,
        "purchase_order_contract": {
            "vendor_id": 9007199254740993,
            "origin_id": "123",
            "origin_code": "77",
            "number": "42",
            "nested": [{"wbs_code_id": 5, "amount": "10.10", "parent_origin_id": "8"}],
        },
    }


def test_a_delete_is_answered_without_a_body() -> None:
    found = ProcoreRig(lambda request: httpx.Response(200))
    found.client.delete_contract(PROJECT, "7")
    found.client.delete_line(PROJECT, "7", "8")
    found.client.delete_hook("3")
    found.client.delete_triggers("3", ["4", "5"])
    assert found.asked() == [
        f"DELETE {CONTRACTS}/7",
        f"DELETE {CONTRACTS}/7/line_items/8",
        "DELETE /rest/v1.0/webhooks/hooks/3",
        "DELETE /rest/v1.0/webhooks/hooks/3/triggers/4",
        "DELETE /rest/v1.0/webhooks/hooks/3/triggers/5",
    ]
    assert {one.url.params["project_id"] for one in found.sent[:2]} == {PROJECT}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201),
        httpx.Response(201, json={}),
        httpx.Response(201, json=[]),
        httpx.Response(500, json={"errors": "x"}),
        httpx.Response(503, json={}, headers={"Retry-After": "5"}),
        httpx.ReadTimeout("slow"),
    ],
)
def test_a_write_without_a_record_in_its_answer_may_have_happened(
    answer: httpx.Response | Exception,
) -> None:
    found = rig(answer)
    with pytest.raises(UnknownOutcomeError):
        found.client.create_contract(PROJECT, {"number": "PO-1"})
    assert len(found.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201),
        httpx.Response(201, json={"id": 1}),
        httpx.Response(400, json={"errors": ["Vendor has already been added to this project"]}),
        httpx.Response(409, json={"message": "The vendor was added already"}),
        httpx.Response(422, json={"errors": ["Vendor has already been added to this project"]}),
        httpx.Response(422, json={"errors": {"vendor": ["exists"]}}),
    ],
)
def test_a_vendor_that_is_in_the_project_already_is_as_good(answer: httpx.Response) -> None:
    found = rig(answer)
    found.client.add_project_vendor(PROJECT, "9")
    assert found.asked() == [f"POST /rest/v1.0/projects/{PROJECT}/vendors/9/actions/add"]
    assert found.sent[0].content == b""


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_that_lost_its_words_is_looked_into(status: int) -> None:
    refused = httpx.Response(status, text="<html>")
    rig(refused, rows({"id": 9})).client.add_project_vendor(PROJECT, "9")
    with pytest.raises(ProviderError) as caught:
        rig(refused, rows({"id": 8})).client.add_project_vendor(PROJECT, "9")
    assert caught.value.kind is ErrorKind.REJECTED


def test_a_look_into_a_refusal_that_fails_is_made_again_later() -> None:
    away = httpx.Response(502, text="")
    with pytest.raises(ProviderError) as caught:
        rig(httpx.Response(400), *[away] * 5).client.add_project_vendor(PROJECT, "9")
    assert caught.value.kind is ErrorKind.TRANSIENT


def test_any_other_refusal_of_a_vendor_is_one() -> None:
    refused = httpx.Response(422, json={"errors": ["Vendor is inactive"]})
    with pytest.raises(ProviderError, match="Vendor is inactive") as caught:
        rig(refused, rows({"id": 8})).client.add_project_vendor(PROJECT, "9")
    assert caught.value.kind is ErrorKind.REJECTED


# --- hooks ----------------------------------------------------------------------------------------


def test_a_hook_of_the_company_or_of_a_project() -> None:
    found = ProcoreRig(lambda request: httpx.Response(201, json={"id": 3}))
    found.client.create_hook("ml-connector-1", "https://x.example/in", "Bearer s3cret")
    assert found.body() == {
        "company_id": 42,
        "hook": {
            "api_version": "v2",
            "namespace": "ml-connector-1",
            "destination_url": "https://x.example/in",
            "destination_headers": {"Authorization": "Bearer s3cret"},
        },
    }
    found.client.update_hook("3", "https://y.example/in", project_id=PROJECT)
    assert found.body() == {"project_id": 101, "hook": {"destination_url": "https://y.example/in"}}


def test_hooks_of_other_programs_are_left_out() -> None:
    mine, other = {"id": 1, "namespace": "mine"}, {"id": 2, "namespace": "other"}
    assert every(rig(rows(mine, other)).client.hooks("mine")) == [mine]
    assert every(rig(rows(mine, other)).client.hooks()) == [mine, other]


def test_triggers_are_made_in_parts_of_five_hundred() -> None:
    found = ProcoreRig(lambda request: httpx.Response(207, json={}))
    found.client.create_triggers("3", [(f"Kind {n}", "update") for n in range(501)])
    assert [len(found.body(at)["triggers"]) for at in (0, 1)] == [500, 1]
    assert found.body(1)["triggers"] == [{"resource_name": "Kind 500", "event_type": "update"}]
    assert found.body(1)["company_id"] == 42


def test_the_chosen_projects_may_be_used_and_without_a_choice_all() -> None:
    assert rig().client.may_use("7")
    chosen = rig(project_ids="12, 7").client
    assert [chosen.may_use(project_id) for project_id in ("7", "12", "1")] == [True, True, False]
