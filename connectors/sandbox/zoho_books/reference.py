"""Reference data: chart of accounts, taxes, currencies and users.

Seed rows enter through the builders, list rows and single records leave. The API side is read-only
but for accounts, which it can create.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec, answer_list
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO

PRECISIONS = {"JPY": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$"}
ACCOUNT_TYPES = frozenset(
    {
        "other_asset",
        "other_current_asset",
        "cash",
        "bank",
        "fixed_asset",
        "stock",
        "accounts_receivable",
        "other_current_liability",
        "credit_card",
        "long_term_liability",
        "other_liability",
        "accounts_payable",
        "equity",
        "income",
        "other_income",
        "expense",
        "cost_of_goods_sold",
        "other_expense",
    }
)
ALL_ACCOUNTS = 5000


def account(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """An account of the chart."""
    before = old or {}
    name = fields.text(body, "account_name", before.get("account_name", ""))
    if not name:
        raise missing("account_name")
    account_type = fields.text(body, "account_type", before.get("account_type", ""))
    if account_type not in ACCOUNT_TYPES:
        raise invalid("account_type")
    return {
        "account_id": before.get("account_id") or org.next_id(),
        "account_name": name,
        "account_code": fields.text(body, "account_code", before.get("account_code", "")),
        "account_type": account_type,
        "description": fields.text(body, "description", before.get("description", "")),
        "is_active": fields.flag(body, "is_active", before.get("is_active", True)),
        "is_user_created": True,
        "is_system_account": False,
        "parent_account_id": fields.text(
            body, "parent_account_id", before.get("parent_account_id", "")
        ),
        "depth": 0,
    }


def tax(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A tax rate."""
    before = old or {}
    percentage = fields.number(body, "tax_percentage", before.get("tax_percentage", ZERO))
    return {
        "tax_id": before.get("tax_id") or org.next_id(),
        "tax_name": fields.text(body, "tax_name", before.get("tax_name", "")),
        "tax_percentage": percentage,
        "tax_type": fields.text(body, "tax_type", before.get("tax_type", "tax")),
        "status": fields.text(body, "status", before.get("status", "Active")),
        "is_default_tax": fields.flag(body, "is_default_tax", before.get("is_default_tax", False)),
        "is_editable": True,
        "is_value_added": False,
    }


