"""What a scope shows, what it refuses, and that nothing of it is left when it ends."""

import pytest
from django.db import ProgrammingError, connection, transaction

from tenants.models import Member, Tenant
from tenants.roles import as_owner, role_names
from tenants.scope import (
    ScopeError,
    current_tenant_id,
    in_platform_scope,
    platform_scope,
    require_tenant_id,
    tenant_scope,
)
from tests.people import make_tenant, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenants() -> tuple[int, int]:
    return make_tenant("acme", make_user("anna")).pk, make_tenant("zeta", make_user("zoe")).pk


def visible() -> set[int]:
    return set(Tenant.objects.values_list("pk", flat=True))


def database_scope() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(current_setting('app.tenant_id', true), ''), current_user")
        return cursor.fetchone()


def fail_after(_done: object) -> None:
    raise ZeroDivisionError


def test_without_a_scope_nothing_is_seen(tenants):
    assert visible() == set()
    assert current_tenant_id() is None


def test_a_scope_sees_its_tenant_only(tenants):
    acme, zeta = tenants
    for tenant_id in (acme, zeta):
        with tenant_scope(tenant_id):
            assert visible() == {tenant_id}
            assert current_tenant_id() == tenant_id
    assert visible() == set()


def test_the_same_tenant_may_be_nested(tenants):
    acme, _ = tenants
    with tenant_scope(acme), tenant_scope(acme):
        assert visible() == {acme}


def test_an_inner_failure_undoes_only_the_inner_part(tenants):
    acme, _ = tenants
    with tenant_scope(acme):
        Tenant.objects.update(name="outer")
        with pytest.raises(ZeroDivisionError), tenant_scope(acme):
            fail_after(Tenant.objects.update(name="inner"))
        assert Tenant.objects.get().name == "outer"


def test_another_tenant_inside_raises_and_the_scope_goes_on(tenants):
    acme, zeta = tenants
    with tenant_scope(acme):
        with pytest.raises(ScopeError, match=f"tenant {zeta} cannot be entered inside .* {acme}"):
            tenant_scope(zeta).__enter__()
        assert visible() == {acme}


@pytest.mark.parametrize("wrong", [None, 0, -1, "7", True, 1.0])
def test_only_a_tenants_id_opens_a_scope(wrong):
    with pytest.raises(ScopeError, match="takes the id of a tenant"):
        tenant_scope(wrong).__enter__()


def test_a_scope_does_not_leak_into_the_transaction_around_it(tenants):
    """A local setting survives the release of its savepoint, so the scope must take it back."""
    acme, zeta = tenants
    with transaction.atomic():
        with tenant_scope(acme):
            assert visible() == {acme}
        assert visible() == set()
        with tenant_scope(zeta):
            assert visible() == {zeta}


def test_a_failing_scope_does_not_leak_either(tenants):
    acme, _ = tenants
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), tenant_scope(acme):
            raise ZeroDivisionError
        assert visible() == set()
        assert current_tenant_id() is None


def test_a_scope_marked_for_rollback_ends_quietly(tenants):
    acme, _ = tenants
    with transaction.atomic():
        with tenant_scope(acme):
            Tenant.objects.update(name="never")
            transaction.set_rollback(True)
        assert visible() == set()
    with tenant_scope(acme):
        assert Tenant.objects.get().name == "Acme"


def test_a_durable_scope_refuses_to_be_nested(tenants):
    acme, _ = tenants
    with tenant_scope(acme), pytest.raises(RuntimeError, match="durable"):
        tenant_scope(acme, durable=True).__enter__()


def test_a_scope_is_left_behind_when_its_commit_fails(tenants):
    acme, zeta = tenants
    with pytest.raises(ProgrammingError), tenant_scope(acme):
        Member.objects.update(tenant_id=zeta)
    assert current_tenant_id() is None
    assert visible() == set()


def test_scopes_work_as_decorators(tenants):
    acme, _ = tenants

    @tenant_scope(acme)
    def scoped() -> set[int]:
        return visible()

    @platform_scope()
    def everything() -> set[int]:
        return visible()

    assert scoped() == scoped() == {acme}
    assert everything() == set(tenants)


def test_the_platform_sees_everything_and_writes_nothing(tenants):
    with platform_scope():
        assert in_platform_scope()
        assert visible() == set(tenants)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Tenant.objects.update(name="everyone")
    assert not in_platform_scope()
    assert database_scope() == ("", role_names().app)


def test_a_tenants_scope_inside_the_platforms_writes_as_that_tenant(tenants):
    acme, _ = tenants
    with platform_scope():
        with tenant_scope(acme):
            assert visible() == {acme}
            assert database_scope() == (str(acme), role_names().app)
            Tenant.objects.update(name="renamed")
        assert visible() == set(tenants)
        assert database_scope() == ("", role_names().platform)
        assert set(Tenant.objects.values_list("name", flat=True)) == {"renamed", "Zeta"}


def test_the_platforms_scope_inside_a_tenants_raises(tenants):
    acme, _ = tenants
    with tenant_scope(acme), pytest.raises(ScopeError, match="cannot be entered inside"):
        platform_scope().__enter__()


def test_the_platforms_scope_may_be_nested_and_does_not_leak(tenants):
    with transaction.atomic():
        with platform_scope(), platform_scope():
            assert visible() == set(tenants)
        assert visible() == set()
        assert database_scope() == ("", role_names().app)


def test_require_tenant_id_says_what_to_do(tenants):
    with pytest.raises(ScopeError, match="wrap the call in tenant_scope"):
        require_tenant_id()
    with tenant_scope(tenants[0]):
        assert require_tenant_id() == tenants[0]


def test_the_tenant_of_a_new_row_is_the_scopes(tenants):
    acme, _ = tenants
    user = make_user("max")
    with tenant_scope(acme):
        member = Member.objects.create(user=user, role="viewer")
    assert member.tenant_id == acme


def test_the_owner_is_bound_too_and_comes_back_as_app(tenants):
    acme, _ = tenants
    with as_owner():
        assert database_scope() == ("", role_names().owner)
        assert visible() == set()
        with platform_scope():
            assert visible() == set(tenants)
        with tenant_scope(acme):
            assert visible() == {acme}
    assert database_scope() == ("", role_names().app)


def test_as_owner_refuses_an_open_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError, match="cannot be used inside"):
        as_owner().__enter__()
