"""The documents that inbox events speak of: a source's own record, or what we posted to a target.

Events enter, documents by the event's id leave; two queries, however many events. Inside a scope.
"""

from collections import defaultdict
from collections.abc import Sequence

from connectors import registry
from connectors.models import Document, InboxEvent, Link

# Connection, stream or kind of target record, and the record's key there.
Place = tuple[int, str, str]


def documents_of(events: Sequence[InboxEvent]) -> dict[int, list[Document]]:
    """The documents of each event that has any."""
    keys = {event.key for event in events}
    connections = {event.connection_id for event in events}
    if not keys:
        return {}
    known = _at_the_source(connections, keys)
    for place, documents in _at_the_target(connections, keys).items():
        known[place] += documents
    found = {event.pk: _known_as(event, known) for event in events}
    return {pk: documents for pk, documents in found.items() if documents}


def _at_the_source(connections: set[int], keys: set[str]) -> defaultdict[Place, list[Document]]:
    rows = (
        Document.objects.filter(integration__source__in=connections, key__in=keys)
        .select_related("integration")
        .defer("record", "sightings")
    )
    found: defaultdict[Place, list[Document]] = defaultdict(list)
    for row in rows:
        found[row.integration.source_id, row.stream, row.key].append(row)
    return found


def _at_the_target(connections: set[int], keys: set[str]) -> defaultdict[Place, list[Document]]:
    links = (
        Link.objects.filter(document__integration__target__in=connections, target_id__in=keys)
        .select_related("document__integration")
        .defer("document__record", "document__sightings")
    )
    found: defaultdict[Place, list[Document]] = defaultdict(list)
    for link in links:
        place = link.document.integration.target_id, link.target_kind, link.target_id
        found[place].append(link.document)
    return found


def _known_as(event: InboxEvent, known: defaultdict[Place, list[Document]]) -> list[Document]:
    """By what the provider calls the record, in any flow; no document twice."""
    names = {
        name
        for flow in registry.FLOWS
        for name in (
            *(stream.name for stream in flow.streams if stream.resource == event.resource),
            *(kind for word, kind in flow.watched.items() if word == event.resource),
        )
    }
    documents = [
        document
        for name in sorted(names)
        for document in known.get((event.connection_id, name, event.key), [])
    ]
    return list({document.pk: document for document in documents}.values())
