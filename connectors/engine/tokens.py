"""The token row as the transport's token store: shared by all workers, leased to one at a time.

Every method is one short scope, so a token is committed before anybody uses it. What a process
remembers of a token is dropped here whenever the row behind it changes.
"""

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.engine import health, trail
from connectors.models import Connection, ConnectionToken, open_sealed, seal
from connectors.transport.tokens import KeptToken, NewToken, StoredToken
from tenants.scope import tenant_scope

SEALED = "sealed_token"

# By the name that the connection's envelopes have, which no other connection ever gets.
_kept: defaultdict[str, KeptToken] = defaultdict(KeptToken)


def kept_token(connection: Connection) -> KeptToken:
    """What this process remembers of the connection's token."""
    return _kept[str(connection.secret_id)]


def read_token(connection: Connection) -> StoredToken | None:
    """The token as the row has it, inside the scope; None where there is none to use."""
    row = ConnectionToken.objects.filter(connection=connection).first()
    content = open_sealed(row, SEALED) if row else {}
    if row is None or not content or row.expires_at is None:
        return None
    return StoredToken(
        access_token=content["access_token"], expires_at=row.expires_at, version=row.version
    )


class DatabaseTokenStore:
    """See ``transport.tokens.TokenStore``; the lease's end is judged by the database's clock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self) -> StoredToken | None:
        with tenant_scope(self._connection.tenant_id):
            return read_token(self._connection)

    def lease(self, seconds: int) -> int | None:
        with tenant_scope(self._connection.tenant_id):
            ConnectionToken.objects.get_or_create(connection=self._connection)
            free = Q(leased_until=None) | Q(leased_until__lte=Now())
            rows = ConnectionToken.objects.filter(free, connection=self._connection)
            until = clock.now() + timedelta(seconds=seconds)
            # One statement: of many workers that see the lease free, one changes the row.
            if not rows.update(fence=F("fence") + 1, leased_until=until):
                return None
            fence: int = ConnectionToken.objects.get(connection=self._connection).fence
            return fence

    def save(self, fence: int, token: NewToken) -> bool:
        with tenant_scope(self._connection.tenant_id):
            row = (
                ConnectionToken.objects.select_for_update()
                .filter(connection=self._connection, fence=fence)
                .first()
            )
            if row is None:
                return False
            write_token(row, token)
            trail.write([_refreshed(self._connection, row)])
        return True

    def release(self, fence: int) -> None:
        with tenant_scope(self._connection.tenant_id):
            ConnectionToken.objects.filter(connection=self._connection, fence=fence).update(
                leased_until=None
            )

    def revoked(self, fence: int, words: str) -> None:
        with tenant_scope(self._connection.tenant_id):
            held = ConnectionToken.objects.filter(connection=self._connection, fence=fence)
            ours = held.exists()
        if ours:
            kept_token(self._connection).drop()
            facts = ErrorFacts(
                kind=ErrorKind.AUTHORISATION,
                message=words,
                hint="An owner or admin of this tenant must reconnect the connection.",
                provider=self._connection.provider,
            )
            health.stop(self._connection, ProviderError(facts))


def write_token(row: ConnectionToken, token: NewToken) -> None:
    """Put a new token into its row, inside the scope."""
    seal(row, SEALED, {"access_token": token.access_token})
    row.expires_at = token.expires_at
    row.version += 1
    row.save(update_fields=[SEALED, "expires_at", "version"])


def store_token(connection: Connection, token: NewToken) -> None:
    """Keep the token that came with a grant, inside the scope; ends any refresh under way."""
    row, _ = ConnectionToken.objects.get_or_create(connection=connection)
    row = ConnectionToken.objects.select_for_update().get(pk=row.pk)
    row.fence += 1
    row.leased_until = None
    row.save(update_fields=["fence", "leased_until"])
    write_token(row, token)
    transaction.on_commit(kept_token(connection).drop)


def forget_token(connection: Connection) -> None:
    """Drop the token, inside the scope, because the credentials behind it have changed.

    The fence rises, so that a refresh under way with the old ones cannot store its token.
    """
    ConnectionToken.objects.filter(connection=connection).update(
        expires_at=None, fence=F("fence") + 1, leased_until=None
    )
    transaction.on_commit(kept_token(connection).drop)


def _refreshed(connection: Connection, row: ConnectionToken) -> trail.Event:
    return trail.Event(
        action="credential.used",
        actor=trail.WORKER,
        target_kind="connection",
        target_id=str(connection.pk),
        target_number=connection.name,
        details={"for": "a new access token", "version": row.version},
    )
