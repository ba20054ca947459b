"""As many purchase orders as a benchmark wants, as Zoho Books' detail gives them to the flow.

The example builder's two hundred orders are told again and again under new keys and numbers.
Sightings and records leave; no provider is asked.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.core.days import instant_text
from connectors.core.flow import Listing, Stream
from connectors.core.records import Page, Raw, Sighting, Window
from connectors.flows.zoho_books_to_procore.streams import ORDER_STREAM
from connectors.sandbox import zoho_books
from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.control import to_json
from connectors.sandbox.world import World

PAGE = 200
_FIRST_KEY = 780_000_000_000
_BEGIN = datetime(2026, 8, 1, tzinfo=UTC)


class Orders:
    """A source of orders, in memory. What is listed are the orders of the present window."""

    def __init__(self) -> None:
        self._models = _models()
        self._window: range = range(0)
        self.touched = 0

    def show(self, numbers: range) -> None:
        """List these orders from now on."""
        self._window = numbers

    def touch(self) -> None:
        """Somebody saves every order once more without changing anything."""
        self.touched += 1

    def stream(self) -> Stream:
        """The flow's own stream, reading from here."""
        listing = Listing(name="orders", facet="order", pages=self._pages)
        return replace(ORDER_STREAM, listings=(listing,), sweep=(listing,), read=self._read)

    def order(self, number: int) -> dict[str, Any]:
        """The order of that number as its detail says it."""
        model, key = self._models[number % len(self._models)], str(_FIRST_KEY + number)
        lines = [
            {**line, "line_item_id": f"{key}{place:03d}"}
            for place, line in enumerate(model["line_items"])
        ]
        return {
            **model,
            "purchaseorder_id": key,
            "purchaseorder_number": f"PO-{number:07d}",
            "last_modified_time": self._version(number),
            "line_items": lines,
        }

    def _version(self, number: int) -> str:
        return instant_text(_BEGIN + timedelta(days=self.touched, seconds=number))

    def _pages(self, client: Any, window: Window) -> Iterator[Page[Sighting]]:
        del client, window
        for page, begin in enumerate(range(self._window.start, self._window.stop, PAGE), start=1):
            numbers = range(begin, min(begin + PAGE, self._window.stop))
            rows = [self._sighting(number) for number in numbers]
            yield Page(rows=rows, number=page, count=len(self._window))

    def _sighting(self, number: int) -> Sighting:
        return Sighting(
            key=str(_FIRST_KEY + number),
            facet="order",
            version=self._version(number),
            number=f"PO-{number:07d}",
        )

    def _read(self, client: Any, key: str, locator: str) -> Raw:
        del client, locator
        return self.order(int(key) - _FIRST_KEY)


def _models() -> list[dict[str, Any]]:
    """The orders as read: numbers as text, lines with the codes of their accounts."""
    world = World({"zoho_books": zoho_books.Simulator}, COMPANIES)
    world.load_company("construction", counts={"plain": True, "orders": 200})
    books = json.loads(json.dumps(world.simulator("zoho_books").books(), default=to_json))
    codes = {row["account_id"]: row["account_code"] for row in books["chartofaccounts"]}
    return [
        {
            **order,
            "line_items": [
                {**line, "account_code": codes[line["account_id"]]} for line in order["line_items"]
            ],
        }
        for order in books["purchaseorders"]
    ]
