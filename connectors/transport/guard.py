"""Refuses network calls while a database transaction is open.

A call may take seconds and its outcome must be written down whatever happens next: inside a
transaction it would hold locks for that long, and a rollback would forget that it ever left.
"""

from django.db import connections

from connectors.core.errors import CallInsideTransactionError


def refuse_inside_transaction() -> None:
    """Raise CallInsideTransactionError if this thread has a transaction open, on any database."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            raise CallInsideTransactionError(
                f"A provider call was attempted inside a transaction on {connection.alias!r}. "
                "Commit first, call, then write down the outcome in a transaction of its own."
            )
