"""Links with which the owner of an account authorises a connection without an account here.

A link works once and for three days; a new one ends the one before. It says nothing of the
workspace but its name and the connection's.
"""

import secrets
from datetime import timedelta

from django.core import signing

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.models import Connection
from connectors.transport.provider import ProviderSpec
from tenants.scope import tenant_scope

LASTS = timedelta(days=3)
# In the audit, for what whoever had the link did.
ACTOR = "system:link"
_SALT = "connectors.consent_link"


def make(connection: Connection, *, spec: ProviderSpec, actor: str) -> str:
    """The token of a new link; BadInputError for a provider without a consent."""
    if spec.consent is None:
        raise BadInputError(f"{spec.title} is not authorised by a link, but by its credentials.")
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        row.asked, row.asked_until = secrets.token_urlsafe(32), clock.now() + LASTS
        row.save(update_fields=["asked", "asked_until"])
        _tell("connection.link_made", row, actor)
    return token_of(row)


def token_of(connection: Connection) -> str:
    """The same as long as the link is: without the time that ``signing.dumps`` adds."""
    content = [connection.tenant_id, connection.pk, connection.asked]
    return signing.Signer(salt=_SALT).sign_object(content)


def find(token: str) -> Connection | None:
    """The connection that a link is for; None for one that was used, replaced or has ended."""
    try:
        tenant_id, connection_id, asked = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if not asked:
        return None
    with tenant_scope(tenant_id):
        rows = Connection.objects.select_related("tenant").filter(pk=connection_id, asked=asked)
        return rows.filter(asked_until__gt=clock.now()).first()


def spend(connection: Connection) -> None:
    """End the link: it has done its work."""
    with tenant_scope(connection.tenant_id):
        Connection.objects.filter(pk=connection.pk).update(asked="", asked_until=None)
        _tell("connection.link_used", connection, ACTOR)


def _tell(action: str, connection: Connection, actor: str) -> None:
    record(
        Event(
            action=action,
            actor=actor,
            target_kind="connection",
            target_id=str(connection.pk),
            target_number=connection.name,
        )
    )
