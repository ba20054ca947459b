"""The flow as one value: everything that the engine needs to sync Zoho Books to Procore."""

from connectors.core.flow import Flow
from connectors.core.sinks import SinkByKind
from connectors.flows.zoho_books_to_procore.code_sink import BudgetCodeSink
from connectors.flows.zoho_books_to_procore.commitment_sink import CommitmentSink
from connectors.flows.zoho_books_to_procore.dispatch import KEPT, decide, differences, needs
from connectors.flows.zoho_books_to_procore.linking import linked_lines, unlinkable
from connectors.flows.zoho_books_to_procore.matching import autolink, suggest
from connectors.flows.zoho_books_to_procore.options import OPTIONS, problem, unproved
from connectors.flows.zoho_books_to_procore.outlining import ProcoreOutlines
from connectors.flows.zoho_books_to_procore.references import (
    INDEXES,
    MAPPING_KINDS,
    REFERENCES,
)
from connectors.flows.zoho_books_to_procore.streams import STREAMS
from connectors.flows.zoho_books_to_procore.vendor_sink import VendorSink
from connectors.flows.zoho_books_to_procore.words import (
    BUDGET_CODE,
    COMMITMENTS,
    VENDOR,
    ZOHO_PROJECT,
)
from connectors.flows.zoho_books_to_procore.zoho_sink import ZohoProjectSink

FLOW = Flow(
    key="zoho_books_to_procore",
    title="Zoho Books to Procore",
    source="zoho_books",
    target="procore",
    streams=(*STREAMS, *(kept.stream for kept in KEPT)),
    references=REFERENCES,
    indexes=INDEXES,
    options=OPTIONS,
    unproved=unproved,
    needs=needs,
    decide=decide,
    sink=SinkByKind(
        {
            COMMITMENTS: CommitmentSink(),
            VENDOR: VendorSink(),
            BUDGET_CODE: BudgetCodeSink(),
        }
    ),
    source_sink=SinkByKind({ZOHO_PROJECT: ZohoProjectSink()}),
    problem=problem,
    autolink=autolink,
    suggest=suggest,
    mapping_kinds=MAPPING_KINDS,
    # An origin id is unique in the company, and its sync call an upsert; a budget code of the same
    # cost code and cost type is the same one.
    refuses_second=frozenset({COMMITMENTS, VENDOR, BUDGET_CODE}),
    watched={"Purchase Order Contracts": COMMITMENTS},
    differences=differences,
    unlinkable=unlinkable,
    linked_lines=linked_lines,
    outlines=ProcoreOutlines(),
)
