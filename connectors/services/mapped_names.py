"""What vendors, accounts and taxes of a document are at the target, and which mapping says so.

A document's outlines enter, in a scope that may read it; names and mappings leave, read at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import Q

from connectors.core.outlines import Named, Outline
from connectors.core.references import MappingKey
from connectors.models import Document, Link, Mapping, MappingFailure, ReferenceItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What something is at the target, and by which mapping.

    ``failure`` is what has to be resolved where it is ``missing``; ``since`` is what the mapping
    leads to by now, where that is another than was posted.
    """

    name: str = ""
    mapping: Mapping | None = None
    missing: bool = False
    failure: MappingFailure | None = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class MappedNames:
    """All that the outlines of one document name."""

    mappings: dict[MappingKey, Mapping]
    failures: dict[MappingKey, MappingFailure]
    items: dict[tuple[str, str], ReferenceItem]
    lines: dict[tuple[str, str], Named]

    @classmethod
    def load(cls, document: Document, outlines: Sequence[Outline], links: Sequence[Link]) -> Self:
        named = [one for outline in outlines for one in _named(outline)]
        keys = {key for one in named for key in one.looked_up}
        keys |= {
            MappingKey(row["kind"], row["source_key"]) for link in links for row in link.mappings
        }
        mappings = {
            MappingKey(row.kind, row.source_key): row
            for row in Mapping.objects.filter(_any(keys), integration=document.integration_id)
        }
        failures = MappingFailure.objects.filter(
            _any(keys), integration=document.integration_id, status=MappingFailure.Status.OPEN
        )
        places = {(one.kind, one.key) for one in named if one.key}
        places |= {(key.kind, row.target_key) for key, row in mappings.items()}
        wanted = Q(pk__in=[])
        for kind in {kind for kind, _ in places}:
            wanted |= Q(kind=kind, key__in={key for one, key in places if one == kind})
        items = ReferenceItem.objects.filter(wanted, connection=document.integration.target_id)
        return cls(
            mappings,
            {MappingKey(row.kind, row.source_key): row for row in failures},
            {(item.kind, item.key): item for item in items},
            {
                (line.key, one.kind): one
                for outline in outlines
                for line in outline.meant
                for one in (line.account, line.tax)
                if one is not None
            },
        )

    def meant(self, line_key: str, kind: str) -> Named | None:
        """What the source says of a posted line."""
        return self.lines.get((line_key, kind))

    def target(self, kind: str, key: str) -> str:
        """The name of a row of the target; its key where it is not known."""
        item = self.items.get((kind, key))
        return str(item) if item else key

    def posted(self, there: Named, source: Named | None, link: Link) -> Place:
        """What was posted, with the mapping that led there."""
        used = [
            MappingKey(row["kind"], row["source_key"])
            for row in link.mappings
            if (row["kind"], row["target_key"]) == (there.kind, there.key)
        ]
        looked_up = source.looked_up if source else ()
        key = next((key for key in used if key in looked_up), None) or next(iter(used), None)
        if key is None:
            key = next((key for key in looked_up if key in self.mappings), None)
        mapping = self.mappings.get(key) if key else None
        since = ""
        if mapping is not None and key in used and mapping.target_key != there.key:
            # Rules name a code of any project, so that only a renewed row tells of a change.
            moved = self.items.get((there.kind, mapping.target_key))
            since = str(moved) if moved and "projects" not in moved.attributes else ""
        return Place(name=self.target(there.kind, there.key), mapping=mapping, since=since)

    def planned(self, source: Named) -> Place:
        """What it would be now, or that it is missing."""
        for key in source.looked_up:
            mapping = self.mappings.get(key)
            if mapping is None:
                continue
            item = self.items.get((key.kind, mapping.target_key))
            name = self.target(key.kind, mapping.target_key)
            unusable = item is None or not item.active or item.gone
            return Place(
                name=name, mapping=mapping, missing=unusable, failure=self._failure(source)
            )
        return Place(missing=bool(source.looked_up), failure=self._failure(source))

    def _failure(self, source: Named) -> MappingFailure | None:
        found = (self.failures.get(key) for key in source.looked_up)
        return next((row for row in found if row is not None), None)


def _named(outline: Outline) -> Iterable[Named]:
    yield from (one.named for one in outline.fields if one.named)
    for line in (*outline.lines, *outline.meant):
        yield from (one for one in (line.account, line.tax, line.project) if one)


def _any(keys: Iterable[MappingKey]) -> Q:
    wanted = Q(pk__in=[])
    for kind in {key.kind for key in keys}:
        wanted |= Q(kind=kind, source_key__in={k.source_key for k in keys if k.kind == kind})
    return wanted
