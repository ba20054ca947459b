"""Whether a revision of an order takes away what posted bills have already taken from it.

What the order is to be, its link and the bills enter; a decision to hold it leaves, or nothing.
Lines that add and lines that take off are compared apart, each with the order as posted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.core.decisions import Held, LinkState, Sibling
from connectors.core.money import ZERO, parse_decimal, plain, to_cents
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.payloads import line_place
from connectors.flows.procurify_to_zoho_books.plan import Meant, changes
from connectors.flows.procurify_to_zoho_books.suspects import ENDED
from connectors.flows.procurify_to_zoho_books.words import money

# Item, source account, and whether the line takes off.
Place = tuple[str, str, bool]
Sums = dict[Place, Decimal]

_VOID = "void"


def below_billed(
    key: str, meant: Meant, link: LinkState, dependants: Iterable[Sibling]
) -> Held | None:
    """Held where a line shrinks, in amount or in quantity, below what is billed of it.

    A line that was below it already, since more was billed than ordered, need not grow.
    """
    if not changes(meant, link):
        return None
    posted = link.payload.get("lines", ())
    names = {_place(row): str(row.get("name", "")) for row in posted}
    # A line that goes to another account is still the line that is billed.
    places = {(row["key"], _place(row)[2]): _place(row) for row in posted}
    rows = [
        (places.get((row["key"], _place(row)[2]), _place(row)), row)
        for row in meant.payload["lines"]
    ]
    before = [(_place(row), row) for row in posted]
    taken = list(_taken(key, posted, dependants))
    in_currency = [(place, row) for place, row, code in taken if code == meant.currency]
    lowered = _lowered(
        _amounts(rows, meant.currency),
        _amounts(before, meant.currency),
        _sums((place, abs(_net(row)) * _way(place, row)) for place, row in in_currency),
    )
    if lowered is not None:
        place, now, billed = lowered
        sign = -1 if place[2] else 1
        now_words = money(sign * now, meant.currency)
        return _held(meant, names[place], now_words, money(sign * billed, meant.currency))
    lowered = _lowered(
        _quantities(rows),
        _quantities(before),
        _sums((place, _quantity(row)) for place, row, _ in taken if _is_counted(row)),
    )
    if lowered is None:
        return None
    place, now, billed = lowered
    return _held(meant, names[place], f"quantity {plain(now)}", plain(billed))


def _lowered(now: Sums, before: Sums, billed: Sums) -> tuple[Place, Decimal, Decimal] | None:
    found = (
        (place, now[place], taken)
        for place, taken in billed.items()
        if now[place] < taken and now[place] < before[place]
    )
    return next(found, None)


def _taken(
    key: str, posted: Iterable[Mapping[str, Any]], dependants: Iterable[Sibling]
) -> Iterator[tuple[Place, Mapping[str, Any], str]]:
    """Lines of posted bills with the place that they take from, and their currency."""
    places = {str(row["key"]): _place(row) for row in posted}
    for link in (link for dependant in dependants for link in dependant.links.values()):
        if link.status == _VOID or link.status in ENDED:
            continue
        for row in link.payload.get("lines", ()):
            place = places.get(str(row.get("order_line", "")))
            if place is not None and row.get("order") == key:
                yield place, row, str(link.payload.get("currency_code", ""))


def _place(row: Mapping[str, Any]) -> Place:
    return (*line_place(row), parse_decimal(row["rate"]) < 0)


def _is_counted(row: Mapping[str, Any]) -> bool:
    """Whether Zoho Books counts its quantity as billed; a credit it does not."""
    return "purchaseorder_item_id" in row


def _way(place: Place, row: Mapping[str, Any]) -> int:
    """A credit on a line that adds gives back some of what is billed, and the other way round."""
    return 1 if (_net(row) < 0) == place[2] else -1


def _net(row: Mapping[str, Any]) -> Decimal:
    return parse_decimal(row["net"])


def _amounts(rows: Iterable[tuple[Place, Mapping[str, Any]]], currency: str) -> Sums:
    return _sums(
        (place, abs(to_cents(_quantity(row) * parse_decimal(row["rate"]), currency)))
        for place, row in rows
    )


def _quantities(rows: Iterable[tuple[Place, Mapping[str, Any]]]) -> Sums:
    return _sums((place, _quantity(row)) for place, row in rows)


def _quantity(row: Mapping[str, Any]) -> Decimal:
    return parse_decimal(row["quantity"])


def _sums(pairs: Iterable[tuple[Place, Decimal]]) -> Sums:
    sums: Sums = defaultdict(lambda: ZERO)
    for place, number in pairs:
        sums[place] += number
    return sums


def _held(meant: Meant, name: str, now: str, billed: str) -> Held:
    return Held(
        reason=Reason.BELOW_BILLED,
        words=f"Line {name!r} of purchase order {meant.number} was revised to {now}, but posted "
        f"bills already take {billed} from it. Revise the order or its bills.",
    )
