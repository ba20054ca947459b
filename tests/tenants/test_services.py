"""Tenants, members and roles: who may do what where."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError

from audit.models import AuditEvent
from tenants.models import Member, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.services import (
    add_member,
    create_tenant,
    memberships_of,
    remove_member,
    require_role,
    role_in,
    tenant_ids,
)
from tests.people import ACTOR, make_tenant, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def actions(tenant_id: int) -> list[str]:
    with tenant_scope(tenant_id):
        return list(AuditEvent.objects.values_list("action", flat=True))


def test_a_new_tenant_has_an_owner_and_an_audit():
    anna = make_user("anna")
    tenant = create_tenant(
        name="Acme", slug="acme", time_zone="America/Chicago", owner=anna, actor=ACTOR
    )
    with tenant_scope(tenant.pk):
        assert Tenant.objects.get().zone.key == "America/Chicago"
        assert Member.objects.get().role == Role.OWNER
    assert actions(tenant.pk) == ["tenant.created", "member.added"]
    assert tenant_ids() == [tenant.pk]


def test_a_taken_short_name_is_said_though_its_owner_is_invisible():
    make_tenant("acme")
    with pytest.raises(ValidationError, match="'acme' is taken"):
        make_tenant("acme")
    assert len(tenant_ids()) == 1


@pytest.mark.parametrize("zone", ["Berlin", "America", "../etc/passwd", "", "+02:00"])
def test_a_time_zone_is_an_iana_name(zone):
    with pytest.raises(ValidationError):
        create_tenant(name="Acme", slug="acme", time_zone=zone, actor=ACTOR)


def test_memberships_are_listed_by_name_over_tenants(people):
    add_member(tenant_id=people.other_tenant.pk, user=people.owner, role=Role.VIEWER, actor=ACTOR)
    assert [(m.slug, m.role) for m in memberships_of(people.owner)] == [
        ("acme", Role.OWNER),
        ("other", Role.VIEWER),
    ]
    assert [m.slug for m in memberships_of(people.viewer)] == ["acme"]


def test_an_inactive_person_is_nowhere_a_member(people):
    people.owner.is_active = False
    assert memberships_of(people.owner) == []
    assert role_in(people.owner, people.tenant.pk) is None


@pytest.mark.parametrize("role", Role)
def test_every_role_allows_itself_and_those_below(people, role):
    ranks = [Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.OWNER]
    person, tenant_id = people.of_role(role), people.tenant.pk
    for needed in ranks[: ranks.index(role) + 1]:
        assert require_role(person, tenant_id, needed) == role
    for needed in ranks[ranks.index(role) + 1 :]:
        with pytest.raises(
            PermissionDenied, match=f"needs the role {needed.value}; yours is {role.value}"
        ):
            require_role(person, tenant_id, needed)


def test_an_outsider_has_no_role(people):
    assert role_in(people.outsider, people.tenant.pk) is None
    with pytest.raises(PermissionDenied, match="not a member"):
        require_role(people.outsider, people.tenant.pk, Role.VIEWER)


def test_a_role_changes_in_place(people):
    add_member(tenant_id=people.tenant.pk, user=people.viewer, role=Role.ADMIN, actor=ACTOR)
    assert role_in(people.viewer, people.tenant.pk) == Role.ADMIN
    assert actions(people.tenant.pk)[-1] == "member.role_changed"


def test_the_last_owner_stays(people):
    tenant_id = people.tenant.pk
    with pytest.raises(ValidationError, match="last owner"):
        remove_member(tenant_id=tenant_id, user=people.owner, actor=ACTOR)
    with pytest.raises(ValidationError, match="last owner"):
        add_member(tenant_id=tenant_id, user=people.owner, role=Role.ADMIN, actor=ACTOR)
    add_member(tenant_id=tenant_id, user=people.admin, role=Role.OWNER, actor=ACTOR)
    remove_member(tenant_id=tenant_id, user=people.owner, actor=ACTOR)
    assert role_in(people.owner, tenant_id) is None
    assert actions(tenant_id)[-1] == "member.removed"


def test_the_login_is_the_address_however_it_is_typed():
    user = User.objects.create_user(" Anna@Example.COM ", "x")
    assert user.email == "anna@example.com"
    assert User.objects.get_by_natural_key("ANNA@example.com") == user
    with pytest.raises(IntegrityError):
        User.objects.create(email="Other@Example.com")
    with pytest.raises(ValueError, match="e-mail address"):
        User.objects.create_user("")


def test_a_superuser_is_staff():
    boss = User.objects.create_superuser("boss@example.com", "x")
    assert boss.is_staff
    assert boss.is_superuser
    assert boss.get_full_name() == boss.get_short_name() == "boss@example.com"
