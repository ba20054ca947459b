"""Typed readings of what Procore returns: the state of commitments, and its reference data.

Procore's JSON enters, target states and reference rows leave, or a BadInputError that names the
field. What is posted, and why, is not known here.
"""

from connectors.providers.procore.records.codes import wbs_code_state
from connectors.providers.procore.records.contracts import contract_state, is_deleted, line_rows
from connectors.providers.procore.records.reference import (
    CostCode,
    cost_code_row,
    currency_of,
    names_no_currency,
    parse_cost_code,
    project_row,
    uom_row,
    vendor_row,
    wbs_code_key,
    wbs_code_row,
)

__all__ = [
    "CostCode",
    "contract_state",
    "cost_code_row",
    "currency_of",
    "is_deleted",
    "line_rows",
    "names_no_currency",
    "parse_cost_code",
    "project_row",
    "uom_row",
    "vendor_row",
    "wbs_code_key",
    "wbs_code_row",
    "wbs_code_state",
]
