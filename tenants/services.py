"""Use cases around tenants and members: make a tenant, add a member, ask who may do what where.

Each enters the scope it needs by itself, and writes its audit event in the same transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from audit.services import Event, record
from tenants.locales import DEFAULT
from tenants.models import Member, Role, Tenant, User
from tenants.routing import route
from tenants.scope import platform_scope, tenant_scope


@dataclass(frozen=True)
class Membership:
    """One tenant of a person, and what the person may do there."""

    tenant_id: int
    slug: str
    name: str
    role: Role
    time_zone: str
    locale: str = DEFAULT
    base_currency: str = ""


def create_tenant(
    *,
    name: str,
    slug: str,
    actor: str,
    time_zone: str = "UTC",
    alert_email: str = "",
    base_currency: str = "",
    owner: User | None = None,
) -> Tenant:
    """Create a tenant, with its first owner if one is given; ValidationError if it cannot be."""
    tenant = Tenant(
        id=_next_tenant_id(),
        name=name,
        slug=slug,
        time_zone=time_zone,
        alert_email=alert_email,
        base_currency=base_currency,
    )
    # Other tenants' slugs are invisible from here: only the database can say that one is taken.
    tenant.full_clean(exclude=["id"], validate_unique=False)
    with tenant_scope(tenant.pk):
        _insert_tenant(tenant)
        record(Event(action="tenant.created", actor=actor, details={"name": name, "slug": slug}))
        if owner is not None:
            add_member(tenant_id=tenant.pk, user=owner, role=Role.OWNER, actor=actor)
    return tenant


def change_tenant(
    *,
    tenant_id: int,
    name: str,
    time_zone: str,
    alert_email: str,
    actor: str,
    locale: str | None = None,
    base_currency: str | None = None,
) -> Tenant:
    """Change what people set of a tenant; ValidationError if it cannot be.

    Locale and base currency stay where they are not given.
    """
    wanted = {"name": name, "time_zone": time_zone, "alert_email": alert_email}
    given = {"locale": locale, "base_currency": base_currency}
    wanted |= {field: value for field, value in given.items() if value is not None}
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
        before = {field: getattr(tenant, field) for field in wanted}
        for field, value in wanted.items():
            setattr(tenant, field, value)
        tenant.full_clean(validate_unique=False)
        tenant.save(update_fields=list(wanted))
        details = {f: [before[f], new] for f, new in wanted.items() if before[f] != new}
        if details:
            record(Event(action="tenant.changed", actor=actor, details=details))
    return tenant


def add_member(*, tenant_id: int, user: User, role: Role, actor: str) -> Member:
    """Give a person a place in a tenant, or another role in it. The last owner stays one."""
    with tenant_scope(tenant_id):
        if role != Role.OWNER:
            _refuse_without_owner(leaving=user)
        member, created = Member.objects.update_or_create(user=user, defaults={"role": role})
        action = "member.added" if created else "member.role_changed"
        details = {"user": user.pk, "email": user.email, "role": role.value}
        record(Event(action=action, actor=actor, details=details))
    return member


def remove_member(*, tenant_id: int, user: User, actor: str) -> None:
    """Take a person's place in a tenant away. The last owner stays."""
    with tenant_scope(tenant_id):
        _refuse_without_owner(leaving=user)
        removed, _ = Member.objects.filter(user=user).delete()
        if removed:
            details = {"user": user.pk, "email": user.email}
            record(Event(action="member.removed", actor=actor, details=details))


def memberships_of(user: User) -> list[Membership]:
    """Return the person's tenants, each read in its own scope, by name."""
    if not user.is_active:
        return []
    return sorted(_read_memberships(user), key=lambda found: (found.name, found.tenant_id))


def is_member(person: User) -> bool:
    """Whether the person has a place in any tenant, also while they are inactive."""
    return any(True for _ in _read_memberships(person))


def role_in(user: User, tenant_id: int) -> Role | None:
    """Return the person's role in a tenant, or None for an outsider."""
    if user.pk is None or not user.is_active:
        return None
    with tenant_scope(tenant_id):
        member = Member.objects.filter(user=user).first()
    return Role(member.role) if member else None


def require_role(user: User, tenant_id: int, needed: Role) -> Role:
    """Return the person's role in a tenant if it allows ``needed``, or raise PermissionDenied."""
    role = role_in(user, tenant_id)
    if role is None:
        raise PermissionDenied("You are not a member of this tenant.")
    if not role.allows(needed):
        raise PermissionDenied(
            f"This needs the role {needed.label.lower()}; yours is {role.label.lower()}. "
            "An owner of the tenant can change it."
        )
    return role


def tenant_ids() -> list[int]:
    """Return every tenant's id, for operators' commands."""
    with platform_scope():
        return list(Tenant.objects.order_by("pk").values_list("pk", flat=True))


def _refuse_without_owner(*, leaving: User) -> None:
    """The rows stay locked, so that two owners cannot remove each other at the same time."""
    owners = set(
        Member.objects.select_for_update()
        .filter(role=Role.OWNER)
        .order_by("pk")
        .values_list("user_id", flat=True)
    )
    if owners == {leaving.pk}:
        raise ValidationError("This is the tenant's last owner: make somebody else owner first.")


def _next_tenant_id() -> int:
    """Take the id first: a row may only be inserted in the scope that carries its id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenants_tenant', 'id'))")
        tenant_id: int = cursor.fetchone()[0]
        return tenant_id


def _insert_tenant(tenant: Tenant) -> None:
    try:
        with transaction.atomic():
            tenant.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"slug": f"The short name {tenant.slug!r} is taken."}) from error


def _read_memberships(user: User) -> Iterator[Membership]:
    for (tenant_id,) in route("routing_memberships", user.pk):
        with tenant_scope(tenant_id):
            member = Member.objects.select_related("tenant").filter(user=user).first()
        if member is not None:
            tenant = member.tenant
            role = Role(member.role)
            yield Membership(
                tenant.pk,
                tenant.slug,
                tenant.name,
                role,
                tenant.time_zone,
                tenant.locale,
                tenant.base_currency,
            )
