"""The member: a person's place in a tenant, and the roles such a place can have."""

from django.conf import settings
from django.db import models

from tenants.models.owned import TenantOwned


class Role(models.TextChoices):
    """What a member may do; each role may do all that the ones below it may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    OPERATOR = "operator", "Operator"
    VIEWER = "viewer", "Viewer"

    def allows(self, needed: "Role") -> bool:
        """Say whether a member of this role may do what ``needed`` may."""
        ranks = list(Role)
        return ranks.index(self) <= ranks.index(needed)


class Member(TenantOwned):
    """A person in a tenant. Which tenants a person is in is a routing question: see services."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "user"), name="member_once_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="member_role_is_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    def may(self, needed: Role) -> bool:
        """Say whether this member may do what ``needed`` may."""
        return Role(self.role).allows(needed)
