"""A lost change is believed done only when Zoho Books says every field that was sent."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Absent, Facts, Found, LinkState, Step
from connectors.core.flow import PartRef
from connectors.flows.procurify_to_zoho_books import FLOW
from connectors.flows.procurify_to_zoho_books.payloads import update_body
from tests.flows.procurify import bill, bill_item, of_order, order, order_item, percent
from tests.flows.test_sink import Zoho
from tests.flows.world import BILLS, MAPPED, ORDERS, decide, order_sibling, part_of

# Every way in which a value of that kind can be another one.
OTHERS: dict[type, Any] = {bool: lambda old: not old, list: lambda old: [*old, "z-more"]}


def other(name: str, value: Any) -> Any:
    if type(value) in OTHERS:
        return OTHERS[type(value)](value)
    if name in ("rate", "quantity", "exchange_rate"):
        return str(Decimal(value) + Decimal("0.01"))
    if name == "discount":
        return "3"
    return f"{value}x" if value else "x"


ORDER = order(
    order_item(taxes=[percent("GST", "5")], po_note="as agreed", tax_amount="2.50"),
    comment="by truck",
    discount={"value": "10", "type": "percentage"},
    purchased_currency={"id": 4, "name": "CAD", "rate": "0.75"},
    purchased_currency_rate="0.750000",
    total="47.25",
)
BILL = bill(of_order(bill_item()), note="second delivery")


def posted() -> dict[str, Mapping[str, Any]]:
    """What is posted of an order and of a bill, with every field that can be sent."""
    facts = Facts(mappings=MAPPED, documents=order_sibling(order()))
    return {
        ORDERS: part_of(decide(ORDERS, ORDER)).payload,
        BILLS: {
            **part_of(decide(BILLS, BILL, facts)).payload,
            "is_inclusive_tax": True,
            "is_item_level_tax_calc": True,
            "exchange_rate": "0.75",
        },
    }


def fields(stream: str) -> Iterator[tuple[str, str, str]]:
    payload = posted()[stream]
    body = update_body(payload, {}, {})
    yield from ((stream, "", name) for name in body if name != "line_items")
    yield from ((stream, "line", name) for name in body["line_items"][0])


def written(stream: str, payload: Mapping[str, Any]) -> tuple[Zoho, PartRef, LinkState]:
    """Zoho Books with this record, and our link to it."""
    zoho = Zoho(total=str(payload["total"]))
    ref = PartRef(
        target_kind=stream,
        reference=str(payload["reference_number"]),
        target_id="",
        number="n",
        vendor_key=str(payload["vendor_id"]),
        total=str(payload["total"]),
        payload=payload,
    )
    create = Step(action="create", body=update_body(payload, {}, {}), creates=True)
    state = FLOW.sink.perform(zoho, ref, create)
    link = LinkState(
        part="whole",
        target_kind=stream,
        target_id=state.target_id,
        target_number="n",
        reference=ref.reference,
        status="open",
        payload=payload,
        lines=state.lines,
        total=state.total,
        version="1",
    )
    return zoho, replace(ref, target_id=state.target_id), link


# The due day falls back to the terms, and the rate to Zoho's own, when they are not said; that
# nothing is billable is what a line says by saying nothing.
REQUIRED = frozenset(
    {"vendor_id", "currency_id", "reference_number", "date", "quantity", "rate", "account_id"}
    | {"bill_number", "purchaseorder_number", "due_date", "exchange_rate", "is_billable"}
)
CASES = [case for stream in (ORDERS, BILLS) for case in fields(stream)]
EMPTIED = [case for case in CASES if case[2] not in REQUIRED]


@pytest.mark.parametrize(("stream", "where", "name"), CASES, ids=lambda value: value or "head")
def test_a_change_of_one_field_that_never_arrived_is_sent_again(
    stream: str, where: str, name: str
) -> None:
    before = posted()[stream]
    zoho, ref, link = written(stream, before)
    after = changed(before, where, name)
    ref = replace(ref, payload=after)
    update = Step(action="update", body=update_body(after, link.payload, link.lines))
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Absent), "lost before it arrived"
    FLOW.sink.perform(zoho, ref, update)
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Found), "the answer was lost"


@pytest.mark.parametrize(("stream", "where", "name"), EMPTIED, ids=lambda value: value or "head")
def test_a_field_that_is_said_no_more_and_was_not_emptied_is_sent_again(
    stream: str, where: str, name: str
) -> None:
    before = posted()[stream]
    zoho, ref, link = written(stream, before)
    after = without(before, where, name)
    ref = replace(ref, payload=after)
    update = Step(action="update", body=update_body(after, link.payload, link.lines))
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Absent)
    FLOW.sink.perform(zoho, ref, update)
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Found)


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
def test_spelling_alone_is_no_change(stream: str) -> None:
    payload = posted()[stream]
    zoho, ref, link = written(stream, payload)
    row = zoho.records[ref.target_id]
    row["notes"] = f"  {row['notes']} ".replace("\n", "\r\n")
    row["exchange_rate"] = Decimal("0.750000")
    line = row["line_items"][0]
    line |= {"rate": Decimal(line["rate"]), "quantity": 4.0, "name": f"{line['name']} "}
    if "discount" in row:
        row["discount"] = "10.00%"
    if stream == BILLS:
        row["purchaseorders"] = [{"purchaseorder_id": key} for key in row.pop("purchaseorder_ids")]
    update = Step(action="update", body=update_body(payload, link.payload, link.lines))
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Found)


def test_ten_is_not_ten_per_cent() -> None:
    payload = posted()[ORDERS]
    zoho, ref, link = written(ORDERS, payload)
    zoho.records[ref.target_id]["discount"] = 10
    update = Step(action="update", body=update_body(payload, link.payload, link.lines))
    assert isinstance(FLOW.sink.probe(zoho, ref, update), Absent)


def test_lines_of_one_price_keep_their_own_ids_when_they_come_back_in_another_order() -> None:
    items = [order_item(501, name="Left"), order_item(502, name="Right")]
    payload = part_of(decide(ORDERS, order(*items, total="100.00"))).payload
    zoho, ref, _ = written(ORDERS, payload)
    row = zoho.records[ref.target_id]
    row["line_items"] = row["line_items"][::-1]
    state = FLOW.sink.read(zoho, ref)
    assert state is not None
    names = {line["line_item_id"]: line["name"] for line in row["line_items"]}
    ours = {str(line["key"]): line["name"] for line in payload["lines"]}
    assert {key: names[line_id] for key, line_id in state.lines.items()} == ours


def changed(payload: Mapping[str, Any], where: str, name: str) -> dict[str, Any]:
    if where:
        lines = [dict(line) for line in payload["lines"]]
        lines[0][name] = other(name, lines[0][name])
        return {**payload, "lines": lines}
    return {**payload, name: other(name, payload[name])}


def without(payload: Mapping[str, Any], where: str, name: str) -> dict[str, Any]:
    if where:
        lines = [{k: v for k, v in line.items() if k != name} for line in payload["lines"]]
        return {**payload, "lines": lines}
    return {k: v for k, v in payload.items() if k != name}
