"""Applying a changed mapping or changed options to posted documents: previewed, then confirmed.

A job and a wish enter; the preview leaves, or exactly the previewed documents are due again under
today's policy. Closed periods, payments and whatever else stands in the way count as ever.
"""

from collections.abc import Iterable

from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.references import MappingKey
from connectors.engine import ledger, renewal, trail
from connectors.engine.job import Job
from connectors.engine.release import lock_mappings
from connectors.engine.renewal import Change, Preview, Wish
from connectors.models import Document, Mapping, ReferenceItem
from tenants.scope import tenant_scope


def of_mapping(mapping: Mapping) -> Wish:
    """That a mapping holds for posted documents too, as it leads now."""
    return Wish(key=MappingKey(mapping.kind, mapping.source_key), target_key=mapping.target_key)


def of_options() -> Wish:
    """That the integration's options hold for posted documents too."""
    return Wish()


def preview(job: Job, wish: Wish) -> Preview:
    """What would change, by what is stored: no call is made and nothing is written."""
    with tenant_scope(job.tenant_id):
        return renewal.preview(job, wish)


def confirm(job: Job, wish: Wish, *, digest: str, actor: str) -> int:
    """Have exactly the previewed documents decided anew; returns how many.

    Raises BadInputError when the preview says something else by now.
    """
    with tenant_scope(job.tenant_id):
        lock_mappings(job.integration)
        _check_mapping(job, wish)
        found = renewal.preview(job, wish)
        if found.digest != digest:
            raise BadInputError(
                "Something has changed since the preview, so nothing was applied. Look at the new "
                "preview and confirm again."
            )
        documents = [outlook.document for outlook in found.changing]
        renewal.renew(job, wish, documents)
        ledger.make_due(Document.objects.filter(pk__in=[one.pk for one in documents]))
        details = _details(job, wish)
        trail.write(
            trail.document_event(
                "document.policy_applied",
                outlook.document,
                actor=actor,
                target_number=outlook.target_number[:120],
                details={**details, "changes": _plain(outlook.changes)},
            )
            for outlook in found.changing
        )
        record(
            Event(
                action="integration.policy_applied",
                actor=actor,
                integration_id=job.integration.pk,
                target_kind="integration",
                target_id=str(job.integration.pk),
                target_number=job.integration.name,
                details={**details, "documents": len(documents)},
            )
        )
    return len(documents)


def _check_mapping(job: Job, wish: Wish) -> None:
    """A mapping may have been changed since the page was opened."""
    if wish.key is None:
        return
    now = Mapping.objects.filter(
        integration=job.integration, kind=wish.key.kind, source_key=wish.key.source_key
    )
    if not now.filter(target_key=wish.target_key).exists():
        raise BadInputError("The mapping was changed meanwhile. Open it again for a new preview.")


def _details(job: Job, wish: Wish) -> dict[str, object]:
    if wish.key is None:
        return {"options": job.flow.kept_options(job.context.options)}
    return {
        "kind": wish.key.kind,
        "source_key": wish.key.source_key,
        "target_key": wish.target_key,
    }


def _plain(changes: Iterable[Change]) -> list[list[str]]:
    return [[change.line, change.field, change.before, change.after] for change in changes]


def names(job: Job, found: Preview) -> dict[str, str]:
    """What the ids in a preview are called at the target, as far as they are cached."""
    keys = {
        key
        for outlook in found.changing
        for change in outlook.changes
        if change.field.endswith("_id")
        for key in (change.before, change.after)
    }
    with tenant_scope(job.tenant_id):
        items = ReferenceItem.objects.filter(connection=job.target, key__in=keys)
        return {item.key: str(item) for item in items}
