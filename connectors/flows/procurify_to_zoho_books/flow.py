"""The flow as one value: everything that the engine needs to sync Procurify to Zoho Books."""

from connectors.core.flow import Flow
from connectors.flows.procurify_to_zoho_books.decide import decide, needs
from connectors.flows.procurify_to_zoho_books.matching import autolink, suggest
from connectors.flows.procurify_to_zoho_books.options import OPTIONS
from connectors.flows.procurify_to_zoho_books.references import (
    INDEXES,
    MAPPING_KINDS,
    REFERENCES,
)
from connectors.flows.procurify_to_zoho_books.sink import ZohoBooksSink
from connectors.flows.procurify_to_zoho_books.streams import STREAMS
from connectors.flows.procurify_to_zoho_books.words import BILLS, ORDERS

FLOW = Flow(
    key="procurify_to_zoho_books",
    title="Procurify to Zoho Books",
    source="procurify",
    target="zoho_books",
    streams=STREAMS,
    references=REFERENCES,
    indexes=INDEXES,
    options=OPTIONS,
    needs=needs,
    decide=decide,
    sink=ZohoBooksSink(),
    autolink=autolink,
    suggest=suggest,
    mapping_kinds=MAPPING_KINDS,
    # Zoho refuses a second order with a number, and a second bill with a vendor's invoice number.
    refuses_second=frozenset({ORDERS, BILLS}),
)
