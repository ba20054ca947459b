"""Vendors, accounts, taxes, currencies and closed periods as Zoho Books lists them.

List rows enter, reference rows leave: key and name, the number that people know it by, and the
attributes that evidence and mapping look at.
"""

from collections.abc import Iterable
from datetime import date

from connectors.core.days import instant_text
from connectors.core.money import plain
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.core.references import ReferenceRow

# Locks that close the purchase side: the module's own, or one for everything.
_PURCHASE_LOCKS = frozenset({"purchase", "purchases", "all"})


def modified_text(fields: Fields) -> str:
    """When Zoho last changed it, in the spelling whose texts compare like the instants."""
    instant = fields.instant("last_modified_time")
    return instant_text(instant) if instant else ""


def is_vendor(raw: Raw) -> bool:
    """Contacts are customers too; an absent type counts as a vendor, as filters are re-checked."""
    return Fields(raw, "a contact").text("contact_type", "vendor").casefold() == "vendor"


def vendor_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Zoho contact")
    key = fields.required_text("contact_id")
    return ReferenceRow(
        kind="vendor",
        key=key,
        name=fields.text("contact_name") or fields.text("vendor_name"),
        number=fields.text("contact_number"),
        active=fields.text("status", "active").casefold() == "active",
        attributes={
            "company": fields.text("company_name"),
            "emails": [fields.text("email").casefold()] if "email" in fields else [],
            "phone": fields.text("phone") or fields.text("mobile"),
            "email": fields.text("email"),
            "work_phone": fields.text("phone"),
            "city": fields.text("city"),
            "tax_number": fields.text("gst_no") or fields.text("vat_reg_no"),
            "currency": fields.text("currency_code").upper(),
            "modified": modified_text(fields),
        },
    )


def account_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Zoho account")
    return ReferenceRow(
        kind="account",
        key=fields.required_text("account_id"),
        name=fields.text("account_name"),
        number=fields.text("account_code"),
        active=fields.flag("is_active", default=True),
        attributes={"type": fields.text("account_type")},
    )


def project_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Zoho project")
    return ReferenceRow(
        kind="project",
        key=fields.required_text("project_id"),
        name=fields.text("project_name"),
        number=fields.text("project_code"),
        active=fields.text("status", "active").casefold() == "active",
        attributes={
            "customer": fields.text("customer_name"),
            "description": fields.text("description"),
            "currency": fields.text("currency_code").upper(),
            "modified": modified_text(fields),
        },
    )


def tax_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Zoho tax")
    rate = plain(fields.amount("tax_percentage"))
    return ReferenceRow(
        kind="tax",
        key=fields.required_text("tax_id"),
        name=fields.text("tax_name"),
        number=f"{rate}%",
        active=fields.text("status", "active").casefold() == "active",
        attributes={"rate": rate, "type": fields.text("tax_type")},
    )


def currency_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a Zoho currency")
    code = fields.required_text("currency_code").upper()
    return ReferenceRow(
        kind="currency",
        key=fields.required_text("currency_id"),
        name=fields.text("currency_name") or code,
        number=code,
        attributes={"base": fields.flag("is_base_currency")},
    )


def period_lock_row(locks: Iterable[Raw]) -> ReferenceRow:
    """All transaction locks as one row: the last day that is closed for purchases, or none."""
    days = [day for lock in locks if (day := _locked_until(Fields(lock, "a transaction lock")))]
    last = max(days, default=None)
    return ReferenceRow(
        kind="period_lock",
        key="purchase",
        name=f"Purchases closed to {last.isoformat()}" if last else "No closed period",
        active=last is not None,
        attributes={"locked_until": last.isoformat() if last else ""},
    )


def _locked_until(lock: Fields) -> date | None:
    status = lock.text("transaction_lock_status", "enabled").casefold()
    if not _is_for_purchases(lock) or status.startswith("disabled"):
        return None
    return lock.day("transaction_lock_date")


def _is_for_purchases(lock: Fields) -> bool:
    """Whether a lock closes the purchase side: by its module's name, or else by its scope.

    A lock whose scope is not understood is left to Zoho, which refuses what it forbids anyway.
    """
    names = (lock.text("transaction_lock_module"), lock.text("lock_scope_formatted"))
    named = {name.casefold() for name in names if name}
    return bool(named & _PURCHASE_LOCKS) if named else lock.integer("lock_scope", 0) == 0
