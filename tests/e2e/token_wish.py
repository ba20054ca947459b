"""One wish for a connection's access token, as every call of a worker begins with one.

Ids enter, the version of the token leaves. Imported only where Django is set up.
"""

from django.db import connection as database

from connectors import registry
from connectors.engine import sessions
from connectors.models import Connection
from tenants.scope import tenant_scope


def wish(tenant_id: int, connection_id: int) -> int:
    try:
        with tenant_scope(tenant_id):
            row = Connection.objects.get(pk=connection_id)
        return sessions.token_source(row, registry.provider(row.provider)).token().version
    finally:
        database.close()
