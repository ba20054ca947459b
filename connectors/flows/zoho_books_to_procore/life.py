"""Follows an order's life in Zoho Books to its end: not approved yet, cancelled, or gone.

An order, the parts that stand in Procore and those that ever did enter; one decision leaves.
"""

from collections.abc import Collection, Mapping

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    NotApplicable,
    Noted,
    Nothing,
    ReadTarget,
)
from connectors.core.states import Reason, State
from connectors.flows.zoho_books_to_procore.plan import (
    withdrawal,
    withdrawn_payload,
    withdrawn_plan,
)
from connectors.flows.zoho_books_to_procore.words import CLOSED, DELETED, DRAFT, PENDING
from connectors.providers.zoho_books.records import SourceOrder

CANCELLED = frozenset({"cancelled", "void"})
NOT_YET = frozenset(
    {"draft", "pending_approval", "approval_overdue", "rejected", "pending_signature"}
)


def stands(link: LinkState) -> bool:
    return link.status not in (CLOSED, DELETED)


def ended(facts: Facts, *, but: Collection[str] = ()) -> tuple[Noted, ...]:
    """Parts found to have ended in Procore, where we did not know it; ``but`` those still meant.

    Unless that is noted, what we know them to say would later pass for what somebody changed.
    """
    return tuple(
        Noted(part=part, status=live.status, payload=withdrawn_payload(facts.links[part]))
        for part, live in sorted(facts.live.items())
        if part not in but
        and live.status in (CLOSED, DELETED)
        and facts.links[part].status != live.status
    )


def approved(facts: Facts) -> tuple[Noted, ...]:
    """Drafts of ours that somebody or a workflow has approved in Procore since."""
    return tuple(
        Noted(part=part, status=live.status, payload=facts.links[part].payload, ended=False)
        for part, live in sorted(facts.live.items())
        if facts.links[part].status == DRAFT
        and live.status not in (*PENDING, CLOSED, DELETED)
        and facts.links[part].payload
    )


def gone(
    order: SourceOrder,
    standing: Mapping[str, LinkState],
    links: Mapping[str, LinkState],
    facts: Facts,
) -> Decision:
    if not links:
        return NotApplicable(words="It was deleted in Zoho Books before it was posted.")
    # Somebody may have closed it in Procore since, as the words below ask for.
    if unseen := _unseen(standing, facts):
        return unseen
    if not standing:
        return Nothing(final=State.CANCELLED, noted=ended(facts))
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Purchase order {order.number} no longer exists in Zoho Books, but stands in "
        f"Procore as {_numbers(standing)}. Close it there, or dismiss this document to keep it.",
    )


def not_yet(order: SourceOrder, standing: Mapping[str, LinkState]) -> Decision:
    words = order.status.replace("_", " ")
    if not standing:
        return NotApplicable(words=f"Its status in Zoho Books is {words}.")
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Purchase order {order.number} is {words} again in Zoho Books, but stands in "
        f"Procore as {_numbers(standing)}. Once it is approved it is followed by itself.",
    )


def cancelled(
    order: SourceOrder,
    standing: Mapping[str, LinkState],
    links: Mapping[str, LinkState],
    facts: Facts,
) -> Decision:
    if not links:
        return NotApplicable(words="It was cancelled in Zoho Books before it was posted.")
    if unseen := _unseen(standing, facts):
        return unseen
    plans = []
    for part, link in sorted(standing.items()):
        steps = withdrawal(link, facts.live[part], "was cancelled")
        if isinstance(steps, Held):
            return steps
        plans += [withdrawn_plan(link, steps.after, order.currency)] if steps.after else []
    noted = ended(facts)
    if not plans:
        return Nothing(final=State.CANCELLED, noted=noted)
    return Deliver(parts=tuple(plans), final=State.CANCELLED, noted=noted)


def _unseen(standing: Mapping[str, LinkState], facts: Facts) -> ReadTarget | None:
    """All that stand are looked at together."""
    if standing.keys() <= facts.live.keys():
        return None
    parts = tuple(sorted({*standing, *facts.live}))
    return ReadTarget(parts=parts, ending=parts)


def _numbers(links: Mapping[str, LinkState]) -> str:
    return ", ".join(sorted(link.target_number for link in links.values()))
