"""Zoho's refusals: a name, a sentence, an HTTP status and the number that the body carries.

Numbers that no public source settles are guesses; the option ``zoho_error_codes`` (name to number)
replaces any of them, so that no client can come to rely on a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NUMBERS: dict[str, int] = {
    "invalid_value": 2,
    "invalid_url": 5,
    "not_authenticated": 14,
    "too_long": 15,
    "method_not_allowed": 37,
    "per_minute": 44,
    "daily": 45,
    "not_authorised": 57,
    "internal": 1000,
    "not_found": 1002,
    "concurrency": 1070,
    "duplicate_contact": 3062,
    "wrong_organization": 6041,
    "trial_over": 103001,
    # Guesses from here on.
    "missing_field": 4,
    "in_use": 3000,
    "duplicate_purchaseorder": 36004,
    "duplicate_bill": 36026,
    "below_billed": 36014,
    "wrong_status": 36017,
    "not_of_this_order": 36021,
    "period_locked": 37035,
    "duplicate_custom_field": 3065,
    "over_applied": 24016,
    "has_payments": 23006,
    "wrong_currency": 37100,
}


class ZohoError(Exception):
    """A refusal by the API."""

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = status

    def body(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The body that Zoho sends."""
        number = options.get("zoho_error_codes", {}).get(self.name, NUMBERS[self.name])
        return {"code": number, "message": self.message}


def invalid(field: str) -> ZohoError:
    """A value of the wrong type, form or length."""
    return ZohoError("invalid_value", f"Invalid value passed for {field}")


def too_long(field: str, limit: int) -> ZohoError:
    """A text with more characters than the field takes, in Zoho's own words."""
    name = field.replace("_", " ")
    return ZohoError("too_long", f"Please ensure that the {name} has less than {limit} characters.")


def missing(field: str) -> ZohoError:
    """A required value that was not sent."""
    return ZohoError("missing_field", f"Please enter a value for {field}.")


def not_found(entity: str, status: int = 404) -> ZohoError:
    """An id that this organization does not have."""
    return ZohoError("not_found", f"{entity} does not exist.", status)
