"""Mapping: suggest targets for something missing, resolve a failure, set or remove a mapping.

People's choices enter and are checked against the cached master data; documents that waited are
freed in the same transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import QuerySet, Sum

from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.flow import Flow
from connectors.core.references import ReferenceRow, Suggestion
from connectors.engine.references import to_row
from connectors.engine.release import lock_mappings, release_mapping
from connectors.models import Integration, Mapping, MappingFailure, ReferenceItem, Wait
from tenants.scope import tenant_scope


def targets(integration: Integration, kind: str) -> QuerySet[ReferenceItem]:
    """The active items of the target that a mapping of this kind may choose, by name."""
    return ReferenceItem.objects.filter(
        connection_id=integration.target_id, kind=kind, active=True
    ).order_by("number", "name")


def suggestions(failure: MappingFailure, flow: Flow) -> list[Suggestion]:
    """Likely targets, best first, each with its evidence; inside the tenant's scope."""
    integration = failure.integration
    missing = ReferenceItem.objects.filter(
        connection_id=integration.source_id, kind=failure.kind, key=failure.source_key
    ).first()
    row = (
        to_row(missing)
        if missing
        else ReferenceRow(kind=failure.kind, key=failure.source_key, name=failure.label)
    )
    return flow.suggest(failure.kind, row, [to_row(i) for i in targets(integration, failure.kind)])


def waiting_amounts(failure_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """How much money waits for each failure, by currency; inside a scope, in one query."""
    found: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    rows = (
        Wait.objects.filter(failure__in=failure_ids, document__total__isnull=False)
        .order_by()
        .values_list("failure", "document__currency")
        .annotate(amount=Sum("document__total"))
    )
    for failure, currency, amount in rows:
        found[failure][currency] = amount
    return dict(found)


def resolve(failure: MappingFailure, *, target_key: str, actor: str) -> int:
    """Map what was missing to this target; returns how many documents were freed.

    Raises BadInputError for a target that the target system does not have, or not any more.
    """
    with tenant_scope(failure.tenant_id):
        integration = Integration.objects.get(pk=failure.integration_id)
        _set(
            integration, failure.kind, failure.source_key, target_key, actor, Mapping.Origin.PERSON
        )
        return release_mapping(integration, failure.kind, failure.source_key, actor=actor)


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
    with tenant_scope(integration.tenant_id):
        _set(integration, kind, source_key, target_key, actor, origin)
        return release_mapping(integration, kind, source_key, actor=actor)


def _set(
    integration: Integration, kind: str, source_key: str, target_key: str, actor: str, origin: str
) -> None:
    lock_mappings(integration)
    item = targets(integration, kind).filter(key=target_key).first()
    if item is None:
        raise BadInputError(
            f"The target has no active {kind} with the id {target_key}. Run the integration to "
            "refresh the list, or choose another one."
        )
    before = Mapping.objects.filter(
        integration=integration, kind=kind, source_key=source_key
    ).values_list("target_key", flat=True)
    old = before.first()
    Mapping.objects.update_or_create(
        integration=integration,
        kind=kind,
        source_key=source_key,
        defaults={"target_key": target_key, "origin": origin, "actor": actor, "evidence": ""},
    )
    record(
        Event(
            action="mapping.set",
            actor=actor,
            integration_id=integration.pk,
            source_kind=kind,
            source_id=source_key,
            target_kind=kind,
            target_id=target_key,
            target_number=str(item)[:120],
            details={"before": old, "origin": origin},
        )
    )
