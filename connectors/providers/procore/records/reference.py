"""Vendors, projects, cost codes and WBS codes as Procore lists them.

List rows enter, reference rows leave: key and name, the number that people know it by, and the
attributes that evidence and mapping look at.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.core.references import ReferenceRow

_ISO_CODE = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCode:
    """A cost code of a project; ``full_code`` has the parents' codes in front."""

    key: str
    project_id: str
    code: str
    full_code: str
    name: str
    parent_id: str
    budgeted: bool
    active: bool


def vendor_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Procore vendor")
    return ReferenceRow(
        kind="vendor",
        key=fields.required_text("id"),
        name=fields.text("name"),
        number=fields.text("abbreviated_name") or fields.text("origin_code"),
        active=fields.flag("is_active", default=True) and "deleted_at" not in fields,
        attributes={
            "company": fields.text("legal_name") or fields.text("trade_name"),
            "emails": [fields.text("email_address").casefold()]
            if "email_address" in fields
            else [],
            "phone": fields.text("business_phone") or fields.text("mobile_phone"),
            "email_address": fields.text("email_address"),
            "business_phone": fields.text("business_phone"),
            "address": fields.text("address"),
            "city": fields.text("city"),
            "zip": fields.text("zip"),
            "state": fields.text("state_code"),
            "country": fields.text("country_code"),
            "origin_id": fields.text("origin_id"),
            "modified": _modified(fields),
        },
    )


def project_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Procore project")
    return ReferenceRow(
        kind="project",
        key=fields.required_text("id"),
        name=fields.text("display_name") or fields.text("name"),
        number=fields.text("project_number"),
        active=fields.flag("active", default=True),
        attributes={
            "city": fields.text("city"),
            "stage": fields.text("stage"),
            "origin_id": fields.text("origin_id"),
            "modified": _modified(fields),
        },
    )


def currency_of(raw: Any) -> str:
    """The currency of a configuration, by itself or inside another record; empty without one.

    Its shape is not published for every record: what cannot be understood names no currency.
    """
    if isinstance(raw, list):
        return currency_of(raw[0]) if len(raw) == 1 else ""
    if isinstance(raw, Mapping):
        inner = (raw.get(name) for name in ("currency_configuration", "data", "currency_iso_code"))
        return next(filter(None, map(currency_of, inner)), "")
    code = raw.strip().upper() if isinstance(raw, str) else ""
    return code if _ISO_CODE.fullmatch(code) else ""


def names_no_currency(raw: Any) -> bool:
    """Whether a configuration says that it has none: its field is there and empty.

    Any other shape without a currency says nothing, and is not taken for the company's own.
    """
    if isinstance(raw, list):
        return len(raw) == 1 and names_no_currency(raw[0])
    if not isinstance(raw, Mapping):
        return False
    if "currency_iso_code" in raw:
        return raw["currency_iso_code"] in (None, "")
    return any(names_no_currency(raw.get(name)) for name in ("currency_configuration", "data"))


def uom_row(raw: Raw) -> ReferenceRow:
    """A unit of measure. Lines name it by its name, so that is what it is known by."""
    fields = Fields(raw, "a Procore unit of measure")
    name = fields.required_text("name")
    return ReferenceRow(kind="unit", key=name, name=fields.text("description") or name, number=name)


def wbs_code_key(project_id: str, wbs_code_id: str) -> str:
    """A WBS code's key: its id alone would not say of which project it is."""
    return f"{project_id}:{wbs_code_id}"


def wbs_code_row(raw: Raw, project_id: str, budgeted: Collection[str]) -> ReferenceRow:
    """A WBS code; ``budgeted`` are the ids that the project's budget has a line for."""
    fields = Fields(raw, f"a WBS code of Procore project {project_id}")
    wbs_code_id = fields.required_text("id")
    status = fields.text("status", "active").casefold()
    return ReferenceRow(
        kind="cost_code",
        key=wbs_code_key(project_id, wbs_code_id),
        name=fields.text("description") or fields.text("flat_name"),
        number=fields.required_text("flat_code"),
        active=status == "active",
        attributes={
            "project_id": project_id,
            "wbs_code_id": wbs_code_id,
            "status": status,
            "budgeted": wbs_code_id in budgeted,
            "flat_name": fields.text("flat_name"),
            "modified": _modified(fields),
            **_segments(fields),
        },
    )


def _segments(code: Fields) -> dict[str, str]:
    """The whole cost code and the cost type that a WBS code consists of.

    Both empty for one of other segments too (a sub job, say), nothing where Procore does not say.
    """
    if not isinstance(code.raw.get("segment_items"), list):
        return {}
    found: dict[str, str] = {}
    for item in code.objects("segment_items"):
        segment = item.object("segment") or item
        kind = segment.text("type")
        if item.text("segment_item_id") or item.text("id"):
            found[kind] = item.text("path_code") or item.text("code")
    cost_code, cost_type = found.pop("cost_code", ""), found.pop("line_item_type", "")
    if found or not _whole(code.text("flat_code"), cost_code, cost_type):
        cost_code = cost_type = ""
    return {"cost_code": cost_code, "cost_type": cost_type}


def _whole(flat: str, cost_code: str, cost_type: str) -> bool:
    """Whether both make the flat code, with one sign of the company's choice between them."""
    if not cost_type:
        return flat == cost_code
    between = flat.removeprefix(cost_code).removesuffix(cost_type)
    return flat == f"{cost_code}{between}{cost_type}" and len(between) == 1


def parse_cost_code(raw: Raw, project_id: str) -> CostCode:
    key = Fields(raw, "a Procore cost code").required_text("id")
    fields = Fields(raw, f"Procore cost code {raw.get('full_code') or key}")
    code = fields.required_text("code")
    return CostCode(
        key=key,
        project_id=project_id,
        code=code,
        full_code=fields.text("full_code") or code,
        name=fields.text("name"),
        parent_id=fields.id_of("parent"),
        budgeted=fields.flag("budgeted"),
        active="deleted_at" not in fields,
    )


def cost_code_row(raw: Raw, project_id: str) -> ReferenceRow:
    """A cost code without a cost type, for lists that set both sides beside each other.

    Its key cannot be taken for a WBS code's, which is what commitments are mapped to.
    """
    found = parse_cost_code(raw, project_id)
    return ReferenceRow(
        kind="cost_code",
        key=f"{project_id}:cost_code:{found.key}",
        name=found.name,
        number=found.full_code,
        active=found.active,
        attributes={
            "project_id": project_id,
            "cost_code_id": found.key,
            "parent_id": found.parent_id,
            "budgeted": found.budgeted,
        },
    )


def _modified(fields: Fields) -> str:
    """When Procore last changed it, in the spelling whose texts compare like the instants."""
    try:
        instant = fields.instant("updated_at")
    except BadInputError:
        # Its time only saves us reading it again.
        return ""
    return instant_text(instant) if instant else ""
