"""How much of which order lines one item of a bill takes, so that the last bill takes the rest.

A bill's lines of one item and account and the order's posted lines of it enter, with what is taken
from these already; lines that each point at one order line leave. Zoho Books marks an order billed
only when every line's quantity is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

from connectors.core.money import ONE, ZERO, parse_decimal, settle, share
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.quantities import (
    QUANTITY_DIGITS,
    decimals_of,
    measured,
)
from connectors.flows.procurify_to_zoho_books.taken import Taken, amount_of

Row = Mapping[str, Any]

# Quantities of fewer decimals were counted, not worked out: what is left of them is really left.
_WORKED_OUT = 2


@dataclass(slots=True)
class Unit:
    """A bill's lines of one item and account (two where no single price tells the amount).

    ``others`` are order lines of the item on other accounts: what is billed on another account than
    it was ordered on is billed all the same.
    """

    lines: Sequence[Line]
    rows: Sequence[Row]
    others: Sequence[Row]
    taken: Taken
    currency: str
    digits: int

    def pointed(self) -> list[Line]:
        """The lines with their order lines, parted anew where they do not fit as they are."""
        if self._amount() and (self._amount() < 0) != (_rate(self.rows[0]) < 0):
            return [replace(line, order_line=str(self.rows[0]["key"])) for line in self.lines]
        if self._is_bare():
            self.lines = [self._in_parts_of_one()]
        left, quantity = self._lefts(), self._quantity()
        rest = sum(left, ZERO)
        if rest and quantity != rest and abs(rest - quantity) <= self._slack():
            return list(self._parted(left))
        others = [row for row in self.others if self._left(row) > 0]
        if quantity > rest and others:
            self.rows = [*self.rows, *others]
            more = self._lefts()[len(left) :]
            return list(self._parted([*left, *_in_proportion(quantity - rest, more)]))
        return self._fitting() or list(self._parted(_in_proportion(quantity, left)))

    def _fitting(self) -> list[Line]:
        """The lines as they are, each on an order line of its price that has enough left.

        A single order line takes them all: it may be billed beyond what was ordered.
        """
        (first, *more) = self.rows
        if not more:
            return [replace(line, order_line=str(first["key"])) for line in self.lines]
        found, left = [], {str(row["key"]): self._left(row) for row in self.rows}
        for line in self.lines:
            same = (str(row["key"]) for row in self.rows if _rate(row) == line.rate)
            key = next((key for key in same if left[key] >= line.quantity), None)
            if key is None:
                return []
            left[key] -= line.quantity
            found.append(replace(line, order_line=key))
        return found

    def _parted(self, quantities: Sequence[Decimal]) -> Iterator[Line]:
        """So much of each order line, for the same amount together."""
        first, total = self.lines[0], sum(quantities, ZERO)
        said = sum((_said(line) for line in self.lines), ZERO)
        pieces = [
            (row, *told)
            for row, quantity, amount in zip(
                self.rows,
                quantities,
                share(self._amount(), quantities, self.currency),
                strict=True,
            )
            if quantity
            for told in measured(amount, quantity, first.rate, self.digits)
        ]
        for at, (row, quantity, rate) in enumerate(pieces):
            yield replace(
                first,
                key=f"{first.key.rstrip('+')}{'+' * at}",
                quantity=quantity,
                rate=rate,
                order_line=str(row["key"]),
                said=None if said == total else ZERO if at else said,
            )

    def _slack(self) -> Decimal:
        """How much rounding may have left of the order, or taken too much of it.

        Half a unit for each quantity: of the fifth decimal, or of what they are told in where the
        amount that was ordered is billed to the cent.
        """
        places = [self._place(row) for row in self.rows]
        quantities = [one for place in places for one in self.taken.quantities.get(place, ())]
        quantities += [line.quantity for line in self.lines]
        ordered = sum((amount_of(row, self.currency) for row in self.rows), ZERO)
        billed = sum((self.taken.amounts.get(place, ZERO) for place in places), ZERO)
        digits = max(decimals_of(quantity) for quantity in quantities)
        if digits < _WORKED_OUT or billed + abs(self._amount()) != ordered:
            digits = QUANTITY_DIGITS
        return len(quantities) * ONE.scaleb(-digits) / 2

    def _is_bare(self) -> bool:
        """Whether the order was posted as a bare amount, its quantity in the words alone."""
        ordered = self.lines[0].ordered
        return ordered != ONE and all(
            "worded" in row and parse_decimal(row["worded"]) == ordered for row in self.rows
        )

    def _in_parts_of_one(self) -> Line:
        """Of a bare amount the bill takes the part that its own amount is."""
        first = self.lines[0]
        ordered = sum((amount_of(row, self.currency) for row in self.rows), ZERO)
        with localcontext(prec=60):
            part = len(self.rows) * abs(self._amount()) / ordered if ordered else ONE
        return replace(
            first,
            quantity=round(part, QUANTITY_DIGITS) or ONE,
            rate=_rate(self.rows[0]),
            description=first.in_words,
            said=self._quantity(),
        )

    def _quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), ZERO)

    def _amount(self) -> Decimal:
        return sum((line.amount(self.currency) for line in self.lines), ZERO)

    def _lefts(self) -> list[Decimal]:
        return [max(self._left(row), ZERO) for row in self.rows]

    def _left(self, row: Row) -> Decimal:
        return _quantity(row) - sum(self.taken.quantities.get(self._place(row), ()), ZERO)

    def _place(self, row: Row) -> tuple[str, str]:
        return self.lines[0].order, str(row["key"])


def _in_proportion(quantity: Decimal, left: Sequence[Decimal]) -> list[Decimal]:
    """A quantity shared out by what is left; what goes beyond that is billed on the first line."""
    rest = sum(left, ZERO)
    if quantity >= rest:
        return [left[0] + quantity - rest, *left[1:]]
    with localcontext(prec=60):
        return settle(quantity, [quantity * size / rest for size in left], -QUANTITY_DIGITS)


def _said(line: Line) -> Decimal:
    return line.quantity if line.said is None else line.said


def _quantity(row: Row) -> Decimal:
    return parse_decimal(row["quantity"])


def _rate(row: Row) -> Decimal:
    return parse_decimal(row["rate"])
