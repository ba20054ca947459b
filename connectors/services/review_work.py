"""What people do with an item of the queue besides fixing it: assign, put off, comment.

An item enters as what it is of; nothing of the item itself is changed. Everything is audited.
"""

from datetime import datetime, timedelta

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.core.storable import storable_text
from connectors.models import Document, MappingFailure, ReviewComment, ReviewItem
from tenants.models import Member, Role
from tenants.scope import tenant_scope

Thing = MappingFailure | Document

LONGEST_COMMENT = 2_000
# Who puts something off for longer forgets it.
LONGEST_SNOOZE = timedelta(days=92)
_SHOWN = 100


def item_of(thing: Thing) -> ReviewItem | None:
    """What is kept of it so far; inside the scope."""
    rows = ReviewItem.objects.select_related("assignee__user")
    if isinstance(thing, MappingFailure):
        return rows.filter(failure=thing).first()
    return rows.filter(document=thing).first()


def comments(thing: Thing) -> list[ReviewComment]:
    """What was said of it, the oldest first; inside the scope."""
    of = "item__failure" if isinstance(thing, MappingFailure) else "item__document"
    rows = ReviewComment.objects.filter(**{of: thing}).order_by("-at", "-pk")
    return list(rows[:_SHOWN])[::-1]


def assignable() -> list[Member]:
    """The members who may fix what waits; inside the scope."""
    may = [role for role in Role if role.allows(Role.OPERATOR)]
    rows = Member.objects.filter(role__in=may, user__is_active=True).select_related("user")
    return list(rows.order_by("user__name", "user__email"))


def assign(thing: Thing, member_id: int | None, *, actor: str) -> str:
    """Give it to a member, or to nobody; BadInputError for somebody who cannot fix it."""
    with tenant_scope(thing.tenant_id):
        member = next((one for one in assignable() if one.pk == member_id), None)
        if member_id is not None and member is None:
            raise BadInputError("Choose an operator, admin or owner of this workspace.")
        row = _item(thing)
        row.assignee = member
        row.save(update_fields=["assignee"])
        email = member.user.email if member else ""
        _tell("review.assigned" if member else "review.unassigned", thing, actor, email=email)
    return f"Assigned to {member.user.name or email}." if member else "Assigned to nobody."


def snooze(thing: Thing, until: datetime | None, *, actor: str) -> None:
    """Put it off until then, or take it up again.

    It comes back by itself, and before its day where it is held or missing anew.
    """
    now = clock.now()
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise BadInputError(f"Choose a day within the next {LONGEST_SNOOZE.days} days.")
    with tenant_scope(thing.tenant_id):
        row = _item(thing)
        row.snoozed_until, row.snoozed_at = until, now if until else None
        row.save(update_fields=["snoozed_until", "snoozed_at"])
        said = {"until": until.isoformat()} if until else {}
        _tell("review.snoozed" if until else "review.woken", thing, actor, **said)


def comment(thing: Thing, text: str, *, actor: str) -> ReviewComment:
    """Say something of it; BadInputError for nothing, or for more than people read."""
    said = storable_text(text).strip()
    if not said:
        raise BadInputError("Write something first.")
    if len(said) > LONGEST_COMMENT:
        raise BadInputError(f"Write {LONGEST_COMMENT:,} characters or fewer.")
    with tenant_scope(thing.tenant_id):
        made = ReviewComment.objects.create(item=_item(thing), author=actor, text=said)
        _tell("review.commented", thing, actor)
    return made


def _item(thing: Thing) -> ReviewItem:
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",))
    if isinstance(thing, MappingFailure):
        return rows.get_or_create(failure=thing)[0]
    return rows.get_or_create(document=thing)[0]


def _tell(action: str, thing: Thing, actor: str, **details: str) -> None:
    if isinstance(thing, MappingFailure):
        kind, key, number, document_id = thing.kind, thing.source_key, thing.label, None
    else:
        kind, key, number, document_id = thing.stream, thing.key, thing.number, thing.pk
    record(
        Event(
            action=action,
            actor=actor,
            integration_id=thing.integration_id,
            document_id=document_id,
            source_kind=kind,
            source_id=key,
            source_number=number[:120],
            details=details,
        )
    )
