"""Vendors, cost codes, WBS codes and units in the Procore simulator."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.procore_company import (
    ACME,
    BOLT,
    BRIDGE,
    COMPANY,
    CONCRETE,
    DEPOT,
    GONE,
    OLD_CODE,
    STEEL,
    Served,
    line,
    served,
)

VENDORS = "/v1.0/vendors"
WBS = f"/v1.0/projects/{DEPOT}/work_breakdown_structure"


@pytest.fixture
def company() -> Iterator[Served]:
    with served() as found:
        yield found


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_vendors_are_listed_searched_and_shown_by_view(company: Served) -> None:
    def listed(**query: Any) -> list[Any]:
        found: list[Any] = company.done("GET", VENDORS, company_id=COMPANY, **query)
        return found

    assert names(listed(sort="-name")) == ["Bolt Steel", "Acme Concrete"]
    assert names(listed(**{"filters[search]": "acme"})) == ["Acme Concrete"]
    assert names(listed(**{"filters[origin_id]": "erp-7"})) == ["Bolt Steel"]
    assert names(listed(**{"filters[id][]": [ACME]})) == ["Acme Concrete"]
    assert listed(view="compact") == [
        {"id": ACME, "name": "Acme Concrete"},
        {"id": BOLT, "name": "Bolt Steel"},
    ]
    extended, normal = listed()[0], listed(view="normal")[0]
    assert extended["project_ids"] == [DEPOT, BRIDGE, 103, 104]
    assert "project_ids" not in normal
    inactive = company.done("GET", f"/v1.0/companies/{COMPANY}/vendors/inactive")
    assert names(inactive) == ["Gone Ltd"]
    company.control("POST", "options", {"procore_vendors_include_inactive": True})
    assert [one["id"] for one in listed()] == [ACME, BOLT, GONE]


def test_vendors_are_made_changed_and_refused(company: Served) -> None:
    body = {"company_id": COMPANY, "vendor": {"name": "Crane Co", "state_code": "NV"}}
    made = company.done("POST", VENDORS, body)
    assert (made["is_active"], made["company"], made["origin_id"]) == (True, "Crane Co", None)
    path = f"{VENDORS}/{made['id']}"
    changed = company.done("PATCH", path, {"vendor": {"origin_id": "z-1"}})
    assert (changed["origin_id"], changed["name"]) == ("z-1", "Crane Co")
    assert company.done("GET", path) == changed
    for wrong, field in (
        ({"name": ""}, "name"),
        ({"name": "x", "state_code": "nv"}, "state_code"),
        ({"name": "x", "origin_id": "erp-7"}, "origin_id"),
        ({"name": "x", "is_active": "no"}, "is_active"),
    ):
        told = company.refused(422, "POST", VENDORS, {"vendor": wrong})
        assert list(told["errors"]) == [field]
    company.refused(404, "GET", f"{VENDORS}/1")
    company.refused(404, "PATCH", f"{VENDORS}/1", {"vendor": {}})


def test_an_inactive_vendor_is_hidden_from_all_but_its_own_list_and_call(company: Served) -> None:
    inactive = f"/v1.0/companies/{COMPANY}/vendors/inactive"
    rows = company.done("GET", inactive, **{"filters[origin_id]": "nobody"})
    assert [row["id"] for row in rows] == [GONE], "no filter is known there"
    company.refused(404, "GET", f"{VENDORS}/{GONE}")
    company.refused(404, "PATCH", f"{VENDORS}/{GONE}", {"vendor": {"is_active": True}})
    body = {"company_id": COMPANY, "updates": [{"id": GONE, "is_active": True}]}
    (error,) = company.done("PATCH", f"{VENDORS}/sync", body)["errors"]
    assert error["errors"] == {"id": ["Entity with this ID not found"]}
    assert company.done("PATCH", f"{inactive}/{GONE}")["is_active"] is True
    company.refused(404, "PATCH", f"{inactive}/{GONE}")
    assert company.done("GET", f"{VENDORS}/{GONE}")["is_active"] is True
    company.control("POST", "options", {"procore_inactive_hidden": False})
    company.done("PATCH", f"{VENDORS}/{GONE}", {"vendor": {"is_active": False}})
    assert company.done("GET", f"{VENDORS}/{GONE}")["is_active"] is False


def test_vendor_sync_links_updates_and_reports_by_row(company: Served) -> None:
    body = {
        "company_id": COMPANY,
        "updates": [
            {"id": ACME, "origin_id": "z-9"},
            {"origin_id": "erp-7", "name": "Bolt Steel Inc"},
            {"origin_id": "z-10", "name": "New Vendor"},
            {"name": ""},
            {"id": 5},
        ],
    }
    answer = company.done("PATCH", f"{VENDORS}/sync", body)
    assert [(one["id"], one["name"]) for one in answer["entities"][:2]] == [
        (ACME, "Acme Concrete"),
        (BOLT, "Bolt Steel Inc"),
    ]
    assert answer["entities"][2]["origin_id"] == "z-10"
    assert [list(one["errors"]) for one in answer["errors"]] == [["name"], ["id"]]


@pytest.mark.parametrize("status", [409, 422, 201])
def test_adding_a_vendor_to_a_project_again_is_told_as_the_option_says(
    company: Served, status: int
) -> None:
    path = f"/v1.0/projects/{DEPOT}/vendors"
    assert company.call("POST", f"{path}/{BOLT}/actions/add").status_code == 201
    assert names(company.done("GET", path)) == ["Acme Concrete", "Bolt Steel"]
    company.control("POST", "options", {"procore_vendor_already": status})
    assert company.call("POST", f"{path}/{BOLT}/actions/add").status_code == status
    assert len(company.done("GET", path)) == 2
    company.contract(vendor_id=BOLT)
    company.refused(422, "DELETE", f"{path}/{BOLT}/actions/remove")
    company.done("DELETE", f"/v1.1/projects/{BRIDGE}/vendors/{ACME}/actions/remove")
    company.refused(404, "DELETE", f"/v1.1/projects/{BRIDGE}/vendors/{ACME}/actions/remove")
    company.refused(404, "POST", f"{path}/1/actions/add")


def test_a_vendor_can_be_made_in_a_project(company: Served) -> None:
    path = f"/v1.0/projects/{DEPOT}/vendors"
    made = company.done("POST", path, {"vendor": {"name": "Site Services"}})
    assert made["project_ids"] == [DEPOT]
    assert "Site Services" in names(company.done("GET", VENDORS))


def test_cost_codes_show_their_parents_prefix_and_whether_they_are_budgeted(
    company: Served,
) -> None:
    rows = company.done("GET", "/v1.0/cost_codes", project_id=DEPOT)
    shown = {row["full_code"]: (row["code"], row["budgeted"]) for row in rows}
    assert shown == {
        "03": ("03", False),
        "03-100": ("100", True),
        "05": ("05", True),
        "09": ("09", False),
    }
    body = {"project_id": DEPOT, "cost_code": {"code": "200", "name": "Walls", "parent_id": 301}}
    made = company.done("POST", "/v1.0/cost_codes", body)
    assert (made["full_code"], made["biller_type"]) == ("03-200", "Project")
    updates = [{"id": made["id"], "origin_id": "c-1"}, {"code": "10"}]
    synced = company.done("PATCH", "/v1.0/cost_codes/sync", {"updates": updates}, project_id=DEPOT)
    assert synced["entities"][0]["origin_id"] == "c-1"
    assert list(synced["errors"][0]["errors"]) == ["name"]
    company.refused(404, "GET", f"/v1.0/projects/{DEPOT}/cost_codes")
    types = company.done("GET", "/v1.0/line_item_types", company_id=COMPANY)
    assert [(one["code"], one["base_type"]) for one in types] == [
        ("M", "materials"),
        ("L", "labor"),
    ]
    company.refused(400, "GET", "/v1.0/line_item_types")
    assert names(company.done("GET", f"/v1.0/companies/{COMPANY}/uoms")) == ["ea", "ls", "cy"]


def test_wbs_codes_join_a_cost_code_and_a_cost_type(company: Served) -> None:
    rows = company.done("GET", f"{WBS}/wbs_codes")
    assert [(row["id"], row["flat_code"], row["status"]) for row in rows][:3] == [
        (CONCRETE, "03-100.M", "active"),
        (STEEL, "05.M", "active"),
        (OLD_CODE, "05.L", "inactive"),
    ]
    assert rows[0]["description"] == rows[0]["flat_name"] == "Footings.Materials"
    inactive = company.done("GET", f"{WBS}/wbs_codes", **{"filters[status][]": "inactive"})
    assert [row["id"] for row in inactive] == [OLD_CODE]
    found = company.done("GET", f"{WBS}/wbs_codes", query="03-1")
    assert [row["id"] for row in found] == [CONCRETE]
    segments = company.done("GET", f"{WBS}/segments")
    assert [one["type"] for one in segments] == ["sub_job", "cost_code", "line_item_type"]
    assert [one["required"] for one in segments] == [False, True, True]
    (pattern,) = company.done("GET", f"{WBS}/patterns")
    assert pattern["segments"] == segments
    assert {one["delimiter"] for one in segments} == {"."}
    (_, item) = rows[0]["segment_items"]
    assert "segment_item_id" not in item, "codes name their items by id only"
    path = f"/v1.0/companies/{COMPANY}/work_breakdown_structure/segments"
    assert company.done("GET", path) == segments
    items = company.done("GET", f"{WBS}/segments/{segments[1]['id']}/segment_items")
    assert "03-100" in [one["path_code"] for one in items]
    company.refused(404, "GET", f"{WBS}/segments/1/segment_items")


def test_making_a_wbs_code_that_exists_gives_it_back_with_its_description(
    company: Served,
) -> None:
    _, cost_code, cost_type = (one["id"] for one in company.done("GET", f"{WBS}/segments"))

    def body(code: int, kind: int, **more: Any) -> dict[str, Any]:
        items = ((cost_code, code), (cost_type, kind))
        named = [{"segment_id": s, "segment_item_id": i} for s, i in items]
        return {"segment_items": named, **more}

    known = company.call("POST", f"{WBS}/wbs_codes", body(302, 401, description="Slabs"))
    assert (known.status_code, known.json()["id"]) == (201, CONCRETE)
    assert known.json()["description"] == "Slabs"
    made = company.done("POST", f"{WBS}/wbs_codes", body(304, 402))
    assert made["flat_code"] == "09.L"
    bulk = {"bulk": [body(302, 402), body(351, 401)]}
    answer = company.done("PATCH", f"{WBS}/wbs_codes/bulk_create", bulk)
    assert [one["flat_code"] for one in answer["entities"]] == ["03-100.L"]
    assert list(answer["errors"][0]["errors"]) == ["segment_items"]
    path = f"{WBS}/wbs_codes/{made['id']}"
    assert company.done("PATCH", path, {"status": "inactive"})["status"] == "inactive"
    company.refused(422, "PATCH", path, {"status": "gone"})
    company.refused(422, "POST", f"{WBS}/wbs_codes", {"segment_items": []})
    body_of_line = {"project_id": DEPOT, "line_item": line(code=made["id"])}
    contract = company.contract()
    lines = f"/v1.0/purchase_order_contracts/{contract['id']}/line_items"
    company.refused(422, "POST", lines, body_of_line)


def test_people_keep_the_books_and_what_is_in_use_stays(company: Served) -> None:
    contract = company.contract()
    company.sync_lines(contract, line())
    for kind, key in (("wbs_codes", CONCRETE), ("vendors", ACME), ("projects", DEPOT)):
        answer = company.http.post(f"/control/delete/procore/{kind}/{key}")
        assert answer.status_code == 400, answer.text
    company.control("POST", f"edit/procore/wbs_codes/{CONCRETE}", {"status": "inactive"})
    company.control("POST", f"edit/procore/vendors/{BOLT}", {"name": "Bolt & Sons"})
    new = {"project_id": DEPOT, "cost_code_id": 304, "line_item_type_id": 402}
    made = company.control("POST", "add/procore/wbs_codes", new)
    budget = {"project_id": DEPOT, "wbs_code_id": made["id"], "original_budget_amount": "12.50"}
    added = company.control("POST", "add/procore/budget_line_items", budget)
    assert added["original_budget_amount"] == "12.5"
    company.control("POST", "add/procore/project_vendors", {"project_id": DEPOT, "vendor_id": GONE})
    company.control("POST", f"delete/procore/vendors/{GONE}")
    assert names(company.done("GET", f"/v1.0/projects/{DEPOT}/vendors")) == ["Acme Concrete"]
    budgeted = {one["wbs_code_id"] for one in company.books()["budget_line_items"]}
    company.control("POST", f"delete/procore/wbs_codes/{STEEL}")
    assert budgeted - {o["wbs_code_id"] for o in company.books()["budget_line_items"]} == {STEEL}
    books = company.books()
    assert names(books["vendors"]) == ["Acme Concrete", "Bolt & Sons"]
    statuses = {one["id"]: one["status"] for one in books["wbs_codes"]}
    assert (statuses[CONCRETE], statuses[made["id"]]) == ("inactive", "active")
    assert company.http.post("/control/edit/procore/vendors/1", json={}).status_code == 404
    assert company.http.post("/control/add/procore/invoices", json={}).status_code == 404
    joined = {"project_id": DEPOT, "vendor_id": ACME}
    assert company.http.post("/control/add/procore/project_vendors", json=joined).is_error
