"""Errors of the database that say nothing about the document, list or hint in hand.

It is away, or ended a statement, a wait for a lock or an idle transaction that took too long. The
whole slice stops; what was claimed comes back when the claim ends, and is tried again.
"""

from django.db import InterfaceError, InternalError, OperationalError

# InternalError: so psycopg calls a transaction that the server ended because it stood idle.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)
