"""What is sent to and taken out of Procore's JSON: whole numbers as ids in, records and rows out.

Our side keeps every id as text, as tables and mappings do; Procore's v1 wants them as numbers and
amounts as text, which is how payloads have them already.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from connectors.core.days import parse_instant
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, UnknownOutcomeError
from connectors.core.records import Raw
from connectors.providers.procore.errors import KEY, TITLE

# The end of a range that is to have none; a clock that runs ahead of ours is still inside.
_EVER = "2100-01-01T00:00:00Z"


def numeric_ids(value: Any) -> Any:
    """The same body with ids as whole numbers; ``origin_id`` is a text of ours and stays one."""
    if isinstance(value, Mapping):
        return {
            name: int(inner) if _is_id(name, inner) else numeric_ids(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [numeric_ids(inner) for inner in value]
    return value


def _is_id(name: str, value: Any) -> bool:
    named = name == "id" or (name.endswith("_id") and not name.endswith("origin_id"))
    return named and isinstance(value, str) and value.isascii() and value.isdigit()


def record_of(body: Any, *, written: bool = False) -> Raw:
    """The record that an answer is.

    After a write its absence does not mean failure: the record is there, only its id is unknown.
    """
    if isinstance(body, Mapping) and body.get("id") is not None:
        return body
    if written:
        raise UnknownOutcomeError(
            _odd(ErrorKind.UNKNOWN_OUTCOME, "no record", "the record is looked up")
        )
    raise ProviderError(_odd(ErrorKind.TRANSIENT, "no record", "it is read again"))


def rows_of(body: Any, name: str) -> Sequence[Raw]:
    """The rows under a name of the answer to a write; their absence leaves its outcome unknown."""
    rows = body.get(name) if isinstance(body, Mapping) else None
    if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
        return rows
    raise UnknownOutcomeError(
        _odd(ErrorKind.UNKNOWN_OUTCOME, f"no {name}", "the records are looked up")
    )


def changed_since(since: str | None) -> str | None:
    """A filter's range from a moment (aware ISO text) on, with a second of overlap."""
    if since is None:
        return None
    start = parse_instant(since).astimezone(UTC) - timedelta(seconds=1)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}...{_EVER}"


def _odd(kind: ErrorKind, what: str, then: str) -> ErrorFacts:
    return ErrorFacts(
        kind=kind,
        message=f"{TITLE} answered with success, but with {what}.",
        hint=f"Nothing to do: {then} by itself.",
        provider=KEY,
    )
