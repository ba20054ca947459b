"""The names by which this flow's records, parts and references are known, and sentences on them.

Keys enter, texts leave: references that find our records at the target, labels that people read.
"""

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.core.decisions import LinkState
from connectors.core.money import Money, plain
from connectors.core.records import TargetState
from connectors.core.states import Over

# What stands in Zoho Books like this is over, though it keeps its number.
DEAD = frozenset({"void", "cancelled", "rejected"})
# How every mark of this service begins.
MARK = "mlc:"
ORDERS = "purchase_order"
BILLS = "bill"
PART = "whole"

VENDOR, ACCOUNT, TAX, CURRENCY = "vendor", "account", "tax", "currency"

FREIGHT, OTHER, TAX_CHARGE = "charge:freight", "charge:other", "charge:tax"
# Items that name no account all share this key, so that one default can be chosen for them.
NO_ACCOUNT = "none"

ORDER_TAX = "Purchase order tax"

# Texts that Zoho Books takes; longer ones are refused with code 15.
NUMBER_LIMIT = 100
DESCRIPTION_LIMIT = 2000
_NOTES_LIMIT = 5000
_REFERENCE_LIMIT = 50
# In a mark of the first generation: mlc:{subdomain}:{noun}:{key}.
_COLONS = 3


def reference(noun: str, key: str, settings: Mapping[str, Any]) -> str:
    """The text that finds our record at the target, the same for ever: mlc:{subdomain}:po:{key}.

    A subdomain that makes it too long for the target's field is replaced by a part of its hash.
    """
    subdomain = str(settings.get("subdomain", ""))
    text = f"mlc:{subdomain}:{noun}:{key}"
    if len(text) <= _REFERENCE_LIMIT:
        return text
    digest = hashlib.sha256(subdomain.encode()).hexdigest()[:12]
    return f"mlc:{digest}:{noun}:{key}"


def order_reference(key: str, settings: Mapping[str, Any]) -> str:
    return reference("po", key, settings)


def bill_reference(key: str, settings: Mapping[str, Any]) -> str:
    return reference("bill", key, settings)


def vendor_reference(key: str, settings: Mapping[str, Any]) -> str:
    return reference("vendor", key, settings)


def mark(base: str, link: LinkState | None) -> str:
    """The mark of what is posted next: the link's own, or a new generation once that is over.

    ``base`` is the mark of the first generation.
    """
    if link is None:
        return base
    if link.status not in set(Over):
        return link.reference
    stem, generation = _generations(link.reference)
    text = f"{stem}:{generation + 1}"
    if len(text) > _REFERENCE_LIMIT:
        _, subdomain, rest = text.split(":", 2)
        text = f"mlc:{hashlib.sha256(subdomain.encode()).hexdigest()[:12]}:{rest}"
    return text


def _generations(text: str) -> tuple[str, int]:
    """A mark's stem and generation: mlc:acme:po:12 is the first, mlc:acme:po:12:2 the second."""
    stem, _, last = text.rpartition(":")
    return (stem, int(last)) if stem.count(":") == _COLONS else (text, 1)


def next_number(number: str, link: LinkState | None, renumbered: int = 0) -> str:
    """The number of what is posted next: PO-12-R2 where Zoho Books keeps PO-12 for ever.

    ``renumbered`` counts how often a person chose another one, since it was used up. No number is
    met twice: a successor counts on from the number that was cancelled, however it came by it.
    """
    if link is None:
        return _numbered(number, 1 + renumbered)
    last = _suffix(number, link.target_number)
    # How often a person had chosen when it was posted is told by what was posted.
    chosen = int(link.payload.get("renumbered", min(renumbered, last - 1)))
    if link.status == Over.SUPERSEDED:
        last = max(last + 1, _generations(mark("", link))[1])
    return _numbered(number, last + max(renumbered - chosen, 0))


def _numbered(number: str, count: int) -> str:
    return number if count == 1 else f"{number}-R{count}"


def _suffix(number: str, posted: str) -> int:
    """3 for PO-12 that was posted as PO-12-R3; 1 where it has no such suffix."""
    found = re.fullmatch(re.escape(number) + r"-R(\d+)", posted)
    return int(found[1]) if found else 1


def taken(title: str, state: TargetState) -> str:
    """Who has a number in Zoho Books already, a stranger or one of ours, and what to do."""
    ours = state.reference.startswith(MARK)
    if state.status in DEAD:
        # Only orders can have another number: a bill's is its vendor's.
        another = "Post it under another number, change" if title == "purchase order" else "Change"
        whose = (
            f"this service posted for another record ({state.reference})"
            if ours
            else "was not posted by this service"
        )
        return (
            f"Zoho Books already has a {title} {state.number} ({state.status}), which {whose}, and "
            f"gives no number twice. {another} the number in Procurify, delete or renumber the "
            "other one in Zoho Books and replay, or dismiss this document."
        )
    if not ours:
        return (
            f"Zoho Books already has a {title} {state.number} that was not posted by this service. "
            "Link this document to it, delete or renumber it there and replay, or dismiss this "
            "document."
        )
    return (
        f"Zoho Books already has a {title} {state.number} ({state.status}), which this service "
        f"posted for another record ({state.reference}). Change the number in Procurify, delete "
        "the other one in Zoho Books and replay, or dismiss this document."
    )


def shortened(text: str, limit: int) -> str:
    """A text that Zoho Books takes; the whole one stays in the document's source record."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def notes(text: str, ref: str) -> str:
    """The source's own note, and the mark that says where to edit what we posted."""
    mark = f"\n\nManaged by ml-connector; edit in Procurify. Ref {ref}"
    return f"{shortened(text, _NOTES_LIMIT - len(mark))}{mark}".strip()


def tax_key(name: str, rate: Decimal) -> str:
    """The source key of a tax: its name and rate, however the rate is spelt."""
    return f"{name}|{plain(rate)}"


def tax_label(key: str) -> str:
    """'GST|5 + PST|7' as people say it: tax GST 5% + PST 7%."""
    parts = (part.rpartition("|") for part in key.split(" + "))
    return "tax " + " + ".join(f"{name} {rate}%".strip() for name, _, rate in parts)


def account_label(key: str, name: str = "") -> str:
    charges = {FREIGHT: "freight", OTHER: "other charges", TAX_CHARGE: "tax amounts"}
    if key in charges:
        return f"account for {charges[key]}"
    if key == NO_ACCOUNT:
        return "account for items without an account"
    return f"account {key} {name}".strip()


def vendor_label(key: str, name: str) -> str:
    return f"vendor {name or 'without a name'} (Procurify {key})"


def money(amount: Decimal, currency: str) -> str:
    return str(Money(amount, currency))
