"""Both sides' vendors, projects and cost codes side by side, from what is cached of them.

An integration and a kind enter; rows that admin shows leave. No API call, and nothing is changed:
linking is a use case of mapping.
"""

from collections import Counter

from connectors.core.alignment import Aligned, Standing, align
from connectors.core.flow import Flow
from connectors.engine.references import to_row
from connectors.models import Integration, Mapping, ReferenceItem
from tenants.scope import tenant_scope


def rows(integration: Integration, kind: str) -> list[Aligned]:
    """The list of one kind, what needs a person first."""
    with tenant_scope(integration.tenant_id):
        mappings = Mapping.objects.filter(integration=integration, kind=kind)
        return align(
            kind,
            map(to_row, _items(integration.source_id, kind)),
            map(to_row, _items(integration.target_id, kind)),
            dict(mappings.values_list("source_key", "target_key")),
        )


def summary(integration: Integration, flow: Flow) -> dict[str, dict[Standing, int]]:
    """How many rows of each kind stand how, for kinds that a mapping can be of."""
    return {
        kind: dict(Counter(row.standing for row in rows(integration, kind)))
        for kind in flow.mapping_kinds
    }


def _items(connection_id: int, kind: str) -> list[ReferenceItem]:
    return list(ReferenceItem.objects.filter(connection_id=connection_id, kind=kind))
