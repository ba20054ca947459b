"""Typed readings of what Zoho Books returns: the state of its records, and its reference data.

Zoho's JSON enters, target states and reference rows leave, or a BadInputError that names the
field. What is posted, and why, is not known here.
"""

from connectors.providers.zoho_books.records.documents import (
    bill_state,
    line_rows,
    purchase_order_state,
)
from connectors.providers.zoho_books.records.reference import (
    account_row,
    currency_row,
    is_vendor,
    period_lock_row,
    tax_row,
    vendor_row,
)

__all__ = [
    "account_row",
    "bill_state",
    "currency_row",
    "is_vendor",
    "line_rows",
    "period_lock_row",
    "purchase_order_state",
    "tax_row",
    "vendor_row",
]
