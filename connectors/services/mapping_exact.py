"""Linking all exact matches: what is the same on both sides and linked to nothing yet.

The flow's own matching says which pairs those are; a person sees them before they are linked.
"""

from collections.abc import Collection
from dataclasses import dataclass

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.core.flow import Flow
from connectors.core.references import AutomaticLink, ReferenceRow
from connectors.engine.references import to_row
from connectors.engine.release import lock_mappings
from connectors.models import Integration, Mapping, MappingFailure, ReferenceItem, UnlinkedPair
from connectors.services.mapping import Choice, set_mappings
from tenants.scope import tenant_scope

# A page of them; the others follow once these are linked.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rows that are the same, and by what."""

    source: ReferenceRow
    target: ReferenceRow
    evidence: str

    @property
    def digest(self) -> str:
        """Stands for this pair in a form."""
        names = (self.source.key, self.source.name, self.target.key, self.target.name)
        return fingerprint(list(names))


def pairs(integration: Integration, flow: Flow, kind: str) -> list[Pair]:
    """All of a kind that could be linked at this moment; call inside the scope."""
    sources = _sources(integration, kind)
    items = ReferenceItem.objects.filter(
        connection_id=integration.target_id, kind=kind, gone=False
    ).order_by("pk")
    targets = {item.key: to_row(item) for item in items}
    mapped = Mapping.objects.filter(integration=integration, kind=kind)
    linked = frozenset(mapped.values_list("source_key", "target_key"))
    apart = UnlinkedPair.objects.filter(integration=integration, kind=kind)
    unlinked = set(apart.values_list("source_key", "target_key"))
    links = (flow.exact or flow.autolink)(sources.values(), targets.values(), linked)
    return [
        Pair(
            source=sources[link.source_key],
            target=targets[link.target_key],
            evidence=link.evidence,
        )
        for link in links
        if _is_open(link, sources) and (link.source_key, link.target_key) not in unlinked
    ]


def link(
    integration: Integration, flow: Flow, kind: str, *, chosen: Collection[str], actor: str
) -> tuple[int, int]:
    """Link those of the chosen pairs that are still exact; returns how many, and documents freed.

    ``chosen`` are digests of pairs as a person saw them.
    """
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        valid = [pair for pair in pairs(integration, flow, kind) if pair.digest in chosen]
        if not valid:
            raise BadInputError(
                "None of the chosen pairs matches exactly any more. Look at the list again."
            )
        choices = [
            Choice(kind=kind, source_key=pair.source.key, target_key=pair.target.key)
            for pair in valid
        ]
        return len(valid), set_mappings(integration, choices, actor=actor)


def _sources(integration: Integration, kind: str) -> dict[str, ReferenceRow]:
    """The source's rows, inactive ones too: a name is not unique because one rests."""
    items = ReferenceItem.objects.filter(
        connection_id=integration.source_id, kind=kind, gone=False
    ).order_by("pk")
    found = {item.key: to_row(item) for item in items}
    # What documents wait for need not be listed by the source: a tax, say.
    failures = MappingFailure.objects.filter(
        integration=integration, kind=kind, status=MappingFailure.Status.OPEN
    )
    for key, label in failures.order_by("pk").values_list("source_key", "label"):
        found.setdefault(key, ReferenceRow(kind=kind, key=key, name=label))
    return found


def _is_open(link: AutomaticLink, sources: dict[str, ReferenceRow]) -> bool:
    return link.source_key in sources and sources[link.source_key].active
