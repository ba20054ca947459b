"""Zoho Books' purchase orders, posted to Procore as commitments.

Zoho Books is the source of truth for orders and vendors, Procore for projects and budgets.
Everything here is pure but the streams, the references and the sink, which call the clients that
they are handed.
"""

from connectors.flows.zoho_books_to_procore.flow import FLOW

__all__ = ["FLOW"]
