"""What people do to orders, one edit at a time: Zoho's change and what it makes of the order.

An order as it stands enters; it is changed in place and the control step that plays the change
leaves. Only changes whose outcome does not depend on what was seen of the ones before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox.companies import construction_shapes as shapes
from connectors.sandbox.companies.construction_codes import plain_accounts
from connectors.sandbox.companies.construction_projects import zoho_project_id
from connectors.sandbox.companies.construction_scribe import ACCOUNT_IDS, Order, Scribe
from connectors.sandbox.companies.construction_shapes import Line, Part
from connectors.sandbox.companies.construction_vendors import Vendor
from connectors.sandbox.companies.parts import text

Step = dict[str, Any]
Edit = Callable[[Scribe, Order], Step]


def step(order: Order, changes: dict[str, Any]) -> Step:
    """Somebody changes the order in Zoho's own pages."""
    return {
        "op": "edit",
        "provider": "zoho_books",
        "kind": "purchaseorders",
        "id": order.key,
        "changes": changes,
    }


def added(record: dict[str, Any]) -> Step:
    """Somebody writes a new order."""
    return {"op": "add", "provider": "zoho_books", "kind": "purchaseorders", "record": record}


# Lines


def more(s: Scribe, order: Order) -> Step:
    line, pieces, price = _some_goods(s, order)
    return _priced(order, line, pieces + s.rng.randint(1, 12), price)


def fewer(s: Scribe, order: Order) -> Step:
    line, pieces, price = _some_goods(s, order)
    return _priced(order, line, max(1, pieces - s.rng.randint(1, 12)), price)


def dearer(s: Scribe, order: Order) -> Step:
    line, pieces, price = _some_goods(s, order)
    return _priced(order, line, pieces, price + s.rng.randint(1, 9999))


def add(s: Scribe, order: Order) -> Step:
    part = order.parts[0]
    line = shapes.ware(s.rng, part.project)
    part.lines.append(line)
    return step(order, {"add_lines": [s.zoho_line(part, line)]})


def drop(s: Scribe, order: Order) -> Step:
    """The first line of a part that has others."""
    part = next(part for part in order.parts if len(part.lines) > 1)
    line = part.lines.pop(0)
    return step(order, {"remove_lines": [line.key]})


def recode(s: Scribe, order: Order) -> Step:
    """A line on another account of the project."""
    part = order.parts[0]
    line = part.lines[-1]
    others = [code for code in plain_accounts(part.project) if code != line.code]
    return recode_to(order, line, s.rng.choice(others))


def recode_to(order: Order, line: Line, code: str) -> Step:
    line.code = code
    return step(order, {"change_lines": {line.key: {"account_id": ACCOUNT_IDS[code]}}})


def _some_goods(s: Scribe, order: Order) -> tuple[Line, int, int]:
    """A line of whole pieces at whole cents; others may change whether they reproduce."""
    line = s.rng.choice([line for line in order.lines if line.name != shapes.MEASURED])
    pieces = int(line.quantity)
    return line, pieces, line.cents // pieces


def _priced(order: Order, line: Line, pieces: int, price: int) -> Step:
    line.quantity, line.rate, line.cents = str(pieces), text(price), pieces * price
    return step(order, {"change_lines": {line.key: {"quantity": line.quantity, "rate": line.rate}}})


# Projects


def move(order: Order, line: Line, source: Part, target: Part) -> Step:
    """A line leaves one project's part for another's."""
    source.lines.remove(line)
    target.lines.append(line)
    change = {"project_id": zoho_project_id(target.of_zoho)}
    return step(order, {"change_lines": {line.key: change}})


# Head


def later(s: Scribe, order: Order) -> Step:
    order.delivery += timedelta(days=s.rng.randint(1, 20))
    return step(order, {"delivery_date": order.delivery.isoformat()})


def note(s: Scribe, order: Order) -> Step:
    """Nothing that Procore is told."""
    return step(order, {"notes": f"Call the site before delivery {s.next('note')}."})


def another_vendor(s: Scribe, order: Order) -> Step:
    others = [vendor for vendor in s.cast.settled if vendor is not order.vendor]
    return vendor_to(order, s.rng.choice(others))


def vendor_to(order: Order, vendor: Vendor) -> Step:
    order.vendor = vendor
    return step(order, {"vendor_id": vendor.contact_id})


def status_to(order: Order, status: str) -> Step:
    return step(order, {"status": status})


def adjust(order: Order, cents: int) -> Step:
    """Another adjustment of an order for one project."""
    order.parts[0].charges["charge:adjustment"] = cents
    return step(order, {"adjustment": text(cents)})


def without_discount(order: Order) -> Step:
    """The discount is gone; what stays is lines and no tax."""
    del order.parts[0].charges["charge:discount"]
    return step(order, {"discount": "0"})


def double(order: Order) -> Step:
    """Twice of everything, percentages as they are, in one edit."""
    for part in order.parts:
        part.charges = {name: 2 * cents for name, cents in part.charges.items()}
        for line in part.lines:
            line.quantity, line.cents = str(2 * int(line.quantity)), 2 * line.cents
    changes: dict[str, Any] = {
        "change_lines": {line.key: {"quantity": line.quantity} for line in order.lines}
    }
    discount = order.shape.header.get("discount", "")
    if discount and not discount.endswith("%"):
        changes["discount"] = text(sum(-part.charges["charge:discount"] for part in order.parts))
    return step(order, changes)
