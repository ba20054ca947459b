"""Procore's sync calls: many rows in one write, and the fate of each row told apart.

Updates enter in any number, one result per update leaves, in their order: the record as Procore
has it now, or the error of that row. A row that the answer does not mention has an unknown fate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
    RetryLater,
    UnknownOutcomeError,
)
from connectors.core.records import Raw
from connectors.providers.procore.bodies import rows_of
from connectors.providers.procore.errors import KEY, TITLE, row_error

MAX_ROWS = 1000

Update = Mapping[str, Any]
Result = Raw | ProviderError
Send = Callable[[Sequence[Update]], Any]


def sync(send: Send, updates: Sequence[Update], size: int = MAX_ROWS) -> list[Result]:
    """One result per update. ``send`` writes one batch and returns the answer's body.

    A first batch that fails as a whole raises. A later one does not, since the rows before it are
    settled: its rows get its error, and those after it were not sent.
    """
    _check(updates)
    results: list[Result] = []
    for start in range(0, len(updates), size):
        batch = updates[start : start + size]
        try:
            results += align(batch, send(batch))
        except (ProviderError, RetryLater) as error:
            if start == 0:
                raise
            results += [_of_row(error)] * len(batch)
            results += [_not_sent()] * (len(updates) - len(results))
            break
    return results


def align(updates: Sequence[Update], body: Any) -> list[Result]:
    """Results in the order of the updates, matched by the origin id or id that each row echoes."""
    entities = _by_name(rows_of(body, "entities"))
    errors = _by_name(rows_of(body, "errors"))
    return [_result(update, entities, errors) for update in updates]


def _result(
    update: Update, entities: Mapping[str, Raw], errors: Mapping[str, Raw]
) -> Raw | ProviderError:
    names = _names(update)
    for name in names:
        if name in errors:
            return row_error(errors[name])
    for name in names:
        if name in entities:
            return entities[name]
    return UnknownOutcomeError(
        ErrorFacts(
            kind=ErrorKind.UNKNOWN_OUTCOME,
            message=f"{TITLE} answered a batch without a word about this row.",
            hint="Nothing to do yet: the record is looked up before anything is sent again.",
            provider=KEY,
        )
    )


def _by_name(rows: Sequence[Raw]) -> dict[str, Raw]:
    return {name: row for row in rows for name in _names(row)}


def _names(row: Mapping[str, Any]) -> list[str]:
    """What a row can be known by; our own reference first, since an error may echo no id."""
    return [f"{name} {row[name]}" for name in ("origin_id", "id") if row.get(name)]


def _check(updates: Sequence[Update]) -> None:
    """Rows that could not be told apart in the answer are not sent at all."""
    seen: set[str] = set()
    for update in updates:
        names = _names(update)
        if not names:
            raise BadInputError("a row of a batch needs an origin_id or an id")
        repeated = seen.intersection(names)
        if repeated:
            raise BadInputError(f"{min(repeated)} stands in a batch twice")
        seen.update(names)


def _of_row(error: ProviderError | RetryLater) -> ProviderError:
    return _not_sent(error) if isinstance(error, RetryLater) else error


def _not_sent(cause: RetryLater | None = None) -> NotSentError:
    facts = ErrorFacts(
        kind=ErrorKind.TRANSIENT,
        message=f"{TITLE} was not asked for this row, because a batch before it failed.",
        hint="Nothing to do: it is sent by itself.",
        provider=KEY,
    )
    return NotSentError(facts if cause is None else replace(facts, retry_at=cause.at))
