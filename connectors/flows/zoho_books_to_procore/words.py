"""The names by which this flow's records, parts and references are known, and sentences on them.

Keys enter, texts leave: origin ids that find our records in Procore, labels that people read.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.core.money import Money

ORDERS = "purchase_order"
COMMITMENTS = "commitment"

VENDOR, PROJECT, COST_CODE = "vendor", "project", "cost_code"
UNIT = "unit"
# Of a budget code, what it consists of besides its sub job and the like.
OWN_CODE, COST_TYPE = "cost_code", "cost_type"
# Of a project, the currency of its amounts; empty where Procore does not say it.
CURRENCY = "currency"
# Of a project, whether Procore's own ERP connection makes its commitments.
ERP = "erp_integrated"
# What their owner's rows are written to on the other side.
ZOHO_PROJECT, BUDGET_CODE = "zoho_project", "budget_code"

TAX, DISCOUNT, ADJUSTMENT = "charge:tax", "charge:discount", "charge:adjustment"
CHARGES = {TAX: "Tax", DISCOUNT: "Discount", ADJUSTMENT: "Adjustment"}
# Lines that name no project, or no cost code, share this key, so that people can choose one.
NOTHING = "none"
ANY_PROJECT = "*"

# Procore's own words for where a commitment stands, and ours for one that is gone.
DRAFT, APPROVED, CLOSED = "Draft", "Approved", "Closed"
DELETED = "deleted"
# Not approved yet: a workflow leads through these.
PENDING = frozenset({DRAFT, "Processing", "Submitted"})

MARK = "mlc:"

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
    text = _ours(f"{order_key}:{ordinal}:{generation}", settings)
    return Reference(text, ordinal, generation)


def _ours(tail: str, settings: Mapping[str, Any]) -> str:
    organization = str(settings.get("organization_id", ""))
    text = f"mlc:{organization}:{tail}"
    return text if len(text) <= _REFERENCE_LIMIT else f"mlc:{_hash(organization)}:{tail}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_reference(text: str) -> Reference:
    """An origin id that we made, taken apart."""
    ordinal, generation = text.split(":")[-2:]
    return Reference(text, int(ordinal), int(generation))


def line_key(origin_id: str, reference_text: str, project_id: str) -> str:
    """Our key of a line by its origin id; empty for one that is not ours."""
    start = f"{reference_text}:{project_id}:"
    return origin_id.removeprefix(start) if origin_id.startswith(start) else ""


def project_reference(procore_project: str, zoho_project: str, settings: Mapping[str, Any]) -> str:
    """What a Zoho project is known by as ours; without its own id where it was made by us."""
    text = f"mlc:{settings.get('company_id', '')}:project:{procore_project}"
    return f"{text}:{zoho_project}" if zoho_project else text


def made_for(text: str) -> str:
    """The Procore project that a Zoho project was made for, by the mark in its description."""
    found = re.search(r"\bRef mlc:[^:\s]*:project:([^:\s]+)", text)
    return found[1] if found else ""


def project_mark(ref: str) -> str:
    """The mark on a Zoho project that was made, by which it is found again."""
    return f"Made by ml-connector for a project of Procore. Ref {ref}"


def code_reference(
    account: str, project_id: str, wbs_code: str, settings: Mapping[str, Any]
) -> str:
    """What a budget code is known by as ours; the origin id of a cost code that was made."""
    tail = f"{project_id}:{wbs_code}"
    organization = str(settings.get("organization_id", ""))
    text = f"mlc:{organization}:code:{account}:{tail}"
    if len(text) > _REFERENCE_LIMIT:
        known = hashlib.sha256(f"{organization}:{account}".encode()).hexdigest()[:12]
        text = f"mlc:{known}:code:{tail}"
    return text


def parts_of(flat: str, attributes: Mapping[str, Any]) -> tuple[str, str]:
    """The whole cost code and the cost type of a budget code; both empty where it has more.

    Where Procore does not say its segments, only a code of two can be told apart, whose second
    one begins with a letter as cost types do.
    """
    if OWN_CODE in attributes:
        return str(attributes[OWN_CODE]), str(attributes.get(COST_TYPE) or "")
    code, *others = flat.split(".")
    if len(others) == 1 and others[0][:1].isalpha():
        return code, others[0]
    return "", ""


def account_of(key: str) -> str:
    """The rule for all projects that a cost code's key is about; empty where it is no account's."""
    code = key.rpartition("|")[2]
    return "" if code in CHARGES or code == NOTHING else cost_code_key(ANY_PROJECT, code)


def vendor_reference(contact: str, vendor_id: str, settings: Mapping[str, Any]) -> str:
    """mlc:{organisation}:vendor:{contact}, and the Procore vendor's id for one that was there.

    Of an id that makes it too long, a part of its hash tells vendors of one contact apart.
    """
    made = f"vendor:{contact}"
    if not vendor_id:
        return _ours(made, settings)
    text = _ours(f"{made}:{vendor_id}", settings)
    if len(text) > _REFERENCE_LIMIT:
        text = _ours(f"{made}:{_hash(vendor_id)[:6]}", settings)
    return text


def is_our_vendor(origin_id: str, settings: Mapping[str, Any]) -> bool:
    """Whether it is an origin id that this organisation gave to a vendor."""
    organization = str(settings.get("organization_id", ""))
    return origin_id.startswith(
        (f"mlc:{organization}:vendor:", f"mlc:{_hash(organization)}:vendor:")
    )


def vendor_of(origin_id: str) -> str:
    """The Zoho contact that an origin id of a vendor names; empty for one that is not ours."""
    mark, _, kind, contact = (*origin_id.split(":"), "", "", "", "")[:4]
    return contact if (mark, kind) == ("mlc", "vendor") else ""


def plain_unit(text: str) -> str:
    """A unit of measure as it is compared: "SQ. FT" is "sqft". Signs that change it stay.

    Of a single letter its case is such a sign: M are thousands, m are metres.
    """
    signs = re.sub(r"[\s.,_-]", "", text)
    return signs if len(signs) == 1 else signs.casefold()


def cost_code_key(source_project: str, code: str) -> str:
    """The source key of a cost code's mapping: in one project, or ("*") in any.

    A stroke in a project's name stays; one in a code is written otherwise, so that the last stroke
    of a key always parts the two and 32|900 is never taken for 900.
    """
    return f"{source_project}|{code.replace('|', '%7C')}"


def description(ref: str) -> str:
    """The mark that says where to edit what we posted."""
    return f"Managed by ml-connector; edit in Zoho Books. Ref {ref}"


def vendor_label(key: str, name: str) -> str:
    return f"vendor {name or 'without a name'} (Zoho {key})"


def project_label(key: str, name: str) -> str:
    if key == NOTHING:
        return "project for lines without a project"
    return f"project {name or key}"


def code_label(code: str, name: str) -> str:
    """'account 5010 Concrete', or what a charge is called."""
    if code in CHARGES:
        return f"cost code for {CHARGES[code].lower()}"
    if code == NOTHING:
        return "cost code for lines without a cost code"
    return f"cost code for {code} {name}".strip()


def money(amount: Decimal, currency: str) -> str:
    return str(Money(amount, currency))
