"""What people do inside Procurify: add, change, cancel, close, reopen, fix, withdraw, delete.

A control edit enters; the stored record changes with its modified times, versions and totals as
the real product would move them. It answers no HTTP request.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors.sandbox.procurify.bills import APPROVED, DENIED, PAID, WITHDRAWN
from connectors.sandbox.procurify.formats import derived_uuid, utc_text
from connectors.sandbox.procurify.orders import CANCELLED, CLOSED, PURCHASED, REOPENED
from connectors.sandbox.procurify.store import KEYS, Store
from connectors.sandbox.procurify.table import Row
from connectors.sandbox.procurify.totals import complete_bill, complete_order

NO_CHARGE = {"value": "0", "type": "amount"}
UNCOUNTED = {"last_modified", "position"}
ORDER_ACTIONS = {"cancel": CANCELLED, "close": CLOSED, "reopen": REOPENED}
BILL_ACTIONS = {"approve": APPROVED, "deny": DENIED, "pay": PAID, "withdraw": WITHDRAWN}
TABLE_OF = {
    "purchase_order": "purchase_orders",
    "bill": "bills",
    "vendor": "vendors",
    "account_code": "account_codes",
    "account": "accounts",
    "department": "departments",
    "location": "locations",
    "currency": "currencies",
    "user": "users",
    "requested_item": "requested_items",
    "payment": "payments",
}


class People:
    """The tenant's users, acting on the store at the clock's time."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self.store = store
        self._now = now

    def edit(self, kind: str, key: str | int, changes: dict[str, Any]) -> Row:
        changes = copy.deepcopy(changes)
        row = self._existing(kind, key)
        if kind == "purchase_order":
            return self._edit_order(row, changes)
        if kind == "bill":
            return self._edit_bill(row, changes)
        row |= changes
        if kind == "vendor":
            row["dateModified"] = self._time()
        self.store[TABLE_OF[kind]].changed()
        self.store.refresh_lookups()
        return row

    def add(self, kind: str, record: dict[str, Any]) -> Row:
        record = copy.deepcopy(record)
        if kind == "purchase_order":
            return self._add_order(record)
        if kind == "bill":
            return self._add_bill(record)
        name = _table_name(kind)
        record.setdefault(KEYS[name], self.store[name].next_key())
        if kind == "vendor":
            record.setdefault("dateModified", self._time())
        self.store[name].put(record)
        self.store.refresh_lookups()
        return record

    def delete(self, kind: str, key: str | int) -> None:
        row = self._existing(kind, key)
        if kind == "bill":
            self.store.remove_bill(row["group"])
        elif kind == "purchase_order":
            self.store.remove_order(row["procurify_PO"])
        else:
            name = TABLE_OF[kind]
            self.store[name].remove(row[KEYS[name]])

    # Purchase orders

    def _edit_order(self, order: Row, changes: dict[str, Any]) -> Row:
        """Cancel, close and reopen move the header only; anything else is a revision."""
        action = changes.pop("action", "revise")
        if action in ORDER_ACTIONS:
            changes["state"] = ORDER_ACTIONS[action]
            if action == "close":
                changes["closed_date"] = self._time()
        elif action == "revise":
            order["version"] += 1
        else:
            raise ValueError(f"Unknown order action {action!r}; use revise or {[*ORDER_ACTIONS]}.")
        if "items" in changes:
            changes["items"] = self._revised_items(order, changes["items"])
        if action == "revise":
            for name in ("subtotal", "total"):
                order.pop(name, None)
        order |= changes
        complete_order(order)
        order["last_modified"] = self._time()
        self.store.put_order(order)
        return order

    def _revised_items(self, order: Row, items: list[Row]) -> list[Row]:
        """The items as given; only those that differ get a new modified time."""
        known = {item["id"]: item for item in order["items"]}
        for position, item in enumerate(items, start=1):
            before = known.get(item.setdefault("id", self._next_item_id()))
            item.setdefault("position", position)
            same = before is not None and _content(before) == _content(item)
            item["last_modified"] = before["last_modified"] if same and before else self._time()
            known[item["id"]] = item
        return items

    def _add_order(self, order: Row) -> Row:
        key = order.setdefault("procurify_PO", self.store["purchase_orders"].next_key())
        order.setdefault("uuid", derived_uuid("order", key))
        order.setdefault("number", f"PO-{key}")
        order.setdefault("date", self._time())
        order.setdefault("currency", "USD")
        order.setdefault("rate", self.store.currency(order["currency"])["rate"])
        order |= {"state": order.get("state", PURCHASED), "version": order.get("version", 1)}
        for name in ("freight", "other"):
            order.setdefault(name, "0")
        for name in ("tax", "discount"):
            order.setdefault(name, dict(NO_CHARGE))
        next_id = self._next_item_id()
        for position, item in enumerate(order["items"], start=1):
            item.setdefault("id", next_id + position - 1)
            item.setdefault("position", position)
            item["last_modified"] = self._time()
        complete_order(order)
        order["last_modified"] = self._time()
        self.store.put_order(order)
        return order

    def _next_item_id(self) -> int:
        return self.store.order_items().next_key()

    # Bills

    def _edit_bill(self, bill: Row, changes: dict[str, Any]) -> Row:
        """A fix makes a new version with a new UUID; anything else keeps its version."""
        action = changes.pop("action", "edit")
        if action == "fix":
            bill = self._new_version(bill)
        elif action in BILL_ACTIONS:
            changes["status"] = BILL_ACTIONS[action]
        elif action != "edit":
            raise ValueError(f"Unknown bill action {action!r}; use fix or {[*BILL_ACTIONS]}.")
        if "items" in changes or "costs" in changes:
            bill.pop("total", None)
        bill |= changes
        self._number_parts(bill)
        complete_bill(bill)
        bill["last_modified_datetime"] = self._time()
        self.store.put_bill(bill)
        return bill

    def _new_version(self, bill: Row) -> Row:
        self.store.supersede_bill(bill)
        fixed = copy.deepcopy(bill)
        fixed["version"] += 1
        fixed["id"] = max(row["id"] for row in self.store["bills"].rows.values()) + 1
        fixed["uuid"] = derived_uuid("version", bill["group"], fixed["version"])
        return fixed

    def _add_bill(self, bill: Row) -> Row:
        group = bill.setdefault("group", self.store["bills"].next_key())
        bill.setdefault("id", group)
        bill.setdefault("uuid", derived_uuid("version", group, 1))
        bill.setdefault("currency", "USD")
        bill.setdefault("rate", self.store.currency(bill["currency"])["rate"])
        bill.setdefault("invoice_number", f"INV-{group}")
        bill.setdefault("invoice_date", self._time())
        bill.setdefault("costs", [])
        bill |= {"version": 1, "status": bill.get("status", APPROVED), "type": bill.get("type", 0)}
        self._number_parts(bill)
        complete_bill(bill)
        bill["last_modified_datetime"] = self._time()
        self.store.put_bill(bill)
        return bill

    def _number_parts(self, bill: Row) -> None:
        """Items, costs and allocations that a person left without ids get one from the group."""
        for position, item in enumerate(bill["items"], start=1):
            item.setdefault("id", bill["group"] * 100 + position)
            for number, share in enumerate(item["allocations"], start=1):
                share.setdefault("id", item["id"] * 10 + number)
        for position, cost in enumerate(bill["costs"], start=1):
            cost.setdefault("id", bill["group"] * 100 + 50 + position)

    # Common

    def _existing(self, kind: str, key: str | int) -> Row:
        row = self.store[_table_name(kind)].get(key)
        if row is None and kind == "bill":
            row = self.store.bill_by_uuid(str(key))
        if row is None:
            raise KeyError(f"Procurify has no {kind} {key}.")
        return row

    def _time(self) -> str:
        return utc_text(self._now())


def _table_name(kind: str) -> str:
    if kind not in TABLE_OF:
        raise ValueError(f"Unknown kind {kind!r}; known: {sorted(TABLE_OF)}.")
    return TABLE_OF[kind]


def _content(item: Row) -> dict[str, Any]:
    """What counts as a change of an item; where it stands on the order does not."""
    return {name: value for name, value in item.items() if name not in UNCOUNTED}
