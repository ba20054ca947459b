"""People for tests: one of each role in a tenant, and an outsider who owns another tenant.

Real rows, made through the services. A conftest loads them by importing ``people``.
"""

from dataclasses import dataclass

import pytest

from tenants.models import Role, Tenant, User
from tenants.services import add_member, create_tenant

ACTOR = "system:tests"


@dataclass(frozen=True)
class People:
    """A tenant with a person of each role, and somebody else's tenant."""

    tenant: Tenant
    owner: User
    admin: User
    operator: User
    viewer: User
    outsider: User
    other_tenant: Tenant

    def of_role(self, role: Role) -> User:
        person: User = getattr(self, role.value)
        return person


def make_user(name: str) -> User:
    # No password: hashing one takes longer than most tests. Log in by `client.force_login`.
    return User.objects.create_user(f"{name}@example.com", name=name.title())


def make_tenant(slug: str, owner: User | None = None) -> Tenant:
    return create_tenant(name=slug.title(), slug=slug, owner=owner, actor=ACTOR)


def make_people() -> People:
    users = {role.value: make_user(role.value) for role in Role}
    tenant = make_tenant("acme", users["owner"])
    for role in Role:
        if role != Role.OWNER:
            add_member(tenant_id=tenant.pk, user=users[role.value], role=role, actor=ACTOR)
    outsider = make_user("outsider")
    return People(tenant, **users, outsider=outsider, other_tenant=make_tenant("other", outsider))


@pytest.fixture
def people(db: None) -> People:
    """Acme with a person of each role, and an outsider with a tenant of their own."""
    return make_people()
