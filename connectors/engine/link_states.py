"""Link rows as the plain values that decisions know.

A row enters; what stands at the target, with the mappings and options used then, leaves.
"""

from collections.abc import Iterable, Mapping

from connectors.core.decisions import LinkState
from connectors.core.references import MappingKey
from connectors.models import Link


def link_state(link: Link) -> LinkState:
    """A link row as the plain value that decisions know."""
    return LinkState(
        part=link.part,
        target_kind=link.target_kind,
        target_id=link.target_id,
        target_number=link.target_number,
        reference=link.reference,
        status=link.status,
        payload=link.payload,
        lines=link.lines,
        total=link.total,
        version=link.version,
        currency=link.currency,
        options=link.options,
        mappings=by_key(link.mappings),
        renewed=by_key(link.renewed),
        doubles=tuple(link.doubles),
    )


def by_key(rows: Iterable[Mapping[str, str]]) -> dict[MappingKey, str]:
    """Stored mappings by what they are looked up by."""
    return {MappingKey(row["kind"], row["source_key"]): row["target_key"] for row in rows}
