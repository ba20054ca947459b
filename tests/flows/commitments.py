"""Zoho purchase orders and Procore facts for decisions in tests: small, literal, all in order."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    MappedTarget,
    PartPlan,
    Step,
)
from connectors.core.flow import Context
from connectors.core.records import TargetState
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import FLOW

ORDERS, KIND = "purchase_order", "commitment"
CONCRETE, STEEL, CLOSED_CODE, UNBUDGETED = "5010", "5030", "5950", "5960"
CHARGES = ("charge:tax", "charge:discount", "charge:adjustment")


def line(key: str = "l1", project: str = "p1", **changes: Any) -> dict[str, Any]:
    """Ten pieces at 5.00 for the first project."""
    fields = {
        "line_item_id": key,
        "name": "Cement",
        "account_id": "a1",
        "account_code": CONCRETE,
        "account_name": "Concrete",
        "quantity": "10",
        "rate": "5",
        "item_total": "50.00",
        "unit": "ea",
        "project_id": project,
        "project_name": f"Project {project}" if project else "",
    }
    return fields | changes


def order(*lines: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """An open order; its total is its lines' unless something else is said."""
    rows = list(lines) or [line()]
    total = sum((Decimal(row["item_total"]) for row in rows), Decimal(0))
    fields = {
        "purchaseorder_id": "77001",
        "purchaseorder_number": "PO-7",
        "vendor_id": "v1",
        "vendor_name": "Acme",
        "status": "open",
        "date": "2026-08-03",
        "delivery_date": "2026-08-20",
        "currency_code": "USD",
        "last_modified_time": "2026-08-03T09:00:00-0600",
        "line_items": rows,
        "total": total,
    }
    return fields | changes


def code(flat: str, **projects: Mapping[str, Any]) -> MappedTarget:
    """A flat code of the company, with its budget code in each project."""
    about = {
        project: {"wbs_code_id": f"{project}-{flat}", "active": True, "budgeted": True, **given}
        for project, given in projects.items()
    }
    return MappedTarget(key=flat, name=flat, attributes={"projects": about})


INACTIVE: dict[str, Mapping[str, Any]] = {"100": {"active": False}}
NO_BUDGET: dict[str, Mapping[str, Any]] = {"100": {"budgeted": False}}
BOTH: dict[str, Mapping[str, Any]] = {"100": {}, "200": {}}
MAPPED = {
    MappingKey("vendor", "v1"): MappedTarget(
        key="900", name="Acme Inc", attributes={"projects": ["100"]}
    ),
    MappingKey("vendor", "v2"): MappedTarget(key="901", name="Other", attributes={}),
    MappingKey("project", "p1"): MappedTarget(
        key="100", name="School", attributes={"currency": "USD"}
    ),
    MappingKey("project", "p2"): MappedTarget(
        key="200", name="Lofts", attributes={"currency": "USD"}
    ),
    MappingKey("cost_code", f"*|{CONCRETE}"): code("03-300.M", **BOTH),
    MappingKey("cost_code", f"*|{STEEL}"): code("05-100.M", **BOTH),
    MappingKey("cost_code", f"*|{CLOSED_CODE}"): code("02-400.C", **{"100": {"active": False}}),
    MappingKey("cost_code", f"*|{UNBUDGETED}"): code("32-900.C", **{"100": {"budgeted": False}}),
} | {MappingKey("cost_code", f"*|{name}"): code(name, **BOTH) for name in CHARGES}

UNITS = ("ea", "cy", "ls", "sqft")
LISTS = {"unit": tuple(MappedTarget(key=unit, name=unit) for unit in UNITS)}


def without(*keys: tuple[str, str]) -> dict[MappingKey, MappedTarget]:
    gone = {MappingKey(*key) for key in keys}
    return {key: target for key, target in MAPPED.items() if key not in gone}


def context(**options: Any) -> Context:
    return Context(
        options=FLOW.default_options() | options,
        source_settings={"organization_id": "42"},
        target_settings={},
    )


def decide(raw: Mapping[str, Any], facts: Facts | None = None, **options: Any) -> Any:
    """What the flow says; everything is mapped unless the facts say otherwise.

    Only mappings that the record's needs name are handed over, as the engine does it.
    """
    record = FLOW.stream(ORDERS).parse(raw)
    facts = Facts(mappings=MAPPED) if facts is None else facts
    facts = facts if facts.lists else replace(facts, lists=LISTS)
    wanted = FLOW.needs(ORDERS, record, context(**options)).mappings
    seen = {key: target for key, target in facts.mappings.items() if key in wanted}
    fields = {name: getattr(facts, name) for name in Facts.__slots__} | {"mappings": seen}
    decision: Decision = FLOW.decide(ORDERS, record, Facts(**fields), context(**options))
    return decision


def parts(decision: Any) -> list[PartPlan]:
    assert isinstance(decision, Deliver), decision
    return list(decision.parts)


def held_for(decision: Any) -> Reason:
    """Why a person must decide."""
    assert isinstance(decision, Held), decision
    return decision.reason


def steps(decision: Any) -> list[tuple[str, str]]:
    """All steps in order, each with its part."""
    return [(part.part, step.action) for part in parts(decision) for step in part.steps]


def step(decision: Any, action: str) -> Step:
    (found,) = [one for part in parts(decision) for one in part.steps if one.action == action]
    return found


def posted(decision: Any, *, status: str = "Approved") -> dict[str, LinkState]:
    """The links that a delivery leaves behind."""
    found = {}
    for part in parts(decision):
        keys = [row["key"] for row in part.payload["lines"]]
        found[part.part] = LinkState(
            part=part.part,
            target_kind=KIND,
            target_id=f"c-{part.part}",
            target_number=part.number,
            reference=part.reference,
            status=status,
            payload=part.payload,
            lines={key: f"id-{key}" for key in keys},
            total=part.total,
            version="1",
        )
    return found


def live(link: LinkState, **changes: Any) -> TargetState:
    """A commitment as Procore has it: as posted, unless something else is said."""
    project = link.part
    rows = [
        {
            "id": f"id-{row['key']}",
            "origin_id": f"{link.reference}:{project}:{row['key']}",
            **{name: value for name, value in row.items() if name != "key"},
        }
        for row in link.payload.get("lines", ())
    ]
    content = {"project_id": project, "invoiced": changes.pop("invoiced", "0"), "lines": rows}
    content["lines"] = [*rows, *changes.pop("extra", ())]
    for name in ("number", "title", "vendor_id", "contract_date", "delivery_date"):
        content[name] = link.payload.get(name, "")
    content["accounting_method"] = link.payload.get("accounting_method", "unit")
    fields: dict[str, Any] = {
        "target_id": link.target_id,
        "number": link.target_number,
        "status": link.status,
        "total": link.total,
        "currency": "USD",
        "reference": link.reference,
        "vendor_key": str(link.payload.get("vendor_id", "")),
        "content": content | changes.pop("content", {}),
    }
    return TargetState(**(fields | changes))


def standing(links: Mapping[str, LinkState], **states: Any) -> Facts:
    """Facts of an order that stands in Procore, read afresh where ``states`` says something."""
    return Facts(
        mappings=MAPPED,
        links=links,
        live={part: live(link, **states) for part, link in links.items()},
    )
