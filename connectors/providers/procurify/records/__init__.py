"""Typed, frozen records of what Procurify returns: orders, bills, vendors and reference data.

A provider's JSON enters a parser, a record leaves or a BadInputError that names the field. What a
record is used for is not known here.
"""

from connectors.providers.procurify.records.bills import Bill, BillItem, MiscCost, parse_bill
from connectors.providers.procurify.records.common import Allocation, Charge, ItemTax
from connectors.providers.procurify.records.orders import (
    OrderItem,
    PurchaseOrder,
    parse_purchase_order,
)
from connectors.providers.procurify.records.reference import (
    AccountCode,
    Currency,
    Vendor,
    parse_account_code,
    parse_currency,
    parse_vendor,
)

__all__ = [
    "AccountCode",
    "Allocation",
    "Bill",
    "BillItem",
    "Charge",
    "Currency",
    "ItemTax",
    "MiscCost",
    "OrderItem",
    "PurchaseOrder",
    "Vendor",
    "parse_account_code",
    "parse_bill",
    "parse_currency",
    "parse_purchase_order",
    "parse_vendor",
]
