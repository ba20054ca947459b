"""One fresh access token for any number of workers, and one refresh request when it runs out.

A store lends the right to refresh to one worker at a time; the others wait for its result. A new
token is stored before anybody uses it, and a worker killed in between loses its lease, not the
grant. A process remembers the stored token until shortly before its end, or until it is refused.
What a token request looks like is the provider's business.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeGuard

from connectors.core import clock
from connectors.core.errors import (
    ConnectorError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    RetryLater,
)

# Longer than a token request may take in all (see token_request), so a lease ends only with its
# holder's work or life.
LEASE_SECONDS = 15
_WAIT_FOR_OTHERS = 2.0
_POLL = 0.1
# A token this close to its end might expire on the way.
_LAST_MOMENT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What a token request brought."""

    access_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """The token that all workers share; ``version`` rises with every new one."""

    access_token: str = field(repr=False)
    expires_at: datetime
    version: int


class GrantRefusedError(ConnectorError):
    """The provider says that the grant itself is no good: only a person can help."""


class TokenStore(Protocol):
    """Where a connection's token lives, and who may replace it.

    ``save``, ``release`` and ``revoked`` compare the fence of the lease; an outdated one changes
    nothing.
    """

    def load(self) -> StoredToken | None: ...

    def lease(self, seconds: int) -> int | None:
        """A fencing number, or None while another worker holds the lease."""

    def save(self, fence: int, token: NewToken) -> bool: ...

    def release(self, fence: int) -> None: ...

    def revoked(self, fence: int, words: str) -> None:
        """Stop the connection: it needs a person, and ``words`` say why."""


class OneToken:
    """A store of one token that is never replaced, for a look before a grant is kept."""

    def __init__(self, token: NewToken) -> None:
        self._token = StoredToken(
            access_token=token.access_token, expires_at=token.expires_at, version=1
        )

    def load(self) -> StoredToken:
        return self._token

    def lease(self, seconds: int) -> int:
        return seconds

    def save(self, fence: int, token: NewToken) -> bool:
        return False

    def release(self, fence: int) -> None:
        """Nobody else waits for it."""

    def revoked(self, fence: int, words: str) -> None:
        """The connection's own grant is not concerned."""


class KeptToken:
    """The stored token of one connection in this process's memory.

    Whoever changes it in the store drops it here; other processes find out by a refusal, or when
    they open their next client.
    """

    __slots__ = ("_token",)

    def __init__(self) -> None:
        self._token: StoredToken | None = None

    def get(self) -> StoredToken | None:
        return self._token

    def keep(self, token: StoredToken | None) -> None:
        self._token = token

    def drop(self) -> None:
        self._token = None


Grant = Callable[[], NewToken]


class TokenSource:
    """Hands out a connection's token. ``margin`` is how long before its end it is replaced.

    ``kept`` is the process's memory of it; without one the source has its own.
    """

    def __init__(
        self,
        store: TokenStore,
        grant: Grant,
        *,
        margin: timedelta,
        provider: str,
        title: str,
        kept: KeptToken | None = None,
    ) -> None:
        self._store = store
        self._kept = kept or KeptToken()
        self._grant = grant
        self._margin = margin
        self._provider = provider
        self._title = title

    def token(self, force_not: int | None = None) -> StoredToken:
        """A usable token; never the one of version ``force_not``, which a provider refused.

        Raises RetryLater when the refresh takes too long or the provider wants a pause, and an
        AUTHORISATION error when the grant is gone.
        """
        kept = self._kept.get()
        if _usable(kept, force_not, self._margin):
            return kept
        # Refused, at its end, or unknown: what the store has may be newer.
        self._kept.drop()
        stored = self._stored(force_not)
        self._kept.keep(stored)
        return stored

    def _stored(self, force_not: int | None) -> StoredToken:
        """A usable token of the store, renewed where need be."""
        give_up = time.monotonic() + _WAIT_FOR_OTHERS
        while True:
            stored = self._store.load()
            if _usable(stored, force_not, self._margin):
                return stored
            fence = self._store.lease(LEASE_SECONDS)
            if fence is not None:
                return self._refresh(fence, force_not)
            if _usable(stored, force_not, _LAST_MOMENT):
                return stored
            if time.monotonic() > give_up:
                at = clock.now() + timedelta(seconds=2)
                raise RetryLater(at, f"another worker renews the access to {self._title}")
            time.sleep(_POLL)

    def _refresh(self, fence: int, force_not: int | None) -> StoredToken:
        try:
            # The holder before us may have finished between our look and our lease.
            stored = self._store.load()
            if _usable(stored, force_not, self._margin):
                return stored
            return self._renew(fence, stored, force_not)
        finally:
            self._store.release(fence)

    def _renew(self, fence: int, stored: StoredToken | None, force_not: int | None) -> StoredToken:
        try:
            new = self._grant()
        except GrantRefusedError as refused:
            return self._after_refusal(fence, force_not, str(refused))
        except (ProviderError, RetryLater):
            # The old token has some minutes left: a provider's bad moment need not stop work.
            if _usable(stored, force_not, _LAST_MOMENT):
                return stored
            raise
        self._store.save(fence, new)
        # Whether our token was stored or somebody else's: only a stored one is used.
        stored = self._store.load()
        if _usable(stored, force_not, _LAST_MOMENT):
            return stored
        raise RetryLater(clock.now(), f"the access to {self._title} was renewed elsewhere")

    def _after_refusal(self, fence: int, force_not: int | None, words: str) -> StoredToken:
        # Somebody may have reconnected while we asked with the old grant.
        stored = self._store.load()
        if _usable(stored, force_not, self._margin):
            return stored
        self._store.revoked(fence, words)
        raise ProviderError(
            ErrorFacts(
                kind=ErrorKind.AUTHORISATION,
                message=words,
                hint="An owner or admin of this tenant must reconnect the connection.",
                provider=self._provider,
            )
        )


def _usable(
    stored: StoredToken | None, force_not: int | None, margin: timedelta
) -> TypeGuard[StoredToken]:
    return (
        stored is not None
        and stored.version != force_not
        and stored.expires_at - margin > clock.now()
    )
