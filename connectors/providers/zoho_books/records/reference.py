"""Vendors, accounts, taxes, currencies and closed periods as Zoho Books lists them.

List rows enter, reference rows leave: key and name, the number that people know it by, and the
attributes that evidence and mapping look at.
"""

from collections.abc import Iterable
from datetime import date

from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.money import plain
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.core.references import ReferenceRow

# Locks that close the purchase side: the module's own, or one for everything. The scope of a lock
# is said by number: 0 is published as all, 2 is purchases in the order of the published modules.
_PURCHASE_LOCKS = frozenset({"purchase", "all"})
_PURCHASE_SCOPES = frozenset({0, 2})


def modified_text(fields: Fields) -> str:
    """When Zoho last changed it, in the spelling whose texts compare like the instants."""
    try:
        instant = fields.instant("last_modified_time")
    except BadInputError:
        # Its time only saves us reading it again.
        return ""
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
    digits = fields.optional_number("price_precision")
    return ReferenceRow(
        kind="currency",
        key=fields.required_text("currency_id"),
        name=fields.text("currency_name") or code,
        number=code,
        attributes={"base": fields.flag("is_base_currency")}
        | ({} if digits is None else {"digits": int(digits)}),
    )


def period_lock_row(locks: Iterable[Raw]) -> ReferenceRow:
    """All transaction locks as one row: the last day that is closed for purchases, or none."""
    read = [Fields(lock, "a transaction lock") for lock in locks]
    last = max((day for lock in read if (day := _locked_until(lock))), default=None)
    return ReferenceRow(
        kind="period_lock",
        key="purchase",
        name=f"Purchases closed to {last.isoformat()}" if last else "No closed period",
        active=last is not None,
        attributes={"locked_until": last.isoformat() if last else ""},
    )


def undated_locks(locks: Iterable[Raw]) -> tuple[str, ...]:
    """Words for locks of purchases that do not say up to which day: Zoho decides by them."""
    return tuple(
        f"A transaction lock names no day, so that Zoho Books alone knows what is closed: {lock!r}"
        for lock in locks
        if _closes(fields := Fields(lock, "a transaction lock")) and _locked_until(fields) is None
    )


def _closes(lock: Fields) -> bool:
    status = lock.text("transaction_lock_status", "enabled").casefold()
    stands = lock.text("lock_status", "locked").casefold() == "locked"
    return status != "disabled" and stands and _is_for_purchases(lock) and not _spares_some(lock)


def _locked_until(lock: Fields) -> date | None:
    return lock.day("transaction_lock_date") if _closes(lock) else None


def _is_for_purchases(lock: Fields) -> bool:
    """Whether a lock closes the purchase side, by its coded fields: its words are in the language
    of the organisation. What is not understood is left to Zoho, which refuses what it forbids.
    """
    if "transaction_lock_module" in lock:
        return lock.text("transaction_lock_module").casefold() in _PURCHASE_LOCKS
    return "lock_scope" in lock and lock.integer("lock_scope") in _PURCHASE_SCOPES


def _spares_some(lock: Fields) -> bool:
    """Whether users or accounts are exempted: ours may be among them, so Zoho decides."""
    counts = ("user_exceptions_count", "account_exceptions_count")
    return any(lock.amount(name) for name in counts)
