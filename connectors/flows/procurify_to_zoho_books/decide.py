"""Dispatches by stream: what a decision needs, and the decision itself.

A stream's name and its record enter; the rest is said by the module of that noun.
"""

from connectors.core.decisions import Decision, Facts, Needs
from connectors.core.flow import Context
from connectors.core.records import Record
from connectors.core.upkeep import UpkeepRecord
from connectors.flows.procurify_to_zoho_books.decide_bills import bill_needs, decide_bill
from connectors.flows.procurify_to_zoho_books.decide_orders import decide_order, order_needs
from connectors.flows.procurify_to_zoho_books.upkeep_vendors import decide_vendor, vendor_needs
from connectors.providers.procurify.records import Bill, PurchaseOrder


def needs(stream: str, record: Record, context: Context) -> Needs:
    """What must be loaded before ``decide`` is asked; options change nothing about it."""
    del context
    if isinstance(record, PurchaseOrder):
        return order_needs(record)
    if isinstance(record, Bill):
        return bill_needs(record)
    if isinstance(record, UpkeepRecord):
        return vendor_needs(record)
    raise TypeError(f"no stream {stream!r} of {type(record).__name__} in this flow")


def decide(stream: str, record: Record, facts: Facts, context: Context) -> Decision:
    """What shall happen to this record, given these facts."""
    if isinstance(record, PurchaseOrder):
        return decide_order(record, facts, context)
    if isinstance(record, Bill):
        return decide_bill(record, facts, context)
    if isinstance(record, UpkeepRecord):
        return decide_vendor(record, facts, context)
    raise TypeError(f"no stream {stream!r} of {type(record).__name__} in this flow")
