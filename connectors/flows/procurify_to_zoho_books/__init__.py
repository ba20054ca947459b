"""Procurify's purchase orders and bills, posted to Zoho Books.

Procurify is the source of truth. Everything here is pure but the streams and the sink, which call
the clients that they are handed.
"""

from connectors.flows.procurify_to_zoho_books.flow import FLOW

__all__ = ["FLOW"]
