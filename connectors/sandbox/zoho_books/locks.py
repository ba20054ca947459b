"""Transaction locks: up to which day a part of the books is closed.

Bills and vendor payments dated on or before the purchase lock can be neither made, changed nor
deleted. Purchase orders post nothing, so they stay open unless ``zoho_lock_purchaseorders`` says
otherwise. The message and number of Zoho's refusal are not public; both are options.
"""

from __future__ import annotations

from datetime import date

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import success
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record

SCOPES = {"all": 0, "sales": 1, "purchase": 2, "accountant": 3, "banking": 4}
NAMES = {"all": "All", "sales": "Sales", "purchase": "Purchases"}
NAMES |= {"banking": "Banking", "accountant": "Accountant"}
MESSAGE = (
    "Transactions dated on or before {date} are locked. You cannot create, edit or delete them."
)


# By option: other numbers of scopes than those guessed here (only 0, all, is published), and how
# the organisation's language says them, both by module.
SCOPES_IN, WORDS_IN = "zoho_lock_scopes", "zoho_lock_words"


def refuse_locked(org: Organization, *days: str) -> None:
    """Refuse a purchase transaction of a closed day, its old or its new one."""
    for module in ("all", "purchase"):
        lock = org.locks.get(module)
        if lock and any(_closed(org, lock, day) for day in days):
            message = org.options.get("zoho_locked_message", MESSAGE)
            raise ZohoError("period_locked", message.format(date=lock["transaction_lock_date"]))


def _closed(org: Organization, lock: Record, day: str) -> bool:
    """The lock's own day is closed in one document of Zoho's and open in another."""
    last = lock["transaction_lock_date"]
    own_day_open = org.options.get("zoho_lock_date_open", False)
    return bool(day) and (day < last or (day == last and not own_day_open))


def set_lock(org: Organization, module: str, day: str, reason: str = "") -> Record:
    """Close a module up to a day; an empty day opens it."""
    if module not in SCOPES:
        raise invalid("transaction_lock_module")
    if not day:
        return org.locks.pop(module, {})
    lock = {
        "transaction_lock_id": org.next_id(),
        "accounting_period_id": "",
        "transaction_lock_status": "enabled",
        "transaction_lock_date": date.fromisoformat(day).isoformat(),
        "lock_status": "locked",
        "lock_status_formatted": "Locked",
        "lock_scope": {**SCOPES, **org.options.get(SCOPES_IN, {})}[module],
        "lock_scope_formatted": {**NAMES, **org.options.get(WORDS_IN, {})}[module],
        "reason": reason,
        "user_exceptions": [],
        "user_exceptions_count": 0,
        "account_exceptions": [],
        "account_exceptions_count": 0,
    }
    org.locks[module] = lock
    return lock


def list_locks(call: Call) -> web.Response:
    rows = list(call.org.locks.values())
    context = {
        "page": 1,
        "per_page": 200,
        "has_more_page": False,
        "applied_filter": "Status.All",
        "sort_column": "start_date",
        "sort_order": "D",
    }
    return success(transaction_locks=rows, page_context=context)


def put_lock(call: Call) -> web.Response:
    module = fields.text(call.body, "transaction_lock_module", "all")
    status = fields.text(call.body, "transaction_lock_status", "enabled")
    day = fields.day(call.body, "transaction_lock_date")
    if status != "disabled" and not day:
        raise missing("transaction_lock_date")
    day = "" if status == "disabled" else day
    lock = set_lock(call.org, module, day, fields.text(call.body, "reason"))
    return success("The transaction lock has been updated.", transaction_lock=lock)


ROUTES = [
    Route("GET", "/transactionlocks", "accountants.READ", list_locks),
    Route("PUT", "/transactionlock", "accountants.UPDATE", put_lock),
]
