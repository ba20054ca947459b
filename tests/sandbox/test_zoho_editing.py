"""People edit orders in the Zoho simulator, and lines carry projects, items, tags and fields."""

from collections.abc import Iterator

import pytest

from tests.sandbox.live import (
    OTHER_VENDOR,
    VENDOR,
    Live,
    edit,
    line,
    live,
    person_orders,
    zoho_state,
)


@pytest.fixture
def zoho() -> Iterator[Live]:
    state = zoho_state(
        projects=[{"project_id": "460000000070001", "project_name": "Depot"}],
        items=[{"item_id": "460000000071001", "name": "Rebar", "sku": "RB-1"}],
        reportingtags=[
            {
                "tag_id": "460000000072001",
                "tag_name": "Cost code",
                "options": [{"option_id": "460000000072002", "option_name": "03-100"}],
            }
        ],
        custom_fields={
            "purchaseorder": [{"customfield_id": "1", "api_name": "cf_job", "label": "Job"}],
            "item": [{"customfield_id": "2", "api_name": "cf_code", "label": "Code"}],
        },
    )
    with live(state) as served:
        yield served


def test_people_add_change_and_remove_lines_and_pick_another_vendor(zoho: Live) -> None:
    first = line(10, line_item_id="460000000060001", project_id="460000000070001")
    order = person_orders(zoho, line_items=[first, line(20), line(30)])
    last = order["line_items"][2]["line_item_id"]
    added = line(5, line_item_id="460000000060009", item_id="460000000071001")
    changed = edit(
        zoho,
        order,
        vendor_id=OTHER_VENDOR,
        change_lines={"460000000060001": {"rate": "11.50"}},
        remove_lines=[last],
        add_lines=[added],
    )
    assert changed["vendor_name"] == "Bolt"
    assert [one["line_item_id"] for one in changed["line_items"]] == [
        "460000000060001",
        order["line_items"][1]["line_item_id"],
        "460000000060009",
    ]
    assert changed["total"] == "36.50"
    assert changed["line_items"][0]["project_name"] == "Depot"
    assert changed["line_items"][2]["sku"] == "RB-1"
    path = f"/control/edit/zoho_books/purchaseorders/{order['purchaseorder_id']}"
    assert zoho.http.post(path, json={"remove_lines": [last]}).status_code == 404


def test_tags_and_custom_fields_stand_on_lines_and_stay(zoho: Live) -> None:
    zoho.sign_in()
    tagged = line(
        tags=[{"tag_id": "460000000072001", "tag_option_id": "460000000072002"}],
        item_custom_fields=[{"api_name": "cf_code", "value": "03-100"}],
    )
    header = [{"api_name": "cf_job", "value": "D-7"}]
    order = person_orders(zoho, line_items=[tagged], custom_fields=header)
    edit(zoho, order, notes="unrelated")
    found = zoho.done("GET", f"/purchaseorders/{order['purchaseorder_id']}")["purchaseorder"]
    assert found["custom_field_hash"] == {"cf_job": "D-7"}
    assert found["line_items"][0]["tags"][0]["tag_option_name"] == "03-100"
    assert found["line_items"][0]["item_custom_fields"][0]["value"] == "03-100"
    for wrong in (
        {"tags": [{"tag_id": "460000000072001", "tag_option_id": "1"}]},
        {"item_custom_fields": [{"api_name": "cf_other", "value": "1"}]},
        {"project_id": "1"},
        {"item_id": "1"},
    ):
        body = {"vendor_id": VENDOR, "line_items": [line(**wrong)]}
        zoho.refused(400, "POST", "/purchaseorders", body)


def test_projects_are_listed_made_changed_and_kept_while_in_use(zoho: Live) -> None:
    zoho.sign_in()
    customer = zoho.done("POST", "/contacts", {"contact_name": "City of Reno"})["contact"]
    body = {"project_name": "Annex", "billing_type": "fixed_cost_for_project"}
    zoho.refused(400, "POST", "/projects", body)
    zoho.refused(400, "POST", "/projects", {**body, "customer_id": VENDOR})
    made = zoho.done("POST", "/projects", {**body, "customer_id": customer["contact_id"]})
    project = made["project"]
    assert project["customer_name"] == "City of Reno"
    path = f"/projects/{project['project_id']}"
    zoho.done("PUT", path, {"project_name": "Annex II"})
    zoho.done("POST", f"{path}/inactive")
    listed = zoho.done("GET", "/projects", filter_by="Status.Inactive")["projects"]
    assert [one["project_name"] for one in listed] == ["Annex II"]
    order = person_orders(zoho, line_items=[line(project_id=project["project_id"])])
    zoho.refused(400, "DELETE", path)
    zoho.control("POST", f"delete/zoho_books/purchaseorders/{order['purchaseorder_id']}")
    zoho.done("DELETE", path)
    zoho.refused(404, "GET", path)
    assert zoho.done("GET", "/items")["items"][0]["sku"] == "RB-1"
    assert zoho.done("GET", "/reportingtags")["reporting_tags"][0]["tag_name"] == "Cost code"
