"""What is sent to and taken out of Zoho Books' JSON: exact numbers in, one record out.

Payloads are kept with amounts as text, so that they never pass through a float; Zoho wants numbers.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.errors import (
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.money import parse_decimal
from connectors.core.records import Raw
from connectors.providers.zoho_books.errors import KEY, TITLE

_MISSING = object()
# A discount stays a text: it may be "10%".
_NUMBERS = frozenset({"rate", "quantity", "exchange_rate", "adjustment", "amount"})


def exact_numbers(value: Any) -> Any:
    """The same body with the amounts' texts as decimals, which leave as the same digits."""
    if isinstance(value, Mapping):
        return {
            name: parse_decimal(inner, what=name)
            if name in _NUMBERS and isinstance(inner, str) and inner
            else exact_numbers(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [exact_numbers(inner) for inner in value]
    return value


def object_of(body: Any) -> Mapping[str, Any]:
    """The envelope of a read; an error where the answer is no JSON object."""
    if isinstance(body, Mapping):
        return body
    raise ProviderError(_nameless(ErrorKind.TRANSIENT, "no JSON object", "it is read again"))


def list_of(body: Any, key: str) -> list[Raw]:
    """The rows of a list without pages; what is no object among them names nothing.

    Zoho spells emptiness in several ways; an answer without the list says nothing of it.
    """
    found = object_of(body).get(key, _MISSING)
    if isinstance(found, list):
        return [row for row in found if isinstance(row, Mapping)]
    if found is None or found == "" or found == {}:
        return []
    raise ProviderError(_nameless(ErrorKind.TRANSIENT, f"no {key}", "it is read again"))


def record_of(body: Any, key: str, *, written: bool = False) -> Raw:
    """The record under its key.

    After a write its absence does not mean failure: the record is there, only its id is unknown.
    """
    found = body.get(key) if isinstance(body, Mapping) else None
    if isinstance(found, Mapping):
        return found
    if written:
        raise UnknownOutcomeError(
            _nameless(ErrorKind.UNKNOWN_OUTCOME, f"no {key}", "the record is looked up")
        )
    raise ProviderError(_nameless(ErrorKind.TRANSIENT, f"no {key}", "it is read again"))


def _nameless(kind: ErrorKind, what: str, then: str) -> ErrorFacts:
    return ErrorFacts(
        kind=kind,
        message=f"{TITLE} answered with success, but {what} was in the answer.",
        hint=f"Nothing to do: {then} by itself.",
        provider=KEY,
    )
