"""What an order is to be in Procore: its parts with their payloads, or why it cannot be said yet.

The record, its charges and the facts enter; parts leave with the mappings that they rest on, or a
decision to wait or to ask a person. Nothing of an order is meant while any of it is unclear.
"""

from collections.abc import Mapping, Sequence

from connectors.core.decisions import Facts, Held, LinkState, Waiting
from connectors.core.flow import Context
from connectors.core.money import ZERO, to_cents
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.lines import Charge, Line, order_lines
from connectors.flows.zoho_books_to_procore.long_texts import number_too_long, texts_of
from connectors.flows.zoho_books_to_procore.meant import Meant
from connectors.flows.zoho_books_to_procore.parts import Part, split
from connectors.flows.zoho_books_to_procore.payloads import method_of, part_payload
from connectors.flows.zoho_books_to_procore.resolve import Code, Resolver
from connectors.flows.zoho_books_to_procore.waiting import waiting_for
from connectors.flows.zoho_books_to_procore.words import CHARGES, DELETED, money, reference
from connectors.providers.zoho_books.records import SourceOrder

Parts = tuple[list[Meant], tuple[MappingKey, ...]]


def meant_parts(
    order: SourceOrder,
    charges: Sequence[Charge],
    links: Mapping[str, LinkState],
    facts: Facts,
    context: Context,
) -> Parts | Waiting | Held:
    """The order's parts, in the order of their numbers."""
    kept = {part: link for part, link in links.items() if link.status != DELETED}
    resolver = Resolver(facts, kept)
    vendor_id = resolver.vendor(order)
    placed, homeless = _placed(order_lines(order, context), resolver)
    parts = split(order.number, placed, charges, links, order.currency)
    codes = {part.project_id: _codes(part, resolver) for part in parts}
    for line in homeless:
        resolver.code_unknown(line)
    if resolver.missing:
        return waiting_for(tuple(resolver.missing.values()))
    held = _other_owner(order, parts, resolver)
    held = held or _currency_differs(order, parts, resolver, context)
    held = held or _unbudgeted(order, resolver, context)
    held = held or number_too_long(parts, kept, context) or _does_not_add_up(order, parts)
    if held is not None:
        return held
    meant = [
        _meant(order, part, codes[part.project_id], vendor_id, resolver, kept, facts, context)
        for part in parts
    ]
    return meant, tuple(sorted(resolver.used))


def _placed(lines: Sequence[Line], resolver: Resolver) -> tuple[list[tuple[str, Line]], list[Line]]:
    """Lines with their projects, and those whose project is missing."""
    found = [(resolver.project(line), line) for line in lines]
    return (
        [(project_id, line) for project_id, line in found if project_id],
        [line for project_id, line in found if not project_id],
    )


def _codes(part: Part, resolver: Resolver) -> dict[str, Code]:
    found = {line.key: resolver.code(line, part.project_id) for line in part.lines}
    return {key: code for key, code in found.items() if code is not None}


def _meant(
    order: SourceOrder,
    part: Part,
    codes: Mapping[str, Code],
    vendor_id: str,
    resolver: Resolver,
    links: Mapping[str, LinkState],
    facts: Facts,
    context: Context,
) -> Meant:
    ref = reference(order.key, part.ordinal, part.generation, context.source_settings)
    payload = part_payload(
        order,
        part,
        codes,
        ref,
        vendor_id=vendor_id,
        method=method_of(part, _posted_method(part.project_id, links, facts)),
        units={
            line.key: resolver.unit(line, part.project_id, options.text(context, options.UNIT))
            for line in part.lines
            if line.key not in CHARGES
        },
        mappings=resolver.used,
        texts=texts_of(links.get(part.project_id), context),
    )
    return Meant(
        project_id=part.project_id,
        reference=ref,
        payload=payload,
        total=to_cents(part.total, order.currency),
        currency=order.currency,
        in_directory=resolver.in_directory(order, vendor_id, part.project_id),
    )


def _posted_method(part: str, links: Mapping[str, LinkState], facts: Facts) -> str:
    """The accounting method that the commitment has; it does not change once there are lines."""
    if part not in links:
        return ""
    posted = links[part].payload.get("accounting_method")
    live = facts.live.get(part)
    return str(posted or (live.content.get("accounting_method") if live else "") or "")


def _other_owner(order: SourceOrder, parts: Sequence[Part], resolver: Resolver) -> Held | None:
    """Two programs that write the commitments of one project would overwrite each other."""
    for part in parts:
        if resolver.has_other_owner(part.lines[0], part.project_id):
            label = part.lines[0].project_label
            return Held(
                reason=Reason.OTHER_OWNER,
                words=f"{label[:1].upper()}{label[1:]} is connected to an accounting system by "
                "Procore's own ERP integration, which makes its commitments, so purchase order "
                f"{order.number} is not posted. Enter the commitment there and dismiss this "
                "document, or have Procore disconnect the project and replay it.",
            )
    return None


def _currency_differs(
    order: SourceOrder, parts: Sequence[Part], resolver: Resolver, context: Context
) -> Held | None:
    """Amounts are never carried over from one currency to another, nor to one that is unknown."""
    for part in parts:
        label = part.lines[0].project_label
        currency = resolver.currency(part.lines[0], part.project_id)
        currency = currency or options.text(context, options.CURRENCY).upper()
        if not currency:
            return Held(
                reason=Reason.CURRENCY_DIFFERS,
                words=f"Procore does not say in which currency {label} is kept, so purchase order "
                f"{order.number} in {order.currency} is not posted. Enter that currency under "
                f"“{options.CURRENCY.label}” in the options, then replay this document.",
            )
        if currency != order.currency:
            return Held(
                reason=Reason.CURRENCY_DIFFERS,
                words=f"Purchase order {order.number} is in {order.currency or 'no currency'}, but "
                f"{label} is kept in {currency} in Procore. Enter the commitment there by hand and "
                "dismiss this document.",
            )
    return None


def _unbudgeted(order: SourceOrder, resolver: Resolver, context: Context) -> Held | None:
    if not resolver.unbudgeted or options.allows_unbudgeted(context):
        return None
    return Held(
        reason=Reason.UNBUDGETED,
        words=f"Purchase order {order.number} uses budget codes that have no budget: "
        f"{', '.join(resolver.unbudgeted)}. Budget them in Procore and replay this document, link "
        "other codes, or allow unbudgeted codes.",
    )


def _does_not_add_up(order: SourceOrder, parts: Sequence[Part]) -> Held | None:
    """The parts' sum is the order's total by construction; nothing is posted should it not be."""
    total = sum((part.total for part in parts), ZERO)
    if total == order.total:
        return None
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"The commitments of purchase order {order.number} would come to "
        f"{money(total, order.currency)} instead of {money(order.total, order.currency)}. "
        "Correct the order in Zoho Books, or dismiss this document.",
    )
