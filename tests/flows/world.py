"""Facts for decisions in tests: what is mapped, what stands at the target, who else is there."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    DocumentKey,
    Facts,
    LinkState,
    MappedTarget,
    PartPlan,
    Sibling,
)
from connectors.core.flow import Context
from connectors.core.records import TargetState
from connectors.core.references import MappingKey
from connectors.core.states import State
from connectors.flows.procurify_to_zoho_books import FLOW

# Both systems keep their books in one currency.
BASE = {"currency_code": "USD"}
ORDERS, BILLS, PART = "purchase_order", "bill", "whole"

MAPPED = {
    MappingKey("vendor", "10"): MappedTarget(key="z-acme", name="Acme Inc."),
    MappingKey("currency", "USD"): MappedTarget(
        key="z-usd", name="US Dollar", attributes={"base": True}
    ),
    MappingKey("currency", "CAD"): MappedTarget(
        key="z-cad", name="Canadian Dollar", attributes={"base": False}
    ),
    MappingKey("currency", "JPY"): MappedTarget(key="z-jpy", name="Yen"),
    MappingKey("tax", "GST|5"): MappedTarget(key="z-gst", name="GST", attributes={"rate": "5"}),
    MappingKey("tax", "PST|7"): MappedTarget(key="z-pst", name="PST", attributes={"rate": "7"}),
    MappingKey("tax", "GST|5 + PST|7"): MappedTarget(
        key="z-both", name="GST and PST", attributes={"rate": "12"}
    ),
    MappingKey("tax", "Purchase order tax|5"): MappedTarget(
        key="z-gst", name="GST", attributes={"rate": "5"}
    ),
} | {
    MappingKey("account", code): MappedTarget(key=f"z-{code}", name=f"Account {code}")
    for code in ("5030", "6010", "6020", "charge:freight", "charge:other", "charge:tax")
}


def without(*keys: tuple[str, str]) -> dict[MappingKey, MappedTarget]:
    """Everything mapped but these."""
    gone = {MappingKey(*key) for key in keys}
    return {key: target for key, target in MAPPED.items() if key not in gone}


def context(**options: Any) -> Context:
    return Context(
        options=FLOW.default_options() | options,
        source_settings={"subdomain": "acme"},
        target_settings={},
    )


def decide(stream: str, raw: Mapping[str, Any], facts: Facts | None = None, **options: Any) -> Any:
    """What the flow says; everything is mapped unless the facts say otherwise."""
    record = FLOW.stream(stream).parse(raw)
    if facts is None:
        facts = Facts(mappings=MAPPED, source_profile=BASE, target_profile=BASE)
    decision: Decision = FLOW.decide(stream, record, facts, context(**options))
    return decision


def part_of(decision: Any) -> PartPlan:
    """The one part of a delivery."""
    assert isinstance(decision, Deliver), decision
    (part,) = decision.parts
    return part


def actions(decision: Any) -> list[str]:
    """Steps in short: create, update, or the status that is set."""
    steps = part_of(decision).steps
    return [step.status if step.action == "set_status" else step.action for step in steps]


def posted(part: PartPlan, *, status: str = "open", **changes: Any) -> LinkState:
    """The link that a part leaves behind once it was delivered."""
    lines = {line["key"]: f"line-{line['key']}" for line in part.payload["lines"]}
    fields = {
        "part": PART,
        "target_kind": part.target_kind,
        "target_id": f"id-{part.number}",
        "target_number": part.number,
        "reference": part.reference,
        "status": status,
        "payload": part.payload,
        "lines": lines,
        "total": part.total,
        "version": "1",
    }
    return LinkState(**(fields | changes))


def linked(link: LinkState, **facts: Any) -> Facts:
    """Facts of a document that stands at the target."""
    fields: dict[str, Any] = {"mappings": MAPPED, "links": {PART: link}}
    return Facts(**(fields | facts))


def sibling(stream: str, key: str, **changes: Any) -> Sibling:
    fields: dict[str, Any] = {
        "id": 1,
        "stream": stream,
        "key": key,
        "number": "",
        "state": State.POSTED,
        "party_key": "10",
    }
    return Sibling(**(fields | changes))


def order_sibling(raw: Mapping[str, Any], **changes: Any) -> dict[DocumentKey, Sibling]:
    """The order of a bill, posted as the flow itself would post it."""
    part = part_of(decide(ORDERS, {**raw, "state": 0}))
    found = sibling(
        ORDERS, str(raw["procurify_PO"]), links={PART: posted(part)}, record=raw, **changes
    )
    return {DocumentKey(ORDERS, found.key): found}


def at_target(**changes: Any) -> TargetState:
    fields: dict[str, Any] = {
        "target_id": "t-1",
        "number": "INV-7",
        "status": "open",
        "total": Decimal("50.00"),
        "currency": "USD",
        "vendor_key": "z-acme",
    }
    return TargetState(**(fields | changes))
