"""Follows an order's life in Zoho Books to its end: not approved yet, cancelled, or gone.

An order, the parts that stand in Procore and those that ever did enter; one decision leaves.
"""

from collections.abc import Mapping

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    NotApplicable,
    Nothing,
    ReadTarget,
)
from connectors.core.states import Reason, State
from connectors.flows.zoho_books_to_procore.plan import withdrawal, withdrawn_plan
from connectors.flows.zoho_books_to_procore.words import CLOSED, DELETED
from connectors.providers.zoho_books.records import SourceOrder

CANCELLED = frozenset({"cancelled", "void"})
NOT_YET = frozenset(
    {"draft", "pending_approval", "approval_overdue", "rejected", "pending_signature"}
)


def stands(link: LinkState) -> bool:
    return link.status not in (CLOSED, DELETED)


def gone(
    order: SourceOrder, standing: Mapping[str, LinkState], links: Mapping[str, LinkState]
) -> Decision:
    if not links:
        return NotApplicable(words="It was deleted in Zoho Books before it was posted.")
    if not standing:
        return Nothing(final=State.CANCELLED)
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
    if not standing:
        return Nothing(final=State.CANCELLED)
    if unseen := [part for part in standing if part not in facts.live]:
        return ReadTarget(parts=tuple(sorted({*unseen, *facts.live})))
    plans = []
    for part, link in sorted(standing.items()):
        steps = withdrawal(link, facts.live[part], "was cancelled")
        if isinstance(steps, Held):
            return steps
        plans += [withdrawn_plan(link, steps.after, order.currency)] if steps.after else []
    if not plans:
        return Nothing(final=State.CANCELLED)
    return Deliver(parts=tuple(plans), final=State.CANCELLED)


def _numbers(links: Mapping[str, LinkState]) -> str:
    return ", ".join(sorted(link.target_number for link in links.values()))
