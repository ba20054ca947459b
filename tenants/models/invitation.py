"""The invitation: a place in a tenant that waits for whoever opens its link."""

from django.conf import settings
from django.db import models

from connectors.core import clock
from tenants.models.member import Role
from tenants.models.owned import TenantOwned


class Invitation(TenantOwned):
    """Works once, until it ends. Its link is signed, and carries nothing that is stored."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ends_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "email"),
                condition=models.Q(accepted_at=None),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invitation_role_is_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"
