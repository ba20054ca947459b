"""One line of business written twice: as Procurify's item and as the Zoho lines it must become.

Amounts in whole cents and literal texts enter; parts leave, from which orders and bills are put
together. Whoever calls says both sides; nothing here derives one from the other beyond adding up
whole cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.companies.accounts import ZOHO_NAMES, Tax


def text(cents: int) -> str:
    """Whole cents as an amount: 1234 is "12.34"."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


@dataclass(frozen=True)
class Share:
    """One allocation: the code, Procurify's amount with its own decimals, and the cents posted.

    ``quantity`` is the share's own, where an item has several. ``rows`` are quantities and cents of
    a share that no single price tells.
    """

    code: str
    amount: str
    cents: int
    quantity: str = ""
    rows: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Part:
    """An item. `cost` is without tax, `tax_cents` what Procurify says its tax is.

    `shares` are what is posted; one share is the ordinary case. `gross` says that a bill's
    allocations contain the tax, in which case the shares' amounts do and their cents do not.
    """

    name: str
    cost: int
    shares: tuple[Share, ...]
    quantity: str | None = "1"
    price: str = ""
    tax: Tax | None = None
    tax_cents: int = 0
    tax_fixed: bool = False
    inclusive: bool = False
    shipping: int = 0

    def lines(self) -> list[dict[str, str]]:
        """The Zoho lines; a tax of a fixed amount is a line of its own, written elsewhere."""
        tax = self.tax.zoho_name if self.tax and not self.tax_fixed else ""
        return [
            {
                "account": ZOHO_NAMES[share.code],
                "quantity": quantity,
                "amount": text(cents),
                "tax": tax,
            }
            for share in self.shares
            for quantity, cents in share.rows
            or [(share.quantity or self.quantity or "1", share.cents)]
        ]

    def order_item(self) -> dict[str, Any]:
        """Procurify's item on an order, with codes where accounts will stand."""
        return {
            "name": self.name,
            "quantity": self.quantity or "1",
            "price": self.price or text(self.cost),
            "total_cost": text(self.cost),
            "taxes": self._order_taxes(),
            "tax_amount": text(self.tax_cents),
            "shipping_amount": text(self.shipping),
            "code": self.shares[0].code,
            "shares": [(share.code, share.amount) for share in self.shares if len(self.shares) > 1],
        }

    def bill_item(self) -> dict[str, Any]:
        """Procurify's item on a bill; one billed by cost has no quantity."""
        by_cost = self.quantity is None
        return {
            "description": self.name,
            "quantity": self.quantity,
            "unit_cost": None if by_cost else (self.price or text(self.cost)),
            "total_cost": text(self.cost),
            "total_cost_with_tax": text(self.cost + self.tax_cents),
            "tax_name": self.tax.name if self.tax else "",
            "tax_percentage": self.tax.rate if self.tax else "0",
            "tax_amount": text(self.tax_cents),
            "tax_is_inclusive": self.inclusive,
            "shipping_amount": text(self.shipping),
            "shares": [(share.code, share.amount) for share in self.shares],
        }

    def _order_taxes(self) -> list[dict[str, Any]]:
        if self.tax is None:
            return []
        fixed = {"id": 1, "type": "amount", "value": text(self.tax_cents), "name": self.tax.name}
        percent = {"id": 1, "type": "percent", "value": self.tax.rate, "name": self.tax.name}
        return [fixed if self.tax_fixed else percent]


def goods(
    name: str,
    code: str,
    quantity: int,
    price: int,
    *,
    tax: Tax | None = None,
    tax_cents: int = 0,
) -> Part:
    """Whole pieces at whole cents, on one account."""
    cost = quantity * price
    shares = (Share(code, text(cost), cost),)
    return Part(name, cost, shares, str(quantity), text(price), tax, tax_cents)


def charge(account: str, cents: int) -> dict[str, str]:
    """A Zoho line that stands for a charge of the header."""
    return {"account": account, "quantity": "1", "amount": text(cents), "tax": ""}
