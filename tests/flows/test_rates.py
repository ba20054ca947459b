"""A rate of exchange is passed on only where both systems mean the same base currency by it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, Held, MappedTarget, Nothing, ReadTarget
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from tests.flows.procurify import bill, order
from tests.flows.world import (
    BASE,
    BILLS,
    MAPPED,
    ORDERS,
    PART,
    at_target,
    decide,
    linked,
    part_of,
    posted,
)

USD, CAD, UNKNOWN = {"currency_code": "USD"}, {"currency_code": "CAD"}, {"currency_code": ""}
# As Zoho Books lists its currencies where CAD is the base.
IN_CAD = MAPPED | {
    MappingKey("currency", "USD"): MappedTarget(key="z-usd", name="US Dollar"),
    MappingKey("currency", "CAD"): MappedTarget(
        key="z-cad", name="Canadian Dollar", attributes={"base": True}
    ),
}


def document(stream: str, currency: str, rate: str) -> Any:
    if stream == BILLS:
        return bill(currency={"id": 4, "name": currency, "rate": rate})
    return order(
        purchased_currency={"id": 4, "name": currency, "rate": rate}, purchased_currency_rate=rate
    )


def facts(source: Any, target: Any) -> Facts:
    mappings = IN_CAD if target is CAD else MAPPED
    return Facts(mappings=mappings, source_profile=source, target_profile=target)


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
@pytest.mark.parametrize(
    ("source", "target", "currency", "rate", "sent", "said"),
    [
        (USD, USD, "CAD", "0.769231", "0.769231", ""),
        (USD, USD, "USD", "1.000000", None, ""),
        (CAD, CAD, "USD", "1.3", "1.3", ""),
        # The rate of 1 is against USD: one US dollar is not one Canadian dollar.
        (USD, CAD, "USD", "1.000000", None, "Procurify's is against USD"),
        (USD, CAD, "JPY", "0.0067", None, "the base currency of Zoho Books is CAD"),
        (USD, CAD, "CAD", "0.769231", None, ""),
        (UNKNOWN, CAD, "USD", "1.000000", None, "not known"),
        (USD, UNKNOWN, "CAD", "0.769231", None, "not known"),
        ({}, {}, "CAD", "0.769231", None, "not known"),
    ],
)
def test_a_rate_is_sent_only_against_the_same_base(
    stream: str, source: Any, target: Any, currency: str, rate: str, sent: str | None, said: str
) -> None:
    decision = decide(stream, document(stream, currency, rate), facts(source, target))
    if currency == "JPY":
        assert isinstance(decision, Deliver | Held)
        if isinstance(decision, Held):
            return
    body = part_of(decision).steps[0].body
    assert body.get("exchange_rate") == sent
    assert said in decision.words
    assert bool(decision.words) == bool(said)


def test_a_rate_that_was_posted_stays_as_it_is() -> None:
    """Zoho Books keeps it, so that leaving it out would say nothing and touch the bill."""
    raw = document(BILLS, "CAD", "0.769231")
    link = posted(part_of(decide(BILLS, raw)))
    decision = decide(BILLS, raw, linked(link, source_profile=USD, target_profile=UNKNOWN))
    assert isinstance(decision, Nothing)


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
def test_what_stands_in_another_currency_stays_held(stream: str) -> None:
    raw = bill() if stream == BILLS else order()
    link = posted(part_of(decide(stream, raw)), currency="CAD")
    both = {"source_profile": BASE, "target_profile": BASE}
    asked = decide(stream, raw, linked(link, **both))
    assert isinstance(asked, ReadTarget)
    live = at_target(total=Decimal("50.00"), currency="CAD")
    held = decide(stream, raw, linked(link, live={PART: live}, **both))
    assert isinstance(held, Held)
    assert held.reason is Reason.CURRENCY_DIFFERS
    assert "50.00 CAD instead of 50.00 USD" in held.words
    right = replace(live, currency="USD")
    assert isinstance(decide(stream, raw, linked(link, live={PART: right}, **both)), Nothing)


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
def test_a_posted_rate_stays_where_nothing_is_known_of_its_currency_any_more(stream: str) -> None:
    raw = document(stream, "CAD", "0.769231")
    link = posted(part_of(decide(stream, raw, facts(USD, USD))))
    unmapped = {key: target for key, target in MAPPED.items() if key.source_key != "CAD"}
    left = replace(facts(USD, USD), mappings=unmapped, links={PART: link})
    assert isinstance(decide(stream, raw, left), Nothing)
