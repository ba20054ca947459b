"""All planted cases of the construction company.

A scribe enters; orders are written down under the name of their case, with what must become of
them in Procore. What is planted several times over stands elsewhere.
"""

from __future__ import annotations

import random
from dataclasses import replace

from connectors.sandbox.companies import construction_cases_at_rest
from connectors.sandbox.companies import construction_shapes as shapes
from connectors.sandbox.companies.construction_cases_at_rest import document_of
from connectors.sandbox.companies.construction_codes import WHOLE_CODE
from connectors.sandbox.companies.construction_scribe import Order, Scribe
from connectors.sandbox.companies.construction_script import MAPPING, NEVER
from connectors.sandbox.companies.construction_shapes import Part, Shape, goods
from connectors.sandbox.companies.construction_vendors import OTHERS


def plant(s: Scribe) -> None:
    """Chance of their own, so that the rest of the company stays as it is."""
    before, s.rng = s.rng, random.Random("cases")
    other_names(s)
    whole_codes(s)
    other_currency(s)
    units(s)
    equal_parts(s)
    withheld_tax(s)
    construction_cases_at_rest.plant(s)
    s.rng = before


def other_names(s: Scribe) -> None:
    """Each waits for a person, whatever vendor of Procore looks like its own."""
    for vendor, (ours, theirs) in zip(s.cast.others, OTHERS, strict=True):
        order = s.waiting(s.order(_shed(), vendor), ("vendor_missing", NEVER))
        _case(s, f"vendor {ours} is not {theirs}", order)


def whole_codes(s: Scribe) -> None:
    """The account's code begins like a budget code, and goes on otherwise."""
    lines = [goods("Drip irrigation", WHOLE_CODE, 1, 480_000)]
    order = s.order(shapes.of_lines(1, lines))
    _case(
        s, f"account {WHOLE_CODE} is not 32-900.C", s.waiting(order, ("cost_code_missing", MAPPING))
    )


def other_currency(s: Scribe) -> None:
    """Euros, on a project that is kept in dollars."""
    order = s.held(s.order(_shed(), s.cast.euro), "currency_differs")
    _case(s, "order in EUR for a project in USD", order)


def units(s: Scribe) -> None:
    """One as Procore lists it, in other case; one that Procore does not list, and each."""
    lines = [
        replace(goods("Fill", "5110", 40, 2250), unit="CY", uom="cy"),
        replace(goods("Pavers", "5120", 12, 31_000), unit="pallet", uom=""),
        goods("Manhole", "5080", 2, 210_000),
    ]
    order = s.posted(s.order(shapes.of_lines(1, lines)))
    _case(s, "lines in units that Procore lists and that it does not", order)


def equal_parts(s: Scribe) -> None:
    """1.00 off three equal parts: the first gets the cent that is left."""
    parts = [
        Part(
            project,
            [goods("Signs", "5150", 1, 10_000)],
            f"-{n}",
            {"charge:discount": -share},
        )
        for n, (project, share) in enumerate(((1, 34), (5, 33), (8, 33)), start=1)
    ]
    order = s.posted(s.order(Shape(parts, 29_900, {"discount": "1.00"})))
    _case(s, "1.00 off over three equal parts", order)


def withheld_tax(s: Scribe) -> None:
    """Zoho Books takes 1 per cent off the total; the commitment is for the whole of it."""
    lines = [goods("Formwork", "5040", 10, 45_000)]
    order = s.posted(s.order(shapes.of_lines(1, lines), s.cast.withheld))
    _case(s, "order of a vendor whose tax is withheld", order)


def _shed() -> Shape:
    return shapes.of_lines(1, [goods("Site office", "5150", 1, 240_000)])


def _case(s: Scribe, name: str, order: Order) -> None:
    s.script.case(name, document_of(order))
