"""The one list of providers and flows; hands the engine a resolved flow.

A further integration adds one line to each tuple and touches nothing else here.
"""

from connectors.core.errors import BadInputError
from connectors.core.flow import Flow
from connectors.engine.job import Resolved
from connectors.flows.procurify_to_zoho_books import flow as procurify_to_zoho_books
from connectors.flows.zoho_books_to_procore import flow as zoho_books_to_procore
from connectors.providers.procore import spec as procore
from connectors.providers.procurify import spec as procurify
from connectors.providers.zoho_books import spec as zoho_books
from connectors.transport.provider import ProviderSpec

PROVIDERS: tuple[ProviderSpec, ...] = (
    procurify.SPEC,
    zoho_books.SPEC,
    procore.SPEC,
)

FLOWS: tuple[Flow, ...] = (
    procurify_to_zoho_books.FLOW,
    zoho_books_to_procore.FLOW,
)

_PROVIDERS = {spec.key: spec for spec in PROVIDERS}
_FLOWS = {flow.key: flow for flow in FLOWS}


def provider(key: str) -> ProviderSpec:
    """The provider of that key; raises BadInputError for one this service does not know."""
    try:
        return _PROVIDERS[key]
    except KeyError:
        raise BadInputError(f"There is no provider called {key!r}.") from None


def flow(key: str) -> Flow:
    """The flow of that key; raises BadInputError for one this service does not know."""
    try:
        return _FLOWS[key]
    except KeyError:
        raise BadInputError(f"There is no flow called {key!r}.") from None


def resolve(flow_key: str) -> Resolved:
    """A flow together with the two providers that it joins."""
    found = flow(flow_key)
    return Resolved(flow=found, source=provider(found.source), target=provider(found.target))
