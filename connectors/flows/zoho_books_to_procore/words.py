"""The names by which this flow's records, parts and references are known, and sentences on them.

Keys enter, texts leave: origin ids that find our records in Procore, labels that people read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.core.money import Money

ORDERS = "purchase_order"
COMMITMENTS = "commitment"

VENDOR, PROJECT, COST_CODE = "vendor", "project", "cost_code"

TAX, DISCOUNT, ADJUSTMENT = "charge:tax", "charge:discount", "charge:adjustment"
CHARGES = {TAX: "Tax", DISCOUNT: "Discount", ADJUSTMENT: "Adjustment"}
# Lines that name no project, or no cost code, share this key, so that people can choose one.
NOTHING = "none"
ANY_PROJECT = "*"

# Procore's own words for where a commitment stands, and ours for one that is gone.
DRAFT, APPROVED, CLOSED = "Draft", "Approved", "Closed"
DELETED = "deleted"

_REFERENCE_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Reference:
    """Our origin id: which order, its how-manieth part, and how often that was made anew."""

    text: str
    ordinal: int
    generation: int

    def line(self, project_id: str, key: str) -> str:
        """The origin id of one of its lines."""
        return f"{self.text}:{project_id}:{key}"


def reference(
    order_key: str, ordinal: int, generation: int, settings: Mapping[str, Any]
) -> Reference:
    """mlc:{organisation}:{order}:{part}:{generation}, the same for ever.

    An organisation's id that makes it too long is replaced by a part of its hash.
    """
    organization = str(settings.get("organization_id", ""))
    tail = f"{order_key}:{ordinal}:{generation}"
    text = f"mlc:{organization}:{tail}"
    if len(text) > _REFERENCE_LIMIT:
        text = f"mlc:{hashlib.sha256(organization.encode()).hexdigest()[:12]}:{tail}"
    return Reference(text, ordinal, generation)


def read_reference(text: str) -> Reference:
    """An origin id that we made, taken apart."""
    ordinal, generation = text.split(":")[-2:]
    return Reference(text, int(ordinal), int(generation))


def line_key(origin_id: str, reference_text: str, project_id: str) -> str:
    """Our key of a line by its origin id; empty for one that is not ours."""
    start = f"{reference_text}:{project_id}:"
    return origin_id.removeprefix(start) if origin_id.startswith(start) else ""


def cost_code_key(source_project: str, code: str) -> str:
    """The source key of a cost code's mapping: in one project, or ("*") in any."""
    return f"{source_project}|{code}"


def description(ref: str) -> str:
    """The mark that says where to edit what we posted."""
    return f"Managed by ml-connector; edit in Zoho Books. Ref {ref}"


def vendor_label(key: str, name: str) -> str:
    return f"vendor {name or 'without a name'} (Zoho {key})"


def project_label(key: str, name: str) -> str:
    if key == NOTHING:
        return "project of lines that name none"
    return f"project {name or key}"


def code_label(code: str, name: str) -> str:
    """'account 5010 Concrete', or what a charge is called."""
    if code in CHARGES:
        return f"cost code for {CHARGES[code].lower()}"
    if code == NOTHING:
        return "cost code of lines that name none"
    return f"cost code for {code} {name}".strip()


def money(amount: Decimal, currency: str) -> str:
    return str(Money(amount, currency))
