"""Mapping: suggest targets for something missing, resolve a failure, set or remove a mapping.

People's choices enter and are checked against the cached master data; documents that waited are
freed in the same transaction.
"""

from collections.abc import Collection, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.flow import Flow
from connectors.core.references import MappingKey, ReferenceRow, Suggestion
from connectors.engine.references import to_row
from connectors.engine.release import lock_mappings, release_mappings
from connectors.models import (
    Integration,
    Mapping,
    MappingFailure,
    ReferenceItem,
    UnlinkedPair,
)
from tenants.scope import tenant_scope

# What is to be mapped, each to the key of a target item.
Mapped = MappingType[MappingKey, str]


def targets(integration: Integration, kind: str) -> QuerySet[ReferenceItem]:
    """The active items of the target that a mapping of this kind may choose, by name."""
    return ReferenceItem.objects.filter(
        connection_id=integration.target_id, kind=kind, active=True
    ).order_by("number", "name")


def suggestions(failure: MappingFailure, flow: Flow) -> list[Suggestion]:
    """Likely targets, best first, each with its evidence; inside the tenant's scope."""
    missing = MappingKey(failure.kind, failure.source_key)
    rows = [to_row(item) for item in targets(failure.integration, failure.kind)]
    return likely(failure.integration, flow, missing, failure.label, rows)


