"""What Parcelbook means by its errors, and who can do something about each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import ErrorKind
from connectors.transport.error_table import ErrorTable, Rule

KEY = "parcelbook"
TITLE = "Parcelbook"

RULES: tuple[Rule, ...] = (
    Rule(
        kind=ErrorKind.SUSPENDED,
        codes=frozenset({"house_closed"}),
        wait=timedelta(hours=1),
        hint="Parcelbook closed the house: its owner must ask Parcelbook to open it again.",
    ),
    Rule(
        kind=ErrorKind.REJECTED,
        statuses=frozenset({409}),
        codes=frozenset({"reference_taken"}),
        hint="Nothing to do: what stands there under our reference is compared first.",
    ),
)


def read_error(body: Any) -> tuple[str, str]:
    """Code and sentence of ``{"error": {"code": …, "message": …}}``."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")


TABLE = ErrorTable(provider=KEY, title=TITLE, rules=RULES, read=read_error)
