"""The flow as one value: everything that the engine needs to sync Procurify to Zoho Books."""

from connectors.core.flow import Flow
from connectors.core.sinks import SinkByKind
from connectors.flows.procurify_to_zoho_books.decide import decide, needs
from connectors.flows.procurify_to_zoho_books.drifting import differences, doubted
from connectors.flows.procurify_to_zoho_books.matching import autolink, exact, suggest
from connectors.flows.procurify_to_zoho_books.options import BILLS_WITHOUT_ORDER, OPTIONS
from connectors.flows.procurify_to_zoho_books.outlining import ZohoBooksOutlines
from connectors.flows.procurify_to_zoho_books.references import (
    INDEXES,
    MAPPING_KINDS,
    REFERENCES,
)
from connectors.flows.procurify_to_zoho_books.sink import ZohoBooksSink
from connectors.flows.procurify_to_zoho_books.streams import STREAMS
from connectors.flows.procurify_to_zoho_books.suspects import alive, unlinkable
from connectors.flows.procurify_to_zoho_books.upkeep_vendors import VENDOR_STREAM
from connectors.flows.procurify_to_zoho_books.vendor_sink import VendorSink
from connectors.flows.procurify_to_zoho_books.words import BILLS, ORDERS, VENDOR

_SINK = ZohoBooksSink()

FLOW = Flow(
    key="procurify_to_zoho_books",
    title="Procurify to Zoho Books",
    source="procurify",
    target="zoho_books",
    streams=(VENDOR_STREAM, *STREAMS),
    references=REFERENCES,
    indexes=INDEXES,
    options=OPTIONS,
    needs=needs,
    decide=decide,
    sink=SinkByKind({ORDERS: _SINK, BILLS: _SINK, VENDOR: VendorSink()}),
    autolink=autolink,
    suggest=suggest,
    exact=exact,
    mapping_kinds=MAPPING_KINDS,
    # Zoho refuses a second order with a number, and a second bill with a vendor's invoice number.
    linking_options={BILLS_WITHOUT_ORDER.name: "post"},
    unlinkable=unlinkable,
    differences=differences,
    doubted=doubted,
    stands=alive,
    refuses_second=frozenset({ORDERS, BILLS}),
    outlines=ZohoBooksOutlines(),
)
