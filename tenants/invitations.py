"""Inviting people into a tenant by e-mail: invite, send again, take back, accept.

Each enters the scope it needs. The link names its tenant and row under a signature of ours, so that
it can be looked up before any scope is open; a row works once.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from audit.actors import user as actor_of
from audit.models import AuditEvent
from audit.services import Event, record
from connectors.core import clock
from tenants.models import Invitation, Member, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.services import add_member

DAYS = 7
_SALT = "tenants.invitation"
# So many open ones may a tenant have, and so many be sent in a day: whoever makes a workspace must
# not send mail to strangers through us.
_MOST_OPEN, _MOST_A_DAY = 50, 30


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link leads to."""

    tenant_id: int
    tenant: str
    slug: str
    pk: int
    email: str
    role: Role
    by: str


def invite(*, tenant_id: int, email: str, role: Role, by: User) -> Invitation:
    """Make an invitation, or renew the address's open one; ValidationError if it cannot be."""
    email = User.objects.normalize_email(email)
    validate_email(email)
    with tenant_scope(tenant_id):
        if Member.objects.filter(user__email=email).exists():
            raise ValidationError(f"{email} is a member already.")
        others = Invitation.objects.filter(accepted_at=None, ends_at__gt=clock.now())
        if others.exclude(email=email).count() >= _MOST_OPEN:
            raise ValidationError(
                f"{_MOST_OPEN} invitations are open. Take some back, or wait until they end."
            )
        sent = AuditEvent.objects.filter(
            action="member.invited", at__gt=clock.now() - timedelta(days=1)
        )
        if sent.count() >= _MOST_A_DAY:
            raise ValidationError(
                f"{_MOST_A_DAY} invitations were sent within a day. Send the others tomorrow."
            )
        ends_at = clock.now() + timedelta(days=DAYS)
        invitation, _ = Invitation.objects.update_or_create(
            email=email,
            accepted_at=None,
            defaults={"role": role, "invited_by": by, "ends_at": ends_at},
        )
        details = {"email": email, "role": role.value}
        record(Event(action="member.invited", actor=actor_of(by), details=details))
    return invitation


def take_back(*, tenant_id: int, pk: int, by: User) -> bool:
    """End an open invitation; returns whether it was open."""
    with tenant_scope(tenant_id):
        found = Invitation.objects.select_for_update().filter(pk=pk, accepted_at=None).first()
        if found is None:
            return False
        found.delete()
        details = {"email": found.email}
        record(Event(action="member.uninvited", actor=actor_of(by), details=details))
    return True


def open_ones(tenant_id: int) -> list[Invitation]:
    """The invitations that can still be accepted, the newest first."""
    with tenant_scope(tenant_id):
        rows = Invitation.objects.filter(accepted_at=None, ends_at__gt=clock.now())
        return list(rows.select_related("invited_by").order_by("-created_at"))


def token(invitation: Invitation) -> str:
    """What its link ends with. A renewed invitation has another one."""
    content = [invitation.tenant_id, invitation.pk, invitation.ends_at.isoformat()]
    return signing.dumps(content, salt=_SALT)


def find(text: str) -> Invited | None:
    """What a link leads to; None for one that was used, taken back, renewed or is too old."""
    try:
        tenant_id, pk, ends_at = signing.loads(text, salt=_SALT, max_age=timedelta(days=DAYS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    with tenant_scope(tenant_id):
        row = Invitation.objects.select_related("invited_by").filter(
            pk=pk, accepted_at=None, ends_at__gt=clock.now()
        )
        found = row.first()
        if found is None or found.ends_at.isoformat() != ends_at:
            return None
        tenant = Tenant.objects.get(pk=tenant_id)
    by = found.invited_by
    return Invited(
        tenant_id, tenant.name, tenant.slug, pk, found.email, Role(found.role), by.name or by.email
    )


def accept(text: str, person: User) -> Invited:
    """Make the person a member; ValidationError where the link does not work any more.

    Whoever invited must still be a member who may give the role. Nobody loses a role by it.
    """
    found = find(text)
    if found is None:
        raise ValidationError("This invitation does not work any more. Ask for another one.")
    with tenant_scope(found.tenant_id):
        row = Invitation.objects.select_for_update().filter(pk=found.pk, accepted_at=None).first()
        # Renewed meanwhile, it may be for another role.
        if row is None or row.role != found.role:
            raise ValidationError("This invitation was used or renewed a moment ago.")
        inviter = Member.objects.filter(user=row.invited_by_id).first()
        if inviter is None or not (inviter.may(Role.ADMIN) and inviter.may(found.role)):
            raise ValidationError(
                f"{found.by} may no longer invite people here. Ask for another invitation."
            )
        row.accepted_at = clock.now()
        row.save(update_fields=["accepted_at"])
        before = Member.objects.filter(user=person).first()
        if before is None or not before.may(found.role):
            add_member(
                tenant_id=found.tenant_id, user=person, role=found.role, actor=actor_of(person)
            )
    return found
