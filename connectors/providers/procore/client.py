"""Procore's API as methods: one per call that a flow needs, rows as Procore sends them.

The calls live with their nouns; here they are put together.
"""

from connectors.providers.procore.contracts import ContractCalls
from connectors.providers.procore.cost_codes import CostCodeCalls
from connectors.providers.procore.directory import DirectoryCalls
from connectors.providers.procore.hooks import HookCalls
from connectors.providers.procore.workflows import WorkflowCalls
from connectors.transport.provider import ClientContext


class ProcoreClient(DirectoryCalls, CostCodeCalls, ContractCalls, WorkflowCalls, HookCalls):
    """One company's API. ``reopens`` is what the connection's test found, None where not tried."""

    reopens: bool | None = None


def open_client(context: ClientContext) -> ProcoreClient:
    return ProcoreClient(context)
