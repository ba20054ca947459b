"""Plans and target states as JSON and back, so that an intent can be stored before its call."""

from typing import Any

from connectors.core.decisions import LinkState, PartPlan, Step
from connectors.core.fingerprints import to_plain
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.models import Attempt, Link


def plan_json(plan: PartPlan, *, target_id: str) -> dict[str, Any]:
    """A part's plan without its steps, as an attempt stores it."""
    return {
        "part": plan.part,
        "target_kind": plan.target_kind,
        "reference": plan.reference,
        "number": plan.number,
        "vendor_key": plan.vendor_key,
        "total": None if plan.total is None else str(plan.total),
        "currency": plan.currency,
        "payload": to_plain(plan.payload),
        "options": to_plain(plan.options),
        "target_id": target_id,
    }


def step_json(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "body": to_plain(step.body),
        "status": step.status,
        "creates": step.creates,
        "ends": step.ends,
        "batch": step.batch,
    }


def step_of(attempt: Attempt) -> Step:
    """The step that an attempt recorded."""
    return Step(**attempt.step)


def part_ref(plan: PartPlan, target_id: str) -> PartRef:
    """What the sink is told about the part."""
    return PartRef(
        target_kind=plan.target_kind,
        reference=plan.reference,
        target_id=target_id,
        number=plan.number,
        vendor_key=plan.vendor_key,
        total="" if plan.total is None else str(plan.total),
        payload=plan.payload,
        part=plan.part,
    )


def ref_of(attempt: Attempt, link: Link | None) -> PartRef:
    """The same from a stored attempt; the link's id counts where there is one."""
    plan = attempt.plan
    return PartRef(
        target_kind=plan["target_kind"],
        reference=plan["reference"],
        target_id=link.target_id if link else plan["target_id"],
        number=plan["number"],
        vendor_key=plan["vendor_key"],
        total=plan["total"] or "",
        payload=plan["payload"],
        part=plan["part"],
    )


def link_ref(link: Link | LinkState) -> PartRef:
    """What the sink is told to read a posted part."""
    return PartRef(
        target_kind=link.target_kind,
        reference=link.reference,
        target_id=link.target_id,
        number=link.target_number,
        vendor_key=str(link.payload.get("vendor_id", "")),
        total="" if link.total is None else str(link.total),
        payload=link.payload,
        part=link.part,
        lines=link.lines,
    )


def state_json(state: TargetState | None) -> dict[str, Any]:
    """A target state as an outcome stores it."""
    return {} if state is None else dict(to_plain(state))
