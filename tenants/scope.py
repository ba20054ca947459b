"""Whose rows the current transaction may see.

A scope is a short transaction that tells PostgreSQL which tenant it serves; row-level security
does the rest, so code that forgets a filter still sees one tenant only. This module must not know
any model.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asgiref.local import Local
from django.db import connection, transaction

from connectors.core import clock
from tenants.roles import role_names

TENANT_SETTING = "app.tenant_id"
# Names the tenant whose rows the owner is about to delete; see the trigger refuse_changes().
DELETED_SETTING = "app.deleted_tenant_id"
ROLE_SETTING = "role"


class ScopeError(RuntimeError):
    """A scope was entered, or needed, where it cannot be."""


@dataclass(frozen=True)
class _Scope:
    tenant_id: int | None = None
    platform: bool = False


_NO_SCOPE = _Scope()
# As thread-critical as Django's own connections: a scope belongs to the connection it was set on.
_state = Local(thread_critical=True)


def current_tenant_id() -> int | None:
    """Return the tenant whose scope is open here, or None. Costs no query."""
    return _current().tenant_id


def require_tenant_id() -> int:
    """Return the tenant whose scope is open here, or raise ``ScopeError``."""
    tenant_id = current_tenant_id()
    if tenant_id is None:
        raise ScopeError(
            "No tenant's scope is open here: wrap the call in tenant_scope(tenant_id)."
        )
    return tenant_id


def in_platform_scope() -> bool:
    """Say whether the code runs as the platform role, which reads all and writes nothing."""
    return _current().platform


@contextmanager
def tenant_scope(tenant_id: int | None, *, durable: bool = False) -> Iterator[None]:
    """Open a short transaction that sees and writes one tenant's rows only.

    The same tenant may be nested; another one raises, and so does None, which is what a row has
    that was made outside every scope. ``durable`` insists that leaving the scope commits, so it
    raises inside another transaction. Also usable as a decorator.
    """
    outer = _current()
    _refuse_foreign(tenant_id, outer)
    nested = connection.in_atomic_block
    with transaction.atomic(durable=durable):
        if outer.tenant_id == tenant_id:
            yield
            return
        # Inside the platform scope the role is switched as well: the platform role may not write.
        inside = {TENANT_SETTING: str(tenant_id)}
        if outer.platform:
            inside[ROLE_SETTING] = role_names().app
        with _settings(inside, restore=nested), _as_current(_Scope(tenant_id=tenant_id)):
            yield


@contextmanager
def routed_scope(function: str, *arguments: Any) -> Iterator[tuple[int, ...] | None]:
    """Open the scope of the tenant that a routing function names, in the one statement that asks.

    For doors that must answer fast. The function's first column is the tenant; yields its row, or
    None without any scope where it has none.
    """
    if _current() != _NO_SCOPE:
        raise ScopeError("A routed scope is the first one of its transaction.")
    places = ", ".join(["%s"] * len(arguments))
    asked = f"{function}({places})"  # a name from the closed list, never an input
    told = "set_config(%s, r.tenant_id::text, true), clock_timestamp()"
    query = f"SELECT r.*, {told} FROM {asked} AS r"  # noqa: S608
    with transaction.atomic(durable=False):
        with connection.cursor() as cursor:
            began = clock.steady()
            cursor.execute(query, [TENANT_SETTING, *arguments])
            row = cursor.fetchone()
        if row is None:
            yield None
            return
        clock.learn(row[-1], began, clock.steady())
        with _as_current(_Scope(tenant_id=row[0])):
            yield row[:-2]


@contextmanager
def platform_scope() -> Iterator[None]:
    """Open a short transaction as the platform role: reads every tenant, writes nothing.

    For staff pages and operators' commands. A tenant's scope may be entered inside it (to write, as
    that tenant); it may not be entered inside a tenant's scope. Also usable as a decorator.
    """
    outer = _current()
    if outer.tenant_id is not None:
        raise ScopeError(
            f"The platform scope cannot be entered inside the scope of tenant {outer.tenant_id}: "
            "leave that scope first."
        )
    nested = connection.in_atomic_block
    with transaction.atomic():
        if outer.platform:
            yield
            return
        inside = {ROLE_SETTING: role_names().platform}
        with _settings(inside, restore=nested), _as_current(_Scope(platform=True)):
            yield


def _current() -> _Scope:
    scope: _Scope = getattr(_state, "scope", _NO_SCOPE)
    return scope


def _refuse_foreign(tenant_id: int | None, outer: _Scope) -> None:
    if isinstance(tenant_id, bool) or not isinstance(tenant_id, int) or tenant_id < 1:
        raise ScopeError(f"tenant_scope() takes the id of a tenant, not {tenant_id!r}.")
    if outer.tenant_id not in (None, tenant_id):
        raise ScopeError(
            f"The scope of tenant {tenant_id} cannot be entered inside the scope of tenant "
            f"{outer.tenant_id}: leave that scope first."
        )


@contextmanager
def _as_current(scope: _Scope) -> Iterator[None]:
    outer = _current()
    _state.scope = scope
    try:
        yield
    finally:
        _state.scope = outer


@contextmanager
def _settings(inside: dict[str, str], *, restore: bool) -> Iterator[None]:
    """Set transaction-local settings, and put the old values back on leaving.

    A local setting outlives the savepoint it was made in, so an inner scope would leak into the
    outer transaction. An exception needs no restoring: the rollback to the savepoint does it. At
    the outermost level the commit does.
    """
    outside = _read_settings(inside) if restore else {}
    _write_settings(inside)
    yield
    if outside and not connection.needs_rollback:
        _write_settings(outside)


def _read_settings(names: dict[str, str]) -> dict[str, str]:
    columns = ", ".join(["COALESCE(current_setting(%s, true), '')"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", list(names))
        return dict(zip(names, cursor.fetchone(), strict=True))


def _write_settings(values: dict[str, str]) -> None:
    """Set them, and learn the database's time by the way."""
    columns = ", ".join(["set_config(%s, %s, true)"] * len(values))
    with connection.cursor() as cursor:
        asked = clock.steady()
        cursor.execute(
            f"SELECT clock_timestamp(), {columns}",
            [part for item in values.items() for part in item],
        )
        clock.learn(cursor.fetchone()[0], asked, clock.steady())


def learn_the_time() -> None:
    """Ask the database for its time, where a time is needed before any scope."""
    with connection.cursor() as cursor:
        asked = clock.steady()
        cursor.execute("SELECT clock_timestamp()")
        clock.learn(cursor.fetchone()[0], asked, clock.steady())
