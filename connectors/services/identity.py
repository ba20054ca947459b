"""Whose account a connection is: fixed once anything was read of it, emptied when it may change.

New settings enter with the locked row; a sentence refuses another account while documents hang on
this one. Before that, what was cached of the old account goes. Calls no provider.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import F, Q

from connectors.core.errors import BadInputError, ConnectorError
from connectors.engine import tokens
from connectors.models import (
    EPOCH,
    Connection,
    Document,
    InboxEvent,
    Integration,
    Link,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    Run,
    StreamState,
    TargetRecord,
    UnlinkedPair,
    WebhookEndpoint,
)
from connectors.models import Mapping as MappingRow
from connectors.transport.provider import ProviderSpec

Identity = dict[str, str]
_UNFINISHED = (Run.Status.QUEUED, Run.Status.RUNNING)


class ChangedMeanwhileError(ConnectorError):
    """Another account was chosen while this one was being read: nothing of it may be stored."""


def of(spec: ProviderSpec, settings: Mapping[str, Any]) -> Identity:
    """The settings that say whose account it is, empty where nobody has said it yet."""
    return {name: str(settings.get(name) or "") for name in spec.identity}


def known(connection: Connection, spec: ProviderSpec) -> Identity:
    """The same, with what only the last test has told."""
    return of(spec, {**_told(connection.profile), **_told(connection.settings)})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def lock(connection: Connection) -> Connection:
    """The row as it is now, locked, inside a scope. Rows that point to it may still be written."""
    return Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)


def is_fixed(connection: Connection) -> bool:
    """Whether anything of this very account is kept that must not pass for another's."""
    either = Q(integration__source=connection) | Q(integration__target=connection)
    return (
        Document.objects.filter(either).exists()
        or Link.objects.filter(connection=connection).exists()
        or InboxEvent.objects.filter(connection=connection).exists()
    )


def allow(row: Connection, spec: ProviderSpec, after: Mapping[str, Any]) -> dict[str, Any]:
    """Let the locked row have these settings; returns what the trail says of another account.

    Raises BadInputError where documents are kept of the account that it has.
    """
    before, wanted = known(row, spec), of(spec, after)
    if before == wanted:
        return {}
    integrations = Integration.objects.filter(Q(source=row) | Q(target=row))
    # Whoever is reading loses the run first: nothing is written after we have looked.
    _take_away_runs(integrations)
    if is_fixed(row):
        raise BadInputError(refusal(row, spec, before, wanted))
    if any(before[name] for name in before if before[name] != wanted[name]):
        row.profile = {}
        tokens.forget_token(row)
    return {"identity": [before, wanted], "emptied": _empty(row, integrations)}


def refusal(row: Connection, spec: ProviderSpec, before: Identity, wanted: Identity) -> str:
    """What a person reads who would have another account take this one's place."""
    return (
        f"“{row.name}” is connected to {_named(spec, before, wanted)}, and documents of it are "
        f"kept here. {_named(spec, wanted, before)} would take their place, so nothing was "
        f"changed. Make a new connection to {spec.title} for it, and a new integration."
    )


def _named(spec: ProviderSpec, mine: Identity, other: Identity) -> str:
    """“organisation ID 601”: only what differs between the two."""
    labels = {field.name: field.label for field in spec.setting_fields}
    parts = [
        f"{labels.get(name, name)} {value or '(none)'}"
        for name, value in mine.items()
        if value != other.get(name, "")
    ]
    return " and ".join(parts)


def check_profile(row: Connection, spec: ProviderSpec, profile: Mapping[str, Any]) -> None:
    """Refuse a profile of another account than the one that documents are kept of."""
    before = known(row, spec)
    told = {name: str(profile[name]) for name in spec.identity if profile.get(name)}
    wanted = {**before, **told}
    if wanted != before and any(before[name] for name in told) and is_fixed(row):
        raise BadInputError(refusal(row, spec, before, wanted))


def still_the_same(row: Connection, spec: ProviderSpec, read_as: Mapping[str, Any]) -> bool:
    """Whether what was read with these settings is about the account that it has now."""
    return of(spec, row.settings) == of(spec, read_as)


def guard_reading(connections: Mapping[int, tuple[Connection, ProviderSpec]]) -> Callable[[], None]:
    """A check for every scope of a reading that no run's lease protects."""

    def check() -> None:
        rows = Connection.objects.select_for_update(no_key=True).filter(pk__in=connections)
        for row in rows.order_by("pk"):
            read_as, spec = connections[row.pk]
            if not still_the_same(row, spec, read_as.settings):
                raise ChangedMeanwhileError(
                    f"“{row.name}” was given another account while it was being read. Read it "
                    "again."
                )

    return check


def take_away_runs(integration: Integration) -> None:
    """End what is reading for this integration; its run begins again from its first phase."""
    _take_away_runs(Integration.objects.filter(pk=integration.pk))


def _take_away_runs(integrations: Any) -> None:
    Run.objects.filter(integration__in=integrations, status__in=_UNFINISHED).update(
        fence=F("fence") + 1, leased_until=EPOCH, phase=Run.Phase.REFERENCES
    )


def empty_integration(integrations: Any) -> dict[str, int]:
    """Take out what was mapped and how far was read; returns how many mappings went."""
    mappings, _ = MappingRow.objects.filter(integration__in=integrations).delete()
    MappingFailure.objects.filter(integration__in=integrations).delete()
    UnlinkedPair.objects.filter(integration__in=integrations).delete()
    StreamState.objects.filter(integration__in=integrations).delete()
    return {"mappings": mappings}


def _empty(row: Connection, integrations: Any) -> dict[str, int]:
    """Take out everything that was cached of the account that it had."""
    rows, _ = ReferenceItem.objects.filter(connection=row).delete()
    heads, _ = TargetRecord.objects.filter(connection=row).delete()
    ReferenceState.objects.filter(connection=row).delete()
    # Hooks of the old account lead to an address that is no more; ours are made anew.
    WebhookEndpoint.objects.filter(connection=row).update(
        token=uuid.uuid4(), hooks={}, hooks_words="", checked_at=None
    )
    return {"master data": rows, "target records": heads, **empty_integration(integrations)}
