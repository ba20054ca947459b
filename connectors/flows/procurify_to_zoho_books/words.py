"""The names by which this flow's records, parts and references are known, and sentences on them.

Keys enter, texts leave: references that find our records at the target, labels that people read.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.core.money import Money, plain

ORDERS = "purchase_order"
BILLS = "bill"
PART = "whole"

VENDOR, ACCOUNT, TAX, CURRENCY = "vendor", "account", "tax", "currency"

FREIGHT, OTHER, TAX_CHARGE = "charge:freight", "charge:other", "charge:tax"
# Items that name no account all share this key, so that one default can be chosen for them.
NO_ACCOUNT = "none"

ORDER_TAX = "Purchase order tax"

_REFERENCE_LIMIT = 50


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


def notes(text: str, ref: str) -> str:
    """The source's own note, and the mark that says where to edit what we posted."""
    mark = f"Managed by ml-connector; edit in Procurify. Ref {ref}"
    return f"{text}\n\n{mark}" if text else mark


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
        return "account for items that name none"
    return f"account {key} {name}".strip()


def vendor_label(key: str, name: str) -> str:
    return f"vendor {name or 'without a name'} (Procurify {key})"


def money(amount: Decimal, currency: str) -> str:
    return str(Money(amount, currency))
