"""What ordinarily goes wrong: orders that wait, are held, or are not for Procore at all.

A scribe enters; troubled orders are written down with the class of their trouble and, where people
can help, with what they become then.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.companies import construction_shapes as shapes
from connectors.sandbox.companies.construction_codes import (
    ABSENT,
    DEMOLITION,
    EARTHWORK,
    INACTIVE,
    LANDSCAPING,
    UNBUDGETED,
    UNMAPPED,
)
from connectors.sandbox.companies.construction_projects import (
    SECOND_NUMBER,
    SECOND_NUMBER_OF,
    YARD,
)
from connectors.sandbox.companies.construction_scribe import Order, Scribe
from connectors.sandbox.companies.construction_script import MAPPING, NEVER
from connectors.sandbox.companies.construction_shapes import Part, Shape, goods
from connectors.sandbox.companies.construction_vendors import Vendor

# Statuses that this flow does not know; the second one is Zoho's own.
UNKNOWN_STATUSES = ("awaiting_release", "in_transit", "awaiting_release")
NOT_FOR_PROCORE = {"draft": 4, "pending_approval": 3, "rejected": 2, "cancelled": 3}
NO_PROJECT = 0


def plant(s: Scribe) -> None:
    """Every kind of trouble, most of them more than once."""
    vendors_missing(s)
    projects_missing(s)
    cost_codes_missing(s)
    several_missing(s)
    currency_differs(s)
    unbudgeted(s)
    for status in UNKNOWN_STATUSES:
        s.held(s.order(shapes.plain(s.rng, s.project()), status=status), "unknown_status")
    for status, count in NOT_FOR_PROCORE.items():
        for _ in range(count):
            s.not_applicable(s.order(shapes.plain(s.rng, s.project()), status=status))


# Waiting


def vendors_missing(s: Scribe) -> None:
    """Names that only look alike, names that occur twice on a side, and one that is nowhere."""
    cast = s.cast
    for vendor in (*cast.lookalike, cast.twice_in_procore, cast.absent):
        need = NEVER if vendor is cast.absent else MAPPING
        _vendor_missing(s, vendor, need, shapes.plain(s.rng, s.project()))
        _vendor_missing(s, vendor, need, shapes.split_taxed(s.rng, s.several_projects()))
    for vendor in cast.twice_in_zoho:
        _vendor_missing(s, vendor, MAPPING, shapes.plain(s.rng, s.project()))


def _vendor_missing(s: Scribe, vendor: Vendor, need: str, shape: Shape) -> None:
    s.waiting(s.order(shape, vendor), ("vendor_missing", need))


def projects_missing(s: Scribe) -> None:
    """A project under a second number, our own yard, and lines that name no project."""
    for _ in range(3):
        _project_missing(s, MAPPING, _under_second_number(s))
    for _ in range(2):
        _project_missing(s, NEVER, nowhere(s, YARD))
        _project_missing(s, NEVER, nowhere(s, NO_PROJECT))
        # One line in order, one not: nothing of it may reach Procore.
        _project_missing(s, MAPPING, _good(s, 1, "-1"), _under_second_number(s, "-2"))
        _project_missing(s, NEVER, _good(s, 1), nowhere(s, YARD))


def _project_missing(s: Scribe, need: str, *parts: Part) -> None:
    s.waiting(s.order(shapes.of_parts(list(parts))), ("project_missing", need))


def _under_second_number(s: Scribe, suffix: str = "") -> Part:
    lines = [shapes.ware(s.rng, SECOND_NUMBER_OF), goods("Manhole, 48 in", "5080", 2, 210_000)]
    return Part(SECOND_NUMBER_OF, lines, suffix, zoho_project=SECOND_NUMBER)


def nowhere(s: Scribe, zoho_project: int) -> Part:
    """Lines that no commitment will have; the code is one that every project knows."""
    line = goods("Shop heater", "5170", s.rng.randint(1, 6), 48_000)
    return Part(1, [line], zoho_project=zoho_project)


def _good(s: Scribe, project: int, suffix: str = "") -> Part:
    return Part(project, [goods("Jersey barrier", "5150", s.rng.randint(2, 20), 36_500)], suffix)


def cost_codes_missing(s: Scribe) -> None:
    """Accounts without a rule, a rule to a code the project lacks, and one to a closed code."""
    for code in UNMAPPED:
        for _ in range(2):
            _cost_code_missing(s, _coded(s, s.project(), code))
    first, second, _ = s.several_projects()
    bad = _coded(s, second, UNMAPPED[0], "-2")
    _cost_code_missing(s, _good(s, first, "-1"), bad)
    for project in ABSENT:
        _cost_code_missing(s, _coded(s, project, EARTHWORK))
        _cost_code_missing(s, _good(s, 1, "-1"), _coded(s, project, EARTHWORK, "-2"))
    for project in INACTIVE:
        _cost_code_missing(s, _coded(s, project, DEMOLITION))


def _cost_code_missing(s: Scribe, *parts: Part) -> None:
    s.waiting(s.order(shapes.of_parts(list(parts))), ("cost_code_missing", MAPPING))


def _coded(s: Scribe, project: int, code: str, suffix: str = "") -> Part:
    """A line that is in order and one on this account."""
    lines = [
        goods("Jersey barrier", "5150", 4, 36_500),
        goods("As quoted", code, 1, s.rng.randint(10_000, 900_000)),
    ]
    return Part(project, lines, suffix)


def several_missing(s: Scribe) -> None:
    """All that an order lacks is named, not only the first."""
    reasons: tuple[Any, ...] = (("vendor_missing", MAPPING), ("cost_code_missing", MAPPING))
    shape = shapes.of_parts([_coded(s, s.project(), UNMAPPED[1])])
    s.waiting(s.order(shape, s.cast.lookalike[0]), *reasons)
    reasons = (("vendor_missing", NEVER), ("project_missing", NEVER))
    s.waiting(s.order(shapes.of_parts([nowhere(s, YARD)]), s.cast.absent), *reasons)


# Held


def currency_differs(s: Scribe) -> None:
    """Canadian dollars, on projects that are kept in American ones."""
    for shape in (
        shapes.plain(s.rng, s.project()),
        shapes.taxed(s.rng, s.project()),
        shapes.split_plain(s.rng, s.several_projects()),
    ):
        s.held(s.order(shape, s.cast.foreign), "currency_differs")


def unbudgeted(s: Scribe) -> None:
    """The code exists and is active, but the project's budget does not have it."""
    for project in UNBUDGETED:
        s.held(s.order(shapes.of_parts([_coded(s, project, LANDSCAPING)])), "unbudgeted")
        both = [_good(s, 1, "-1"), _coded(s, project, LANDSCAPING, "-2")]
        s.held(s.order(shapes.of_parts(both)), "unbudgeted")


def unbudgeted_order(s: Scribe, project: int) -> Order:
    """One such order, for whoever will repair it."""
    return s.held(s.order(shapes.of_parts([_coded(s, project, LANDSCAPING)])), "unbudgeted")


def unmapped_order(s: Scribe) -> Order:
    """One that waits for a cost code, for whoever will repair it."""
    shape = shapes.of_parts([_coded(s, s.project(), UNMAPPED[0])])
    return s.waiting(s.order(shape), ("cost_code_missing", MAPPING))


def unknown_order(s: Scribe) -> Order:
    """One in a status that nobody knows, for whoever will repair it."""
    shape = shapes.plain(s.rng, s.project())
    return s.held(s.order(shape, status=UNKNOWN_STATUSES[0]), "unknown_status")


def yard_order(s: Scribe) -> Order:
    """One that nothing will free."""
    shape = shapes.of_parts([nowhere(s, YARD)])
    return s.waiting(s.order(shape), ("project_missing", NEVER))
