"""Workflows that own the status of commitments, and the list of where each stands.

Option procore_workflow: what becomes of a status that the API sets on a commitment with a workflow,
"refused" (422) or "ignored"; without it there are none. People move a commitment by its status.
Option procore_workflow_list: "shown" (the default), "hidden" (403) or "empty".
"""

from __future__ import annotations

from aiohttp import web

from connectors.sandbox.procore.answers import page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import Refusal, invalid
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

CONTRACTS = "purchase_order_contracts"
FIRST_ID = 568_000_000
WORKFLOW = {
    "id": 3293,
    "name": "Purchase Order Approval Workflow",
    "description": "Workflow for purchase order approval automation",
    "created_at": "2026-01-08T23:16:18Z",
    "updated_at": "2026-01-08T23:59:20Z",
    "domain": "commitments",
    "class_name": "PurchaseOrderContract",
}
# Where a commitment of a status stands, what can be done there, and whose turn it is.
STATES = {
    "Draft": ("Start", "Submit for Approval", "Project Manager"),
    "Submitted": ("Pending Approval", "Approve", "Reviewer"),
    "Processing": ("Pending Approval", "Approve", "Reviewer"),
}


def keep_status(books: Books, record: Record, old: Record) -> None:
    """The API does not set a status that a workflow owns."""
    said = books.options.get("procore_workflow")
    if not said or record["status"] == old["status"]:
        return
    if said == "refused":
        raise invalid(status="is managed by a workflow")
    record["status"] = old["status"]


def list_instances(call: Call) -> web.Response:
    said = call.options.get("procore_workflow_list", "shown")
    if said == "hidden":
        raise Refusal(403, "You do not have permission to view workflows.")
    has_any = call.options.get("procore_workflow") and said != "empty"
    standing = (row for row in call.books[CONTRACTS].listed() if not row["deleted_at"])
    rows = [_instance(call.books, row) for row in standing] if has_any else []
    return page(call.url, call.filters.apply(rows, ("workflowed_object_id",)))


def _instance(books: Books, contract: Record) -> Record:
    name, activity, role = STATES.get(contract["status"], ("PO Approved", "", ""))
    project = books["projects"].need(contract["project_id"])
    activities = [
        {
            "id": 29945,
            "name": activity,
            "workflow_user_role": {"id": 14301, "name": role},
            "perform_activity": {"method": "POST"},
        }
    ]
    return {
        "id": FIRST_ID + contract["id"],
        "becomes_overdue_at": None,
        "current_state_set_at": contract["updated_at"],
        "workflowed_object_id": contract["id"],
        "workflowed_object_type": "Contract",
        "project": {"id": project["id"], "name": project["name"]},
        "current_workflow_activities": activities if activity else [],
        "current_workflow_state": {"id": 18706, "name": name, "status": contract["status"]},
        "workflow": WORKFLOW,
    }


ROUTES = [Route("GET", "/v1.0/workflow_instances", list_instances, "company")]
