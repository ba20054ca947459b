"""Workflows: Procore's own approvals, which own the status of the commitments that they apply to.

The documented list is the older tool's; not every service account may see it. Nothing else tells
which commitments have one, so what a refused status has shown is remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.core.answers import Answer
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.records import Raw
from connectors.providers.procore.caller import Caller

OWNED = "workflows"
_PATH = "/rest/v1.0/workflow_instances"
_NOT_SHOWN = frozenset({ErrorKind.PERMISSION, ErrorKind.NOT_FOUND, ErrorKind.REJECTED})
# What a purchase order is called there, by the example and by the tool's class names.
_TYPES = frozenset({"contract", "purchaseordercontract"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """An approval under way: its name, where it stands, and whose turn it is."""

    name: str = ""
    state: str = ""
    roles: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.name:
            return "a workflow owns its status and waits for whoever approves it in Procore"
        at = f" is at “{self.state}” and" if self.state else ""
        return (
            f"its workflow “{self.name}”{at} waits for {', '.join(self.roles) or 'its approvers'}"
        )


class WorkflowCalls(Caller):
    """Workflows of the company."""

    def workflows_of(self, contract_id: str) -> list[Workflow] | None:
        """Those of one commitment: one at most; None where Procore does not show them."""
        params = {"company_id": self.company, "filters[workflowed_object_id]": contract_id}
        try:
            rows = [row for page in self._list(_PATH, params) for row in page.rows]
        except ProviderError as error:
            if error.kind not in _NOT_SHOWN:
                raise
            return None
        return [read_workflow(row) for row in rows if _is_of(row, contract_id)]

    def workflow_of(self, contract_id: str) -> Workflow | None:
        """The one that owns a commitment's status, as far as is known."""
        found = self.workflows_of(contract_id)
        if found is None:
            return Workflow() if self.told(OWNED) else None
        return next(iter(found), None)

    def learn_of_workflows(self) -> None:
        """A status was not taken, and no workflow is shown: from now on one is reckoned with."""
        words = (
            "Workflows own the status of commitments, but Procore does not show them to the "
            "service account: commitments stop at Draft until somebody approves them there."
        )
        self.learn(Answer(name=OWNED, value=True, words=words))


def read_workflow(raw: Raw) -> Workflow:
    """Read without insisting on anything: it only tells people whom to ask."""
    activities = raw.get("current_workflow_activities")
    rows = activities if isinstance(activities, list) else []
    roles = (_name(row.get("workflow_user_role")) for row in rows if isinstance(row, Mapping))
    return Workflow(
        name=_name(raw.get("workflow")) or "workflow",
        state=_name(raw.get("current_workflow_state")),
        roles=tuple(dict.fromkeys(filter(None, roles))),
    )


def _is_of(raw: Raw, contract_id: str) -> bool:
    """Filters are asked for, not trusted; ids of other kinds of objects may be the same."""
    workflow = raw.get("workflow")
    kinds = {raw.get("workflowed_object_type")}
    kinds |= {workflow.get("class_name")} if isinstance(workflow, Mapping) else set()
    known = {str(kind).casefold() for kind in kinds if kind}
    ours = not known or bool(known & _TYPES)
    return ours and str(raw.get("workflowed_object_id")) == contract_id


def _name(value: Any) -> str:
    found = value.get("name") if isinstance(value, Mapping) else value
    return found.strip() if isinstance(found, str) else ""
