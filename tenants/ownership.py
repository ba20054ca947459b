"""Handing a workspace over: another member becomes its owner, and the old one an admin."""

from django.core.exceptions import ValidationError

from audit.actors import user as actor_of
from audit.services import Event, record
from tenants.models import Member, Role, User
from tenants.rights import Right, require
from tenants.scope import tenant_scope


def transfer(*, tenant_id: int, by: User, to_id: int) -> Member:
    """Make another member owner in place of ``by``; ValidationError if it cannot be."""
    require(by, tenant_id, Right.TRANSFER)
    if by.pk == to_id:
        raise ValidationError("You own this workspace already. Choose another member.")
    with tenant_scope(tenant_id):
        # Both rows stay locked, so that two transfers at once leave an owner.
        rows = Member.objects.select_for_update(of=("self",)).select_related("user").order_by("pk")
        members = {row.user_id: row for row in rows.filter(user_id__in=[by.pk, to_id])}
        # Another transfer may have ended this one's right in between.
        require(by, tenant_id, Right.TRANSFER)
        heir = members.get(to_id)
        if heir is None or not heir.user.is_active:
            raise ValidationError("That person is no member. Invite them first, then try again.")
        for row, role in ((heir, Role.OWNER), (members[by.pk], Role.ADMIN)):
            row.role = role
            row.save(update_fields=["role"])
        details = {"user": heir.user_id, "email": heir.user.email}
        record(Event(action="tenant.transferred", actor=actor_of(by), details=details))
    return heir
