"""Both sides' vendors, projects and cost codes side by side, from what is cached of them.

An integration and a kind enter; rows that admin shows leave. No API call, and nothing is changed:
linking is a use case of mapping.
"""

from collections import Counter
from collections.abc import Sequence

from connectors.core.alignment import Aligned, Standing, align
from connectors.core.flow import SOURCE, Context, Flow
from connectors.core.upkeep import Creates
from connectors.engine.references import to_row
from connectors.models import Document, Integration, Mapping, ReferenceItem
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


def documents(
    integration: Integration, flow: Flow, kind: str, rows: Sequence[Aligned]
) -> list[Document | None]:
    """For each row the document by which its owner's word is kept on the other side, if any."""
    kept = next((s for s in flow.streams if s.upkeep and s.upkeep.kind == kind), None)
    if kept is None:
        return [None] * len(rows)
    keys = [row.source_key if kept.owner == SOURCE else row.target_key for row in rows]
    rules = kept.upkeep.serves if kept.upkeep and kept.upkeep.leads else None
    with tenant_scope(integration.tenant_id):
        found = Document.objects.filter(integration=integration, stream=kept.name)
        if rules is None:
            found = found.filter(key__in=keys)
        by_key = {document.key: document for document in found.defer("record")}
    if rules is None:
        return [by_key.get(key) for key in keys]
    # Of a rule for one project, too, the row that it is about is what is kept.
    return [next((by_key[known] for known in by_key if rules(known, key)), None) for key in keys]


def unconfirmed(integration: Integration, flow: Flow, kind: str) -> set[str]:
    """Source keys of links that are used, but not kept up until a person confirms them."""
    if not any(stream.upkeep and stream.upkeep.kind == kind for stream in flow.streams):
        return set()
    with tenant_scope(integration.tenant_id):
        rows = Mapping.objects.filter(
            integration=integration, kind=kind, origin=Mapping.Origin.AUTOMATIC
        )
        return set(rows.values_list("source_key", flat=True))


def keeping(integration: Integration, flow: Flow, kind: str) -> str:
    """Whose word counts for this kind, and what is done about it, in a sentence or two."""
    kept = next((s.upkeep for s in flow.streams if s.upkeep and s.upkeep.kind == kind), None)
    if kept is None:
        return ""
    owner, other = integration.source.name, integration.target.name
    if kept.owner != SOURCE:
        owner, other = other, owner
    context = Context(
        options={**flow.default_options(), **integration.options},
        source_settings=integration.source.settings,
        target_settings=integration.target.settings,
    )
    words = f"{owner} is their owner, "
    if kept.enabled(context):
        words += f"and what is linked in {other} follows its names and status."
    else:
        words += f"but what is linked in {other} keeps its own names: the option is off."
    return f"{words} {_MAKES[kept.creates(context)].format(other=other)}"


_MAKES = {
    Creates.NEVER: "What {other} lacks is not made there.",
    Creates.NEEDED: "What {other} lacks is made there once a document waits for it.",
    Creates.ALWAYS: "What {other} lacks is made there.",
}


def _items(connection_id: int, kind: str) -> list[ReferenceItem]:
    return list(ReferenceItem.objects.filter(connection_id=connection_id, kind=kind))
