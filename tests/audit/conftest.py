"""Tests of the audit commit for real: the chain is locked until a transaction ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tenants.models import Tenant
from tenants.roles import as_owner
from tenants.scope import tenant_scope
from tests.people import make_tenant


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """A tenant; its chain has one event already, its own creation."""
    return make_tenant("acme")


@contextmanager
def tampering(tenant_id: int) -> Iterator[None]:
    """What an intruder with the owner's rights could do: lift the trigger, change, put it back."""
    table = "audit_auditevent"
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        with tenant_scope(tenant_id):
            yield
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
