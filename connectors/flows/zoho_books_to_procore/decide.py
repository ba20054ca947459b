"""Decides on a purchase order: post it, change it, follow its life, wait, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview. Nothing partial is meant to stay: every part gets its lines before any part is approved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    Needs,
    Noted,
    Nothing,
    PartPlan,
    ReadTarget,
    Waiting,
)
from connectors.core.flow import Context
from connectors.core.names import normalise_number, spelt_number
from connectors.core.records import Record, TargetState
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.life import (
    CANCELLED,
    NOT_YET,
    approved,
    cancelled,
    ended,
    gone,
    not_yet,
    stands,
)
from connectors.flows.zoho_books_to_procore.lines import (
    Charge,
    DoesNotAddUpError,
    charges,
    order_lines,
)
from connectors.flows.zoho_books_to_procore.meaning import meant_parts
from connectors.flows.zoho_books_to_procore.meant import Meant, settled
from connectors.flows.zoho_books_to_procore.plan import (
    Steps,
    approval,
    first_steps,
    next_steps,
    part_plan,
    withdrawal,
    withdrawn_plan,
)
from connectors.flows.zoho_books_to_procore.resolve import mapping_keys
from connectors.flows.zoho_books_to_procore.words import CLOSED, DELETED, MARK, UNIT
from connectors.providers.zoho_books.records import SourceOrder


def needs(stream: str, record: Record, context: Context) -> Needs:
    """The mappings of its lines and charges, and who else in Procore has its numbers."""
    order = _order(stream, record)
    lines = order_lines(order, context)
    projects = {line.source_project for line in lines}
    numbers = [order.number, *(f"{order.number}-{n + 1}" for n in range(len(projects)))]
    return Needs(
        mappings=mapping_keys(order, lines, _readable_charges(order)),
        twins=frozenset(normalise_number(number) for number in numbers if order.number),
        lists=frozenset({UNIT}),
    )


def decide(stream: str, record: Record, facts: Facts, context: Context) -> Decision:
    """What shall happen to this order, given these facts."""
    order = _order(stream, record)
    links = _links(facts)
    standing = {part: link for part, link in links.items() if stands(link)}
    if facts.gone:
        return gone(order, standing, links, facts)
    if order.status in CANCELLED:
        return cancelled(order, standing, links, facts)
    if order.status in NOT_YET:
        return not_yet(order, standing)
    problem = _problem(order, context)
    if problem is not None:
        return problem
    try:
        found = charges(order)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    return _post(order, found, links, facts, context)


def _order(stream: str, record: Record) -> SourceOrder:
    if isinstance(record, SourceOrder):
        return record
    raise TypeError(f"no stream {stream!r} of {type(record).__name__} in this flow")


def _links(facts: Facts) -> dict[str, LinkState]:
    """What was posted, with what Procore says now where it was asked: some may have ended."""
    over = {part: live for part, live in facts.live.items() if live.status in (CLOSED, DELETED)}
    return {
        part: replace(link, status=over[part].status) if part in over else link
        for part, link in facts.links.items()
    }


def _problem(order: SourceOrder, context: Context) -> Held | None:
    """What only Zoho Books can put right, whatever the mappings say."""
    if order.status not in options.posted_statuses(context):
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Zoho Books says status {order.status!r} of purchase order {order.number}, "
            "which this integration does not post. Add it to the statuses that are posted, or "
            "dismiss this document.",
        )
    if not order.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The purchase order (Zoho {order.key}) has no number. Enter one in Zoho Books, "
            "or dismiss this document.",
        )
    if not order.vendor_id or not order.lines:
        lacks = "vendor" if not order.vendor_id else "lines"
        return Held(
            reason=Reason.UNREADABLE,
            words=f"Purchase order {order.number} has no {lacks}. Enter it in Zoho Books.",
        )
    return None


def _post(
    order: SourceOrder,
    found: Sequence[Charge],
    links: Mapping[str, LinkState],
    facts: Facts,
    context: Context,
) -> Decision:
    parts = meant_parts(order, found, links, facts, context)
    if not isinstance(parts, tuple):
        return parts
    meant, used = parts
    ours = {part.project_id for part in meant}
    lost = {part: link for part, link in links.items() if part not in ours and stands(link)}
    if unseen := _unseen(meant, lost, links, facts):
        return ReadTarget(parts=unseen, ending=tuple(sorted(lost)))
    return _plan(order, meant, used, lost, links, facts, context)


def _unseen(
    meant: Sequence[Meant],
    lost: Mapping[str, LinkState],
    links: Mapping[str, LinkState],
    facts: Facts,
) -> tuple[str, ...]:
    """The parts that must be seen in Procore before anything is done to them."""
    wanted = set(lost)
    for part in meant:
        link = links.get(part.project_id)
        if link is not None and link.status != DELETED and not settled(part, link):
            wanted.add(part.project_id)
    if wanted <= facts.live.keys():
        return ()
    return tuple(sorted(wanted | facts.live.keys()))


def _plan(
    order: SourceOrder,
    meant: Sequence[Meant],
    used: Sequence[MappingKey],
    lost: Mapping[str, LinkState],
    links: Mapping[str, LinkState],
    facts: Facts,
    context: Context,
) -> Decision:
    contents: list[PartPlan] = []
    after: list[PartPlan] = []
    owned: list[tuple[Meant, Waiting]] = []
    made: list[Noted] = []
    for part in meant:
        steps = _steps(order, part, links.get(part.project_id), facts, context)
        if isinstance(steps, Held):
            return steps
        if isinstance(steps, Waiting):
            owned.append((part, steps))
            continue
        made += [_made_there(part, facts)] if steps.noted else []
        contents += [part_plan(part, steps.content)] if steps.content else []
        after += [part_plan(part, steps.after)] if steps.after else []
    for name, link in sorted(lost.items()):
        steps = withdrawal(link, facts.live[name], "has no lines for this project any more")
        if isinstance(steps, Held):
            return steps
        after += [withdrawn_plan(link, steps.after, order.currency)] if steps.after else []
    if not contents and not after and owned:
        return replace(owned[0][1], words=" ".join(waiting.words for _, waiting in owned))
    noted = (*ended(facts, but={part.project_id for part in meant}), *approved(facts), *made)
    if not contents and not after:
        return Nothing(noted=noted)
    # Beside other work the document comes back to what waits by trying its approval.
    after += [part_plan(part, approval(part)) for part, _ in owned]
    return Deliver(parts=(*contents, *after), mappings_used=tuple(used), noted=noted)


def _made_there(part: Meant, facts: Facts) -> Noted:
    status = facts.live[part.project_id].status
    return Noted(part=part.project_id, status=status, payload=part.payload, ended=False)


def _steps(
    order: SourceOrder, part: Meant, link: LinkState | None, facts: Facts, context: Context
) -> Steps | Held | Waiting:
    if link is None or link.status == DELETED:
        return _taken(part, order, facts) or first_steps(part)
    if settled(part, link):
        return Steps()
    live = facts.live[part.project_id]
    return next_steps(part, link, live, reopens=options.reopens_approved(context))


def _taken(part: Meant, order: SourceOrder, facts: Facts) -> Held | None:
    """Somebody typed the same order into Procore already: same number, same vendor.

    People give the order's own number to its commitment in each of several projects.
    """
    for suspect in facts.target_suspects:
        project_id = suspect.content.get("part", part.project_id)
        number = spelt_number(suspect.number)
        same = number == spelt_number(part.number) or (
            number == spelt_number(order.number)
            and project_id == part.project_id
            and not suspect.reference
        )
        ours = suspect.reference.startswith(MARK)
        # Procore gives a number as often as it is asked to: what we closed keeps none.
        if ours and suspect.status in (CLOSED, DELETED):
            continue
        if (
            same
            and suspect.vendor_key == part.vendor_id
            and suspect.reference != part.reference.text
        ):
            elsewhere = project_id != part.project_id
            return Held(
                reason=Reason.DUPLICATE_SUSPECTED,
                words=_stands_there(suspect, ours=ours, elsewhere=elsewhere),
            )
    return None


def _stands_there(suspect: TargetState, *, ours: bool, elsewhere: bool) -> str:
    there = f"Procore already has a commitment {suspect.number} of this vendor" + (
        " in another project" if elsewhere else ""
    )
    if ours:
        return (
            f"{there}, which this service posted for another order ({suspect.reference}). Change "
            "the number in Zoho Books, close the other one in Procore and replay, or dismiss this "
            "document."
        )
    if suspect.reference:
        return (
            f"{there} that another program made (origin id {suspect.reference}). Delete or "
            "renumber it there and replay, or dismiss this document."
        )
    link = "Delete" if elsewhere else "Link this document to it, delete"
    return (
        f"{there} that was not posted by this service. {link} or renumber it there and replay, or "
        "dismiss this document."
    )


def _readable_charges(order: SourceOrder) -> list[Charge]:
    try:
        return charges(order)
    except DoesNotAddUpError:
        return []
