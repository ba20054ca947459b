"""Paths and filters of Procurify's API; several are unverified, so a tenant may replace any.

A connection's settings enter; a complete table of names leaves.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connectors.core.errors import BadInputError

# Paths end in "/". Names with a dot are range filters: _0 and _1 are put behind them.
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "order_items": "/api/v3/order-items/",
        "order_items.modified": "last_modified",
        "order_items.created": "po_created_date",
        "purchase_orders": "/api/v2/purchase_orders/purchased/all/",
        "purchase_orders.modified": "modified_date",
        "purchase_order": "/api/v2/purchase_orders/{id}/",
        "bills": "/api/v3/ap/bills/",
        "bills.modified": "last_modified_datetime",
        "bill": "/api/v2/ap/bills/{id}/",
        "vendors": "/api/v3/vendors/all/",
        "vendors_fallback": "/api/v3/vendors/",
        "account_codes": "/api/v3/account-codes/",
        "currencies": "/api/v2/currencies/",
        "departments": "/api/v3/departments/",
        "me": "/api/v3/users/me/",
    }
)


def names_for(settings: Mapping[str, Any]) -> Mapping[str, str]:
    """The defaults with the tenant's own names in their place."""
    return {**DEFAULTS, **_overrides(settings.get("overrides"))}


def _overrides(value: Any) -> dict[str, str]:
    if value in (None, ""):
        return {}
    try:
        given = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        given = None
    if not isinstance(given, Mapping):
        raise BadInputError('Other paths must be a JSON object such as {"vendors": "/api/v3/…/"}.')
    for name, text in given.items():
        if name not in DEFAULTS:
            raise BadInputError(f"{name!r} is no path or filter; there is {', '.join(DEFAULTS)}.")
        if not _fits(name, text):
            raise BadInputError(
                f"{name} cannot be {text!r}: a path starts and ends with /, a filter is one word."
            )
    return {str(name): str(text) for name, text in given.items()}


def _fits(name: str, text: Any) -> bool:
    if not isinstance(text, str):
        return False
    if "." in name:
        return text.isidentifier()
    return text.startswith("/api/") and text.endswith("/") and ".." not in text
