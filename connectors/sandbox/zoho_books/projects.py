"""Projects of the organization: what a purchase order's line may belong to.

Bodies enter, records and list rows leave. Every project has a customer; a project made by the API
must name one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec, answer_list
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO

KIND = "projects"
STATUSES = ("active", "inactive")


def build(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A project."""
    before = old or {}
    name = fields.text(body, "project_name", before.get("project_name", ""), 100)
    if not name:
        raise missing("project_name")
    status = fields.text(body, "status", before.get("status", "active"))
    if status not in STATUSES:
        raise invalid("status")
    return {
        "project_id": before.get("project_id") or org.next_id(),
        "project_name": name,
        "description": fields.text(body, "description", before.get("description", "")),
        **_customer(org, fields.text(body, "customer_id", before.get("customer_id", ""))),
        "status": status,
        "billing_type": fields.text(
            body, "billing_type", before.get("billing_type", "based_on_task_hours")
        ),
        "rate": fields.number(body, "rate", before.get("rate", ZERO)),
        "show_in_dashboard": False,
    }


def _customer(org: Organization, customer_id: str) -> Record:
    if not customer_id:
        currency = org.record["currency_code"]
        return {"customer_id": "", "customer_name": "", "currency_code": currency}
    contact = org["contacts"].get(customer_id)
    if contact is None:
        raise not_found("Customer", 400)
    if contact["contact_type"] != "customer":
        raise invalid("customer_id")
    return {
        "customer_id": customer_id,
        "customer_name": contact["contact_name"],
        "currency_code": contact["currency_code"],
    }


SPEC = ListSpec(
    kind=KIND,
    key="projects",
    report_name="Projects",
    row=lambda org, record: record,
    default_sort="project_name",
    exact=("customer_id",),
    sorts=("created_time", "last_modified_time"),
    filters={
        "Status.All": lambda one: True,
        "Status.Active": lambda one: one["status"] == "active",
        "Status.Inactive": lambda one: one["status"] == "inactive",
    },
)


def found(call: Call) -> Record:
    """The project that the path names."""
    record = call.org[KIND].get(call.path["project_id"])
    if record is None:
        raise not_found("Project", int(call.options.get("zoho_not_found_status", 404)))
    return record


def list_projects(call: Call) -> web.Response:
    return answer_list(call.org, SPEC, call.query)


def get_project(call: Call) -> web.Response:
    return success(project=found(call))


def create_project(call: Call) -> web.Response:
    for name in ("project_name", "customer_id", "billing_type"):
        if not fields.text(call.body, name):
            raise missing(name)
    record = call.org.save(KIND, build(call.org, call.body, None))
    location = f"/api/v3/projects/{record['project_id']}"
    return created("The project has been created.", location, project=record)


def update_project(call: Call) -> web.Response:
    record = call.org.save(KIND, build(call.org, call.body, found(call)))
    return success("The project information has been updated.", project=record)


def delete_project(call: Call) -> web.Response:
    delete(call.org, found(call)["project_id"])
    return success("The project has been deleted.")


def delete(org: Organization, project_id: str) -> None:
    """Remove a project that no order's line belongs to."""
    for order in org["purchaseorders"].records():
        if any(line["project_id"] == project_id for line in order["line_items"]):
            raise ZohoError("in_use", "The project has transactions and cannot be deleted.")
    org[KIND].remove(project_id)


def action(status: str) -> Callable[[Call], web.Response]:
    """A handler that moves a project to a status."""

    def handle(call: Call) -> web.Response:
        call.org.save(KIND, {**found(call), "status": status})
        return success(f"The project has been marked as {status}.")

    return handle


ONE = "/projects/{project_id}"
ROUTES = [
    Route("GET", "/projects", "projects.READ", list_projects),
    Route("POST", "/projects", "projects.CREATE", create_project),
    Route("GET", ONE, "projects.READ", get_project),
    Route("PUT", ONE, "projects.UPDATE", update_project),
    Route("DELETE", ONE, "projects.DELETE", delete_project),
    Route("POST", f"{ONE}/active", "projects.CREATE", action("active")),
    Route("POST", f"{ONE}/inactive", "projects.CREATE", action("inactive")),
]
