"""What a connection's test says of one thing that it tried to read: that it may, or why it failed.

A name and a read enter, a ``Finding`` leaves; no failure of one read ends the test of the others.
"""

from collections.abc import Callable, Iterator

from connectors.core import clock
from connectors.core.errors import ConnectorError, ErrorKind, ProviderError, RetryLater
from connectors.core.records import Page, Raw
from connectors.transport.provider import Finding

Read = Callable[[], Iterator[Page[Raw]]]


def readable(name: str, what: str, read: Read) -> Finding:
    """Whether the first page of a list can be read."""
    try:
        next(read(), None)
    except ConnectorError as error:
        return unread(name, what, error)
    return Finding(name=name, ok=True, words=f"May read {what}.")


def failed(name: str, error: ConnectorError) -> Finding:
    """What could not be found out at all, and whether only a limit stood in the way."""
    return Finding(name=name, ok=False, words=why(error), later=isinstance(error, RetryLater))


def unread(name: str, what: str, error: ConnectorError) -> Finding:
    """A read that failed; only a refusal for want of permission is called one."""
    refused = isinstance(error, ProviderError) and error.kind is ErrorKind.PERMISSION
    begin = f"May not read {what}." if refused else f"Could not read {what}."
    words = f"{begin} {why(error)}"
    return Finding(name=name, ok=False, words=words, later=isinstance(error, RetryLater))


def why(error: ConnectorError) -> str:
    """The error for a person who has asked for a test, with when to test again."""
    if not isinstance(error, RetryLater):
        return str(error)
    seconds = max(1, round((error.at - clock.now()).total_seconds()))
    return f"{error.why.rstrip('.')}. Test again in {seconds} s."
