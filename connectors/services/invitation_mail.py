"""Sends invitations by e-mail. The page only rings; a worker writes."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from connectors.engine import doorbell
from tenants import invitations
from tenants.models import Invitation, Tenant
from tenants.scope import tenant_scope


def ring(invitation: Invitation) -> None:
    """Have it sent."""
    doorbell.ring(doorbell.SEND_INVITATION, invitation.tenant_id, invitation.pk)


def send(tenant_id: int, pk: int) -> None:
    """Write to the invited address; nothing where it was taken back meanwhile."""
    with tenant_scope(tenant_id):
        row = Invitation.objects.select_related("invited_by").filter(pk=pk, accepted_at=None)
        found = row.first()
        tenant = Tenant.objects.get(pk=tenant_id)
    if found is None:
        return
    address = reverse("invitation", args=[invitations.token(found)])
    context = {"invitation": found, "tenant": tenant, "link": f"{settings.BASE_URL}{address}"}
    send_mail(
        subject=_subject(found, tenant),
        message=render_to_string("emails/invitation.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[found.email],
    )


def _subject(invitation: Invitation, tenant: Tenant) -> str:
    """On one line: a line break would end the heading."""
    by = invitation.invited_by
    return " ".join(f"{by.name or by.email} invites you to {tenant.name}".split())
