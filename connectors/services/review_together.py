"""Things of the queue that wait for one reason, treated together: assigned, put off, dismissed,
checked again. The things enter as a person saw them; what has moved on since is left out.

Each is audited by itself. At most as many are treated at once as a page shows.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.models import Document, MappingFailure
from connectors.services import replay, review_queue, review_work, seen
from connectors.services.waiting_money import together
from tenants.scope import tenant_scope

MOST = 200
MISSING, HELD = "missing", "held"
KINDS = (MISSING, HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What waits for one reason: how many things, how many documents, how much money.

    ``left`` are those beyond what is treated at once.
    """

    items: list[review_queue.Item]
    documents: int
    amounts: Mapping[str, Decimal]
    left: int


@dataclass(frozen=True, slots=True)
class Done:
    """How many were treated, and how many had moved on."""

    number: int
    moved_on: int


def preview(asked: review_queue.Asked) -> Preview:
    """What would be treated; inside the scope. ``asked`` names one kind and one reason."""
    items = review_queue.items(asked)[:MOST]
    left = review_queue.size_of(asked) - len(items)
    failures = [item.failure.pk for item in items if item.failure is not None]
    if failures:
        documents, amounts = together(failures)
        return Preview(items=items, documents=documents, amounts=amounts, left=left)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        for currency, amount in item.amounts.items():
            sums[currency] += amount
    return Preview(items=items, documents=len(items), amounts=dict(sums), left=left)


def mark(thing: MappingFailure | Document) -> str:
    """What a person has seen of a thing: the same as long as it waits for the same."""
    return seen.digest(thing) if isinstance(thing, Document) else thing.kind


def assign(
    tenant_id: int,
    asked: review_queue.Asked,
    marks: Mapping[int, str],
    member: int | None,
    *,
    actor: str,
) -> Done:
    """Give all of them to a member, or to nobody; all or none."""
    with tenant_scope(tenant_id):
        things = _found(asked, marks)
        for thing in things:
            review_work.assign(thing, member, actor=actor)
    return Done(len(things), len(marks) - len(things))


def put_off(
    tenant_id: int,
    asked: review_queue.Asked,
    marks: Mapping[int, str],
    until: datetime,
    *,
    actor: str,
) -> Done:
    """Put all of them off until then; all or none."""
    with tenant_scope(tenant_id):
        things = _found(asked, marks)
        for thing in things:
            review_work.snooze(thing, until, actor=actor)
    return Done(len(things), len(marks) - len(things))


def check_again(
    tenant_id: int, asked: review_queue.Asked, marks: Mapping[int, str], *, actor: str
) -> Done:
    """Have all of them read and decided again, or what waits for them."""
    with tenant_scope(tenant_id):
        things = _found(asked, marks)
    ids = [thing.pk for thing in things if isinstance(thing, Document)]
    if ids:
        replay.replay_documents(tenant_id, ids, actor=actor)
    for thing in things:
        if isinstance(thing, MappingFailure):
            replay.replay_failure(thing, actor=actor)
    return Done(len(things), len(marks) - len(things))


def dismiss(
    tenant_id: int,
    asked: review_queue.Asked,
    marks: Mapping[int, str],
    reason: str,
    *,
    actor: str,
) -> Done:
    """Say of all these documents that they shall not be posted; each by itself."""
    if asked.kind != HELD:
        raise BadInputError("Only held documents can be dismissed together.")
    if not reason.strip():
        raise BadInputError("Say why they shall not be posted; the reason stays in Activity.")
    with tenant_scope(tenant_id):
        things = _found(asked, marks)
    number = 0
    # One by one: workers lock the same documents, and each brings others to rest.
    for thing in things:
        try:
            replay.dismiss(tenant_id, thing.pk, reason=reason, actor=actor, seen=marks[thing.pk])
        except BadInputError:
            continue
        number += 1
    return Done(number, len(marks) - number)


def _found(asked: review_queue.Asked, marks: Mapping[int, str]) -> list[MappingFailure | Document]:
    """Those that still wait for the same, in one order always; inside the scope."""
    if not marks:
        raise BadInputError("Choose at least one.")
    if len(marks) > MOST:
        raise BadInputError(f"Choose {MOST} or fewer at once.")
    things: list[MappingFailure | Document] = []
    if asked.kind == MISSING:
        things += MappingFailure.objects.filter(
            pk__in=marks,
            integration=asked.integration_id,
            kind=asked.reason,
            status=MappingFailure.Status.OPEN,
        ).order_by("pk")
    else:
        things += Document.objects.filter(
            pk__in=marks,
            integration=asked.integration_id,
            reason=asked.reason,
            state=State.HELD,
        ).order_by("pk")
    return [thing for thing in things if marks[thing.pk] == mark(thing)]
