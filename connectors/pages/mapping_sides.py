"""Gives mappings the names of what they map, out of the cached master data of both sides."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from connectors.models import Mapping, ReferenceItem


def name_both_sides(rows: Iterable[Any]) -> None:
    """Give each mapping the names of its two sides, as the cached master data has them."""
    rows = list(rows)
    wanted = Q(pk__in=[])
    for row in rows:
        for connection, key in _places(row):
            wanted |= Q(connection=connection, kind=row.kind, key=key)
    found = {
        (item.connection_id, item.kind, item.key): str(item)
        for item in ReferenceItem.objects.filter(wanted)
    }
    for row in rows:
        (source, source_key), (target, target_key) = _places(row)
        row.source_name = found.get((source, row.kind, source_key), "")
        row.target_name = found.get((target, row.kind, target_key), "")


def _places(row: Mapping) -> tuple[tuple[int, str], tuple[int, str]]:
    integration = row.integration
    return (integration.source_id, row.source_key), (integration.target_id, row.target_key)
