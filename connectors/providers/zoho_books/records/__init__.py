"""Typed readings of what Zoho Books returns: the state of its records, and its reference data.

Zoho's JSON enters, target states and reference rows leave, or a BadInputError that names the
field. What is posted, and why, is not known here.
"""

from connectors.providers.zoho_books.records.documents import (
    bill_state,
    line_rows,
    purchase_order_state,
)
from connectors.providers.zoho_books.records.orders import (
    SourceLine,
    SourceOrder,
    parse_purchase_order,
)
from connectors.providers.zoho_books.records.projects import project_state
from connectors.providers.zoho_books.records.reference import (
    account_row,
    currency_row,
    is_vendor,
    modified_text,
    period_lock_row,
    project_row,
    tax_row,
    undated_locks,
    vendor_row,
)

__all__ = [
    "SourceLine",
    "SourceOrder",
    "account_row",
    "bill_state",
    "currency_row",
    "is_vendor",
    "line_rows",
    "modified_text",
    "parse_purchase_order",
    "period_lock_row",
    "project_row",
    "project_state",
    "purchase_order_state",
    "tax_row",
    "undated_locks",
    "vendor_row",
]