def currency(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A currency with its rate to the base currency."""
    before = old or {}
    code = fields.text(body, "currency_code", before.get("currency_code", ""))
    precision = Decimal(before.get("price_precision", PRECISIONS.get(code, 2)))
    return {
        "currency_id": before.get("currency_id") or org.next_id(),
        "currency_code": code,
        "currency_name": f"{code}- {code}",
        "currency_symbol": SYMBOLS.get(code, code),
        "price_precision": int(fields.number(body, "price_precision", precision)),
        "currency_format": "1,234,567.89",
        "is_base_currency": code == org.record["currency_code"],
        "exchange_rate": fields.number(
            body, "exchange_rate", before.get("exchange_rate", Decimal(1))
        ),
        "effective_date": "",
    }


def user(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A user of the organization."""
    before = old or {}
    return {
        "user_id": before.get("user_id") or org.next_id(),
        "name": fields.text(body, "name", before.get("name", "")),
        "email": fields.text(body, "email", before.get("email", "")),
        "user_role": fields.text(body, "user_role", before.get("user_role", "admin")),
        "user_type": "zoho",
        "status": fields.text(body, "status", before.get("status", "active")),
        "is_current_user": False,
    }


BUILDERS = {"chartofaccounts": account, "taxes": tax, "currencies": currency, "users": user}
IN_USE_FIELDS = {"chartofaccounts": "account_id", "taxes": "tax_id"}


def delete(org: Organization, kind: str, record_id: str) -> None:
    """Remove a reference record that no document line uses."""
    field = IN_USE_FIELDS.get(kind)
    documents = (*org["bills"].records(), *org["purchaseorders"].records()) if field else ()
    if any(line[field] == record_id for one in documents for line in one["line_items"]):
        raise ZohoError("in_use", "The record is used in transactions and cannot be deleted.")
    org[kind].remove(record_id)


def _plain_row(org: Organization, record: Record) -> Record:
    return record


ACCOUNTS = ListSpec(
    kind="chartofaccounts",
    key="chartofaccounts",
    report_name="ChartOfAccounts",
    row=_plain_row,
    default_sort="account_type",
    texts=("account_name", "account_code"),
    exact=("account_id",),
    sorts=("account_name", "account_code", "last_modified_time"),
    searched=("account_name", "account_code"),
    modified_filter=True,
    default_filter="AccountType.Active",
    filters={
        "AccountType.All": lambda one: True,
        "AccountType.Active": lambda one: one["is_active"],
        "AccountType.Inactive": lambda one: not one["is_active"],
    },
    per_page=ALL_ACCOUNTS,
)
TAXES = ListSpec(
    kind="taxes",
    key="taxes",
    report_name="Taxes",
    row=_plain_row,
    default_sort="tax_name",
    default_filter="Taxes.Active",
    filters={"Taxes.Active": lambda one: one["status"] == "Active"},
)
CURRENCIES = ListSpec(
    kind="currencies",
    key="currencies",
    report_name="Currencies",
    row=_plain_row,
    default_sort="currency_code",
    sortable=False,
    filters={"Currencies.ExcludeBaseCurrency": lambda one: not one["is_base_currency"]},
)
USERS = ListSpec(
    kind="users",
    key="users",
    report_name="Users",
    row=_plain_row,
    default_sort="name",
    filters={
        "Status.All": lambda one: True,
        "Status.Active": lambda one: one["status"] == "active",
        "Status.Inactive": lambda one: one["status"] == "inactive",
    },
)


def _found(call: Call, kind: str, param: str, entity: str) -> Record:
    record = call.org[kind].get(call.path[param])
    if record is None:
        raise not_found(entity, int(call.options.get("zoho_not_found_status", 404)))
    return record


def list_accounts(call: Call) -> web.Response:
    # Without a filter Zoho lists active accounts only, and it answers so explicitly.
    query = {"filter_by": ACCOUNTS.default_filter, **call.query}
    return answer_list(call.org, ACCOUNTS, query)


def get_account(call: Call) -> web.Response:
    return success(chart_of_account=_found(call, "chartofaccounts", "account_id", "Account"))


def create_account(call: Call) -> web.Response:
    record = call.org.save("chartofaccounts", account(call.org, call.body, None))
    location = f"/api/v3/chartofaccounts/{record['account_id']}"
    return created("The account has been created.", location, chart_of_account=record)


def list_taxes(call: Call) -> web.Response:
    query = {"filter_by": TAXES.default_filter}
    query |= {name: call.query[name] for name in ("page", "per_page") if name in call.query}
    return answer_list(call.org, TAXES, query)


def get_tax(call: Call) -> web.Response:
    return success(tax=_found(call, "taxes", "tax_id", "Tax"))


def list_currencies(call: Call) -> web.Response:
    return answer_list(call.org, CURRENCIES, call.query)


def get_currency(call: Call) -> web.Response:
    return success(currency=_found(call, "currencies", "currency_id", "Currency"))


def list_users(call: Call) -> web.Response:
    spec = replace(USERS, row=lambda org, one: {**one, "is_current_user": _is_me(call, one)})
    return answer_list(call.org, spec, call.query)


def get_me(call: Call) -> web.Response:
    mine = next((one for one in call.org["users"].records() if _is_me(call, one)), None)
    if mine is None:
        raise not_found("User")
    return success(user={**mine, "is_current_user": True})


def _is_me(call: Call, record: Record) -> bool:
    return bool(record["user_id"] == call.user.id)


ROUTES = [
    Route("GET", "/chartofaccounts", "accountants.READ", list_accounts),
    Route("POST", "/chartofaccounts", "accountants.CREATE", create_account),
    Route("GET", "/chartofaccounts/{account_id}", "accountants.READ", get_account),
    Route("GET", "/settings/taxes", "settings.READ", list_taxes),
    Route("GET", "/settings/taxes/{tax_id}", "settings.READ", get_tax),
    Route("GET", "/settings/currencies", "settings.READ", list_currencies),
    Route("GET", "/settings/currencies/{currency_id}", "settings.READ", get_currency),
    Route("GET", "/users", "settings.READ", list_users),
    Route("GET", "/users/me", "settings.READ", get_me),
]
