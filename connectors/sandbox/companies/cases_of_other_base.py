"""Planted cases of books that are kept in another currency than Procurify's: whose rate counts.

A scribe enters; an order and bills are written down under the name of their case. Procurify's rates
turn amounts into American dollars, those of Zoho Books into Canadian ones: none can be passed on.
"""

from __future__ import annotations

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.parts import goods
from connectors.sandbox.companies.scribe import Scribe
from connectors.sandbox.companies.stories import document_of, post_bill, post_order

# The rates that Zoho Books knows itself.
RATES = {"CAD": {"CAD": "1", "USD": "1.3", "JPY": "0.00871"}}


def plant(s: Scribe) -> None:
    """A document in each base, and in a third currency."""
    part = goods("Spur gear", "5030", 4, 4100)
    order = post_order(s, s.order(s.vendor("USD"), order_shapes.of_parts([part])))
    s.script.case("order in Procurify's base, which is not Zoho Books'", document_of(s, order))
    for name, vendor in (
        ("bill in Procurify's base, which is not Zoho Books'", s.vendor("USD")),
        ("bill in Zoho Books' base, which is not Procurify's", s.vendor("CAD")),
        ("bill in a currency that is nobody's base", s.cast.yen),
    ):
        price = 60_000 if vendor is s.cast.yen else 4100
        shape = bill_shapes.of_parts([goods("Spur gear", "5030", 4, price)])
        s.script.case(name, document_of(s, post_bill(s, s.bill(vendor, shape))))


def rate_as_zoho_books(s: Scribe, base: str) -> None:
    """Every record is expected at the rate that Zoho Books has for its currency."""
    for document in s.script.documents:
        for stage in document.stages:
            if stage.target is not None:
                stage.target["exchange_rate"] = RATES[base][stage.target["currency"]]
