"""Which tenant, integration, run and document the current code works for, as log lines show it.

Ids go in around a piece of work and are gone after it, exceptions included. Only logging reads
them: code that needs an id takes it as an argument.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, object] = MappingProxyType({})
_ids: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=_NOTHING)


@contextmanager
def log_context(**ids: object) -> Iterator[None]:
    """Add ids, such as `tenant=7, run=31`, to every log line until the block ends."""
    token = _ids.set(MappingProxyType({**_ids.get(), **ids}))
    try:
        yield
    finally:
        _ids.reset(token)


def current() -> Mapping[str, object]:
    """The ids in scope, outermost first."""
    return _ids.get()
