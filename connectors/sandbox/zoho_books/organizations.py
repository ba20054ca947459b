"""Organizations: what a user's grant opens.

Seed rows enter, the list without paging and the single record leave. The list alone needs no
organization id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import success
from connectors.sandbox.zoho_books.table import Record

DEFAULTS: Record = {
    "name": "",
    "contact_name": "",
    "email": "",
    "is_default_org": False,
    "plan_type": 130,
    "plan_name": "PROFESSIONAL",
    "plan_period": "Monthly",
    "language_code": "en",
    "fiscal_year_start_month": "january",
    "account_created_date": "2020-01-01",
    "time_zone": "America/New_York",
    "is_org_active": True,
    "currency_code": "USD",
    "currency_symbol": "$",
    "currency_format": "###,##0.00",
    "price_precision": 2,
    "tax_group_enabled": True,
}
NOT_IN_DETAIL = ("plan_type", "plan_name", "plan_period")
IN_DETAIL: Record = {
    "date_format": "yyyy-MM-dd",
    "field_separator": "-",
    "industry_type": "",
    "address": {},
    "custom_fields": [],
}
LISTED = (*DEFAULTS, "organization_id", "currency_id")


def build(seed: Mapping[str, Any]) -> Record:
    """An organization's own record."""
    return {**DEFAULTS, **seed, "organization_id": str(seed["organization_id"])}


def list_organizations(call: Call) -> web.Response:
    mine = [org for org in call.organizations.values() if call.user.belongs_to(org.id)]
    rows = [_row(org, nested=bool(call.options.get("zoho_org_settings_nested"))) for org in mine]
    return success(organizations=rows)


def _row(org: Any, *, nested: bool) -> Record:
    """A row of the list; recorded answers have ``is_org_active`` in an object of its own."""
    row = {**_public(org.record), "currency_id": _base_id(org)}
    if nested:
        row["org_settings"] = {"is_org_active": row.pop("is_org_active")}
    return row


def get_organization(call: Call) -> web.Response:
    shown = {k: v for k, v in _public(call.org.record).items() if k not in NOT_IN_DETAIL}
    return success(organization={**shown, "currency_id": _base_id(call.org), **IN_DETAIL})


def _public(record: Record) -> Record:
    return {name: record[name] for name in LISTED if name in record}


def _base_id(org: Any) -> str:
    return str(org.base_currency["currency_id"])


ROUTES = [
    Route("GET", "/organizations", "settings.READ", list_organizations, "none"),
    Route("GET", "/organizations/{organization_id}", "settings.READ", get_organization, "path"),
]
