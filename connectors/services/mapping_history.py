"""The history of a mapping, out of the audit trail, and taking its last change back.

An integration and a source key enter; the changes leave, newest first, each with the target that
stood there before.
"""

from dataclasses import dataclass

from audit.models import AuditEvent
from connectors.core.errors import BadInputError
from connectors.engine.release import lock_mappings
from connectors.models import Integration, Mapping, ReferenceItem
from connectors.services.mapping import set_mapping, unlink
from tenants.scope import tenant_scope

_REMOVED = "mapping.removed"
_CHANGES = ("mapping.set", "mapping.linked", _REMOVED)
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event; ``before`` and ``after`` are target keys, empty where nothing was linked.

    ``changes`` says that the link itself was changed, ``undoable`` that nothing came after that.
    """

    event: AuditEvent
    before: str
    after: str
    changes: bool
    undoable: bool = False


def history(integration: Integration, *, kind: str, source_key: str) -> list[Change]:
    """The last events of a mapping, newest first; call inside the scope."""
    rows = AuditEvent.objects.filter(
        document_id__isnull=True,
        source_kind=kind,
        source_id=source_key,
        integration_id=integration.pk,
    )
    now = _now(integration, kind, source_key)
    found: list[Change] = []
    is_newest = True
    for event in rows.order_by("-sequence")[:_SHOWN]:
        changes = event.action in _CHANGES
        after = event.target_id if changes and event.action != _REMOVED else ""
        found.append(
            Change(
                event=event,
                before=str(event.details.get("before") or "") if changes else "",
                after=after,
                changes=changes,
                undoable=changes and is_newest and after == now,
            )
        )
        is_newest = is_newest and not changes
    return found


def names(integration: Integration, kind: str, changes: list[Change]) -> dict[str, str]:
    """What the targets in a history are called, as far as they are cached; inside the scope."""
    keys = {key for change in changes for key in (change.before, change.after) if key}
    items = ReferenceItem.objects.filter(
        connection_id=integration.target_id, kind=kind, key__in=keys
    )
    return {item.key: str(item) for item in items}


def undo(integration: Integration, *, kind: str, source_key: str, sequence: int, actor: str) -> str:
    """Take the last change back; returns the target's key that holds again, empty for none.

    ``sequence`` is the event that a person saw as the last one. Raises BadInputError where another
    change came after it, or where the former target is not in use any more.
    """
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        changes = history(integration, kind=kind, source_key=source_key)
        last = next((one for one in changes if one.undoable), None)
        if last is None or last.event.sequence != sequence:
            raise BadInputError(
                "This mapping was changed meanwhile, so nothing was undone. Look at its history "
                "again."
            )
        if last.before:
            set_mapping(
                integration,
                kind=kind,
                source_key=source_key,
                target_key=last.before,
                actor=actor,
            )
        else:
            unlink(
                integration,
                kind=kind,
                source_key=source_key,
                target_key=last.after,
                actor=actor,
            )
        return last.before


def _now(integration: Integration, kind: str, source_key: str) -> str:
    rows = Mapping.objects.filter(integration=integration, kind=kind, source_key=source_key)
    return str(rows.values_list("target_key", flat=True).first() or "")
