"""Tax that Zoho Books withholds (India's TDS): it lowers what is paid, never what is bought.

Zoho's own sample: 45,000 and 8,100 of tax less 450 withheld are a total of 52,650.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Found, Held
from connectors.core.records import Raw
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books import FLOW
from connectors.providers.zoho_books.records import bill_state, purchase_order_state
from tests.flows import commitments
from tests.flows.procurify import bill, bill_item, shares
from tests.flows.test_sink import Zoho, planned
from tests.flows.world import BILLS

WITHHELD = {
    "sub_total": Decimal(45_000),
    "tax_total": Decimal(8_100),
    "tds_amount": Decimal(450),
    "total": Decimal(52_650),
}


class India(Zoho):
    """The vendor's contact carries a TDS tax, so that every record gets it without being asked."""

    def _write(self, noun: str, body: Mapping[str, Any], status: str, key: str = "") -> Raw:
        record = super()._write(noun, body, status, key)
        self.records[record[f"{noun}_id"]] = {**record, **WITHHELD}
        return {**record, **WITHHELD}


def indian_bill() -> dict[str, Any]:
    item = bill_item(
        quantity="9",
        unit_cost=5900.0,
        total_cost=53_100.0,
        total_cost_with_tax=53_100.0,
        cost_allocations=shares(("5030", "53100"), where="budget"),
    )
    return bill(item, total_cost_with_tax=53_100.0)


def test_a_bill_that_zoho_withholds_from_agrees_in_total_and_says_how_much() -> None:
    ref, (create,) = planned(BILLS, indian_bill())
    state = FLOW.sink.perform(India(), ref, create)
    assert state.total == Decimal(ref.total)
    assert state.content["withheld"] == "450"
    assert "withholds 450.00 USD of tax (TDS)" in state.remark
    assert "52,650.00 USD" in state.remark


def test_a_lost_create_with_tax_withheld_is_found_again() -> None:
    zoho = India()
    ref, (create,) = planned(BILLS, indian_bill())
    FLOW.sink.perform(zoho, ref, create)
    assert isinstance(FLOW.sink.probe(zoho, ref, create), Found)
    update = replace(create, action="update", creates=False)
    assert isinstance(FLOW.sink.probe(zoho, replace(ref, target_id="t-1"), update), Found)


@pytest.mark.parametrize(
    ("read", "noun"), [(bill_state, "bill"), (purchase_order_state, "purchaseorder")]
)
def test_tax_that_was_not_taken_off_the_total_changes_nothing(read: Any, noun: str) -> None:
    plain = {f"{noun}_id": "1", "currency_code": "INR"} | WITHHELD
    assert read(plain).total == Decimal(53_100)
    noted_only = read(plain | {"total": Decimal(53_100)})
    assert (noted_only.total, noted_only.remark) == (Decimal(53_100), "")
    assert read(plain | {"tds_amount": 0}).total == Decimal(52_650)


@pytest.mark.parametrize(
    ("changes", "gross"),
    [
        ({"balance": 20_000, "payment_made": 32_650, "status": "partially_paid"}, 53_100),
        ({"discount_amount": 100, "total": 52_550}, 53_000),
        ({"discount_amount": 100, "total": 53_000}, 53_000),
        ({"sub_total": 44_900, "discount_amount": 100, "total": 52_550}, 53_000),
        ({"sub_total": 44_900, "discount_amount": 100, "total": 53_000}, 53_000),
        ({"is_inclusive_tax": True, "total": 44_550}, 45_000),
        ({"is_inclusive_tax": True, "total": 45_000}, 45_000),
        ({"tax_total": 450, "total": 45_000}, 45_450),
        ({"adjustment": -450, "total": 52_200}, 52_650),
    ],
)
def test_what_was_withheld_is_told_in_every_shape_of_a_total(
    changes: dict[str, Any], gross: int
) -> None:
    raw = {"bill_id": "1", "currency_code": "INR"} | WITHHELD | changes
    assert bill_state(raw).total == Decimal(gross)


def indian_order(**changes: Any) -> dict[str, Any]:
    line = commitments.line(quantity="9", rate="5000", item_total="45000.00", tax_percentage="18")
    return commitments.order(line, **(WITHHELD | changes))


def test_a_commitment_costs_what_is_bought_and_says_why_zoho_shows_less() -> None:
    (part, *_) = commitments.parts(commitments.decide(indian_order()))
    assert part.total == Decimal(53_100)
    assert part.payload["description"].endswith(
        "Zoho Books shows a total of 52,650.00 USD, after withholding 450.00 USD of tax (TDS)."
    )


def test_an_order_that_does_not_add_up_is_held_also_with_tax_withheld() -> None:
    decision = commitments.decide(indian_order(total=Decimal("52650.50")))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    assert "-0.50 USD" in decision.words