def likely(
    integration: Integration,
    flow: Flow,
    missing: MappingKey,
    label: str,
    offered: Sequence[ReferenceRow],
) -> list[Suggestion]:
    """Which of the offered targets may be meant; ``label`` names what no list shows any more."""
    item = ReferenceItem.objects.filter(
        connection_id=integration.source_id, kind=missing.kind, key=missing.source_key
    ).first()
    row = (
        to_row(item)
        if item
        else ReferenceRow(kind=missing.kind, key=missing.source_key, name=label)
    )
    return flow.suggest(missing.kind, row, offered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A person's word that this source vendor, account, tax … is that one of the target."""

    kind: str
    source_key: str
    target_key: str


def named_target(integration: Integration, kind: str, text: str) -> str:
    """The key of the target that a person names: by id, number or whole name; inside the scope.

    Raises BadInputError where none or several are called so.
    """
    items = targets(integration, kind)
    if items.filter(key=text).exists():
        return text
    found = list(items.filter(Q(number__iexact=text) | Q(name__iexact=text))[:2])
    if len(found) == 1:
        return str(found[0].key)
    how = "Several things" if found else "Nothing"
    verb = "are" if found else "is"
    raise BadInputError(
        f"{how} in {integration.target.name} {verb} called “{text}”. "
        "Enter an id, a number or the whole name."
    )


def resolve(failure: MappingFailure, *, target_key: str, actor: str) -> int:
    """Map what was missing to this target; returns how many documents were freed.

    Raises BadInputError for a target that the target system does not have, or not any more.
    """
    with tenant_scope(failure.tenant_id):
        return set_mapping(
            Integration.objects.get(pk=failure.integration_id),
            kind=failure.kind,
            source_key=failure.source_key,
            target_key=target_key,
            actor=actor,
        )


def confirm(integration: Integration, *, kind: str, source_key: str, actor: str) -> None:
    """A person says that an automatic link is right: what it leads to may be kept up from now on.

    Raises BadInputError where there is no such link any more.
    """
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        row = Mapping.objects.filter(
            integration=integration, kind=kind, source_key=source_key
        ).first()
        if row is None:
            raise BadInputError("This link was removed meanwhile. Look at the list again.")
        if row.origin != Mapping.Origin.AUTOMATIC:
            return
        row.origin, row.actor = Mapping.Origin.PERSON, actor
        row.save(update_fields=["origin", "actor", "changed_at"])
        record(
            Event(
                action="mapping.confirmed",
                actor=actor,
                integration_id=integration.pk,
                source_kind=kind,
                source_id=source_key,
                target_kind=kind,
                target_id=row.target_key,
                details={"evidence": row.evidence},
            )
        )


def unlink(
    integration: Integration, *, kind: str, source_key: str, target_key: str, actor: str
) -> None:
    """Remove a mapping that leads to this target. It is not linked to it again without a person.

    What is posted keeps what it was posted with. Raises BadInputError where the mapping leads
    elsewhere by now.
    """
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        row = Mapping.objects.filter(
            integration=integration, kind=kind, source_key=source_key, target_key=target_key
        ).first()
        if row is None:
            raise BadInputError("This mapping was changed meanwhile. Open it again, then decide.")
        row.delete()
        UnlinkedPair.objects.bulk_create(
            [
                UnlinkedPair(
                    integration=integration,
                    kind=kind,
                    source_key=source_key,
                    target_key=target_key,
                )
            ],
            ignore_conflicts=True,
        )
        key = MappingKey(kind, source_key)
        record(
            Event(
                action="mapping.removed",
                actor=actor,
                integration_id=integration.pk,
                source_kind=kind,
                source_id=source_key,
                source_number=_source_names(integration, [key]).get(key, "")[:120],
                target_kind=kind,
                target_id=target_key,
                details={"before": target_key, "origin": row.origin},
            )
        )


def set_mapping(
    integration: Integration,
    *,
    kind: str,
    source_key: str,
    target_key: str,
    actor: str,
    origin: str = Mapping.Origin.PERSON,
) -> int:
    """Set one mapping; affects what is not posted yet. Returns how many documents were freed."""
    choice = Choice(kind=kind, source_key=source_key, target_key=target_key)
    return set_mappings(integration, [choice], actor=actor, origin=origin)


def set_mappings(
    integration: Integration,
    choices: Sequence[Choice],
    *,
    actor: str,
    origin: str = Mapping.Origin.PERSON,
) -> int:
    """Set all of these mappings or none; returns how many documents were freed.

    Where one thing is mapped twice the later choice counts. Raises BadInputError for a target that
    the target system does not have, or not any more.
    """
    wanted = {MappingKey(choice.kind, choice.source_key): choice.target_key for choice in choices}
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        items = _chosen(integration, wanted)
        before, names = _mapped(integration, wanted), _source_names(integration, wanted)
        _save(integration, wanted, actor, origin)
        record(
            *(
                _set_event(
                    integration,
                    key,
                    items[key],
                    name=names.get(key, ""),
                    actor=actor,
                    details={"before": before.get(key), "origin": origin},
                )
                for key in wanted
            )
        )
        return release_mappings(integration, wanted, actor=actor)


def _chosen(integration: Integration, wanted: Mapped) -> dict[MappingKey, ReferenceItem]:
    """The item of the target that each key is mapped to."""
    rows = ReferenceItem.objects.filter(
        connection_id=integration.target_id,
        kind__in={key.kind for key in wanted},
        key__in=set(wanted.values()),
        active=True,
    )
    items = {(row.kind, row.key): row for row in rows}
    for key, target_key in wanted.items():
        if (key.kind, target_key) not in items:
            raise BadInputError(
                f"The target has no active {key.kind} with the id {target_key}. Run the "
                "integration to refresh the list, or choose another one."
            )
    return {key: items[key.kind, target_key] for key, target_key in wanted.items()}


def _mapped(integration: Integration, keys: Collection[MappingKey]) -> dict[MappingKey, str]:
    """What these keys are mapped to until now."""
    rows = Mapping.objects.filter(
        integration=integration,
        kind__in={key.kind for key in keys},
        source_key__in={key.source_key for key in keys},
    )
    return {MappingKey(row.kind, row.source_key): row.target_key for row in rows}


def _source_names(integration: Integration, keys: Collection[MappingKey]) -> dict[MappingKey, str]:
    """What the source calls these, as far as it lists them."""
    rows = ReferenceItem.objects.filter(
        connection_id=integration.source_id,
        kind__in={key.kind for key in keys},
        key__in={key.source_key for key in keys},
    )
    return {MappingKey(row.kind, row.key): str(row) for row in rows}


def _save(integration: Integration, wanted: Mapped, actor: str, origin: str) -> None:
    Mapping.objects.bulk_create(
        (
            Mapping(
                integration=integration,
                kind=key.kind,
                source_key=key.source_key,
                target_key=target_key,
                origin=origin,
                actor=actor,
            )
            for key, target_key in wanted.items()
        ),
        update_conflicts=True,
        unique_fields=["tenant", "integration", "kind", "source_key"],
        update_fields=["target_key", "origin", "actor", "evidence", "changed_at"],
    )


def _set_event(
    integration: Integration,
    key: MappingKey,
    item: ReferenceItem,
    *,
    name: str,
    actor: str,
    details: dict[str, Any],
) -> Event:
    return Event(
        action="mapping.set",
        actor=actor,
        integration_id=integration.pk,
        source_kind=key.kind,
        source_id=key.source_key,
        source_number=name[:120],
        target_kind=key.kind,
        target_id=item.key,
        target_number=str(item)[:120],
        details=details,
    )
