"""The tenant's state: tables of records, and the look-ups that the answers need.

A plain state dictionary enters and leaves; money in it is text. Relations are kept as ids, and this
module is the one place that follows them. It knows neither HTTP nor people's edits.
"""

from __future__ import annotations

import copy
from typing import Any

from connectors.sandbox.procurify.formats import derived_uuid
from connectors.sandbox.procurify.table import Row, Table

KEYS = {
    "vendors": "id",
    "account_codes": "id",
    "accounts": "id",
    "departments": "id",
    "locations": "id",
    "currencies": "id",
    "users": "id",
    "purchase_orders": "procurify_PO",
    "requested_items": "id",
    "bills": "group",
    "payments": "id",
}


class Store:
    def __init__(self, state: dict[str, Any] | None = None) -> None:
        state = copy.deepcopy(state or {})
        for order in state.get("purchase_orders", ()):
            order.setdefault("uuid", derived_uuid("order", order["procurify_PO"]))
        for bill in state.get("bills", ()):
            bill.setdefault("uuid", derived_uuid("version", bill["group"], bill["version"]))
        self.subdomain: str = state.get("subdomain", "sandbox")
        self.client_id: str = state.get("client_id", "")
        self.client_secret: str = state.get("client_secret", "")
        self.offset_hours: int = state.get("offset_hours", -8)
        self.tables = {name: Table(key, state.get(name, ())) for name, key in KEYS.items()}
        self.old_bills: dict[str, Row] = {row["uuid"]: row for row in state.get("old_bills", ())}
        self._bill_groups = {row["uuid"]: row["group"] for row in self["bills"].rows.values()}
        self._currencies = {row["name"]: row for row in self["currencies"].rows.values()}
        self._order_items: Table | None = None

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def as_state(self) -> dict[str, Any]:
        """Everything, as it could be loaded again. The client secret stays inside."""
        state: dict[str, Any] = {"subdomain": self.subdomain, "offset_hours": self.offset_hours}
        state |= {name: list(table.rows.values()) for name, table in self.tables.items()}
        return state | {"old_bills": list(self.old_bills.values())}

    # Relations

    def currency(self, code: str) -> Row:
        return self._currencies[code]

    def account(self, account_id: int) -> Row:
        """An account with its code and department in full, as documents embed it."""
        account = self["accounts"].rows[account_id]
        code = self["account_codes"].rows[account["account_code"]]
        department = self["departments"].rows[account["department"]]
        return {"id": account_id, "account_code": code, "department": department}

    def order_item(self, item_id: int | None) -> tuple[Row, Row] | None:
        """An order item with its PO, by the item's id."""
        row = self.order_items().get(item_id)
        return None if row is None or row["order"] is None else (row["item"], row["order"])

    def order_items(self) -> Table:
        """Every order item, on a PO or still only requested, as rows of (item, order)."""
        if self._order_items is None:
            rows = [
                {"id": item["id"], "item": item, "order": order}
                for order in self["purchase_orders"].rows.values()
                for item in order["items"]
            ]
            requested = self["requested_items"].rows.values()
            rows += [{"id": item["id"], "item": item, "order": None} for item in requested]
            self._order_items = Table("id", rows)
        return self._order_items

    def bill_by_uuid(self, text: str) -> Row | None:
        """The current or a superseded version, by its UUID with or without dashes."""
        plain = text.replace("-", "").lower()
        dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
        group = self._bill_groups.get(dashed)
        return self.old_bills.get(dashed) if group is None else self["bills"].get(group)

    # Changes

    def put_order(self, order: Row) -> None:
        self["purchase_orders"].put(order)
        self._order_items = None

    def remove_order(self, key: int) -> None:
        self["purchase_orders"].remove(key)
        self._order_items = None

    def put_bill(self, bill: Row) -> None:
        self["bills"].put(bill)
        self._bill_groups[bill["uuid"]] = bill["group"]

    def remove_bill(self, group: int) -> None:
        bill = self["bills"].remove(group)
        self._bill_groups.pop(bill["uuid"], None)

    def supersede_bill(self, old: Row) -> None:
        self._bill_groups.pop(old["uuid"], None)
        self.old_bills[old["uuid"]] = old

    def refresh_lookups(self) -> None:
        self._currencies = {row["name"]: row for row in self["currencies"].rows.values()}
        self._order_items = None
