"""The Zoho side: one call per step, and a look that tells ours from somebody else's."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Absent, Conflict, Found, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.records import Raw
from connectors.flows.procurify_to_zoho_books import FLOW
from tests.flows.procurify import bill, order, order_item, shares
from tests.flows.world import BILLS, ORDERS, decide, part_of

SINK = FLOW.sink


class Zoho:
    """A client that keeps records in memory and counts its calls."""

    def __init__(self, *, total: str = "50.00") -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.total = total

    def create_purchase_order(self, body: Mapping[str, Any]) -> Raw:
        return self._write("purchaseorder", body, "draft")

    def create_bill(self, body: Mapping[str, Any]) -> Raw:
        return self._write("bill", body, "open")

    def update_bill(self, record_id: str, body: Mapping[str, Any]) -> Raw:
        return self._write("bill", body, "open", record_id)

    def update_purchase_order(self, record_id: str, body: Mapping[str, Any]) -> Raw:
        return self._write("purchaseorder", body, "open", record_id)

    def set_purchase_order_status(self, record_id: str, status: str) -> None:
        self.calls.append(f"status {status}")
        self.records[record_id]["status"] = status

    def purchase_order(self, record_id: str) -> Raw:
        return self._get(record_id)

    bill = purchase_order

    def find_purchase_orders(self, *, number: str = "", reference: str = "") -> list[Raw]:
        return self._find(purchaseorder_number=number, reference_number=reference)

    def find_bills(
        self, *, number: str = "", reference: str = "", vendor_id: str = ""
    ) -> list[Raw]:
        return self._find(bill_number=number, reference_number=reference, vendor_id=vendor_id)

    def _write(self, noun: str, body: Mapping[str, Any], status: str, key: str = "") -> Raw:
        self.calls.append(f"{'update' if key else 'create'} {noun}")
        key = key or f"t-{len(self.records) + 1}"
        lines = [
            {"line_item_id": f"l-{at}", **line} for at, line in enumerate(body["line_items"], 1)
        ]
        self.records[key] = {
            f"{noun}_id": key,
            "status": status,
            "total": Decimal(self.total),
            "currency_code": "USD",
            **body,
            "line_items": lines,
        }
        return self.records[key]

    def _get(self, record_id: str) -> Raw:
        self.calls.append("get")
        if record_id not in self.records:
            raise ProviderError(ErrorFacts(kind=ErrorKind.NOT_FOUND, message="does not exist"))
        return self.records[record_id]

    def _find(self, **wanted: str) -> list[Raw]:
        self.calls.append("find")
        given = {name: value for name, value in wanted.items() if value}
        rows = [r for r in self.records.values() if given.items() <= r.items()]
        return [{k: v for k, v in row.items() if k != "line_items"} for row in rows]


def planned(stream: str, raw: Mapping[str, Any]) -> tuple[PartRef, tuple[Step, ...]]:
    part = part_of(decide(stream, raw))
    ref = PartRef(
        target_kind=part.target_kind,
        reference=part.reference,
        target_id="",
        number=part.number,
        vendor_key=part.vendor_key,
        total=str(part.total),
        payload=part.payload,
    )
    return ref, part.steps


SPLIT = order(order_item(spend_allocation=shares(("6010", "25"), ("6010", "25"))))


def test_an_order_costs_two_calls_and_a_bill_one() -> None:
    zoho = Zoho()
    ref, (create, set_open) = planned(ORDERS, order())
    state = SINK.perform(zoho, ref, create)
    after = SINK.perform(zoho, replace(ref, target_id=state.target_id), set_open)
    assert zoho.calls == ["create purchaseorder", "status open"]
    assert (state.status, state.total, after.status, after.total) == (
        "draft",
        Decimal("50.00"),
        "open",
        None,
    )
    zoho = Zoho()
    ref, (create,) = planned(BILLS, bill())
    assert SINK.perform(zoho, ref, create).status == "open"
    assert zoho.calls == ["create bill"]


def test_lines_get_their_ids_in_the_order_sent_equal_ones_too() -> None:
    ref, (create, _) = planned(ORDERS, SPLIT)
    state = SINK.perform(Zoho(), ref, create)
    assert state.lines == {"501:71": "l-1", "501:72": "l-2"}


def test_an_answer_that_cannot_be_read_leaves_the_fate_unknown() -> None:
    ref, (create,) = planned(BILLS, bill())
    with pytest.raises(UnknownOutcomeError):
        SINK.perform(Zoho(total="NaN"), ref, create)


def test_a_step_that_zoho_has_not_is_refused() -> None:
    ref, _ = planned(BILLS, bill())
    with pytest.raises(BadInputError, match="no step 'set_status' for a bill"):
        SINK.perform(Zoho(), ref, Step(action="set_status", status="open"))
    with pytest.raises(BadInputError, match="at once"):
        SINK.perform_batch(Zoho(), [(ref, Step(action="create"))])


# Looking


@pytest.mark.parametrize(("stream", "raw"), [(ORDERS, SPLIT), (BILLS, bill())])
def test_what_was_created_is_found_by_our_reference_lines_and_all(stream: str, raw: Any) -> None:
    zoho = Zoho()
    ref, (create, *_) = planned(stream, raw)
    assert SINK.probe(zoho, ref, create) == Absent()
    state = SINK.perform(zoho, ref, create)
    found = SINK.probe(zoho, ref, create)
    assert isinstance(found, Found)
    assert found.state.target_id == state.target_id
    assert found.state.lines == state.lines
    assert found.as_meant


@pytest.mark.parametrize(
    "changes",
    [
        {"total": Decimal("50.01")},
        {"vendor_id": "z-other"},
        {"bill_number": "INV-6"},
        {"date": "2025-12-31"},
        {"currency_id": "z-cad"},
    ],
)
def test_what_carries_our_mark_is_ours_and_to_be_brought_up_to_date(
    changes: dict[str, Any],
) -> None:
    zoho = Zoho()
    ref, (create,) = planned(BILLS, bill())
    SINK.perform(zoho, ref, create)
    zoho.records["t-1"] |= changes
    probe = SINK.probe(zoho, ref, create)
    assert isinstance(probe, Found)
    assert (probe.state.target_id, probe.as_meant) == ("t-1", False)


@pytest.mark.parametrize(
    ("stream", "raw", "dead", "words"),
    [(BILLS, bill(), "void", "was voided"), (ORDERS, order(), "cancelled", "was cancelled")],
)
def test_what_was_ended_there_under_our_mark_is_not_taken_up_again(
    stream: str, raw: Any, dead: str, words: str
) -> None:
    zoho = Zoho()
    ref, (create, *_) = planned(stream, raw)
    SINK.perform(zoho, ref, create)
    zoho.records["t-1"]["status"] = dead
    probe = SINK.probe(zoho, ref, create)
    assert isinstance(probe, Conflict)
    assert words in probe.words


def test_two_records_with_our_reference_are_a_conflict() -> None:
    zoho = Zoho()
    ref, (create,) = planned(BILLS, bill())
    SINK.perform(zoho, ref, create)
    SINK.perform(zoho, ref, create)
    probe = SINK.probe(zoho, ref, create)
    assert isinstance(probe, Conflict)
    assert "2 bills" in probe.words


def test_a_record_with_the_number_alone_is_somebody_elses() -> None:
    zoho = Zoho()
    ref, (create,) = planned(BILLS, bill())
    SINK.perform(zoho, ref, create)
    zoho.records["t-1"]["reference_number"] = ""
    probe = SINK.probe(zoho, ref, create)
    assert isinstance(probe, Conflict)
    assert probe.state is not None
    zoho.records["t-1"]["vendor_id"] = "z-other"
    assert SINK.probe(zoho, ref, create) == Absent()


@pytest.mark.parametrize(
    ("wanted", "status", "happened"),
    [
        ("open", "open", True),
        ("open", "partially_billed", True),
        ("open", "draft", False),
        ("open", "billed", False),
        ("billed", "billed", True),
        ("billed", "open", False),
        ("cancelled", "cancelled", True),
        ("cancelled", "open", False),
    ],
)
def test_a_status_step_has_happened_when_the_target_says_so(
    wanted: str, status: str, happened: bool
) -> None:
    zoho = Zoho()
    ref, (create, _) = planned(ORDERS, order())
    state = SINK.perform(zoho, ref, create)
    zoho.records[state.target_id]["status"] = status
    step = Step(action="set_status", status=wanted)
    probe = SINK.probe(zoho, replace(ref, target_id=state.target_id), step)
    assert isinstance(probe, Found if happened else Absent)


def test_an_update_has_happened_when_every_line_says_so() -> None:
    zoho = Zoho()
    ref, (create,) = planned(BILLS, bill())
    state = SINK.perform(zoho, ref, create)
    ref = replace(ref, target_id=state.target_id)
    update = Step(action="update", body=create.body)
    assert isinstance(SINK.probe(zoho, ref, update), Found)
    for field, value in (("rate", "12.51"), ("account_id", "z-6010"), ("tax_id", "z-gst")):
        changed = [zoho.records["t-1"]["line_items"][0] | {field: value}]
        zoho.records["t-2"] = zoho.records["t-1"] | {"line_items": changed}
        assert SINK.probe(zoho, replace(ref, target_id="t-2"), update) == Absent()
    zoho.records["t-2"] = zoho.records["t-1"] | {"date": "2026-02-06"}
    assert SINK.probe(zoho, replace(ref, target_id="t-2"), update) == Absent()


def test_what_is_gone_is_none_to_a_reader_and_a_conflict_to_a_probe() -> None:
    ref, _ = planned(BILLS, bill())
    ref = replace(ref, target_id="t-9")
    assert SINK.read(Zoho(), ref) is None
    assert isinstance(SINK.probe(Zoho(), ref, Step(action="update", body={})), Conflict)


def test_other_errors_are_passed_on() -> None:
    class Broken(Zoho):
        def _get(self, record_id: str) -> Raw:
            raise ProviderError(ErrorFacts(kind=ErrorKind.TRANSIENT, message="busy"))

    ref, _ = planned(BILLS, bill())
    with pytest.raises(ProviderError, match="busy"):
        SINK.read(Broken(), replace(ref, target_id="t-1"))


def test_people_are_led_to_the_record_in_zoho() -> None:
    profile = {"web_root": "https://books.zoho.eu/app/77"}
    assert SINK.web_url(BILLS, "123", profile) == "https://books.zoho.eu/app/77#/bills/123"
    assert SINK.web_url(ORDERS, "123", profile).endswith("#/purchaseorders/123")
    assert SINK.web_url(BILLS, "123", {}) == ""
