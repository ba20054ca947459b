"""The tables of people and tenants, a file per noun."""

from tenants.models.invitation import Invitation
from tenants.models.member import Member, Role
from tenants.models.owned import TenantForeignKey, TenantOneToOneField, TenantOwned
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "Invitation",
    "Member",
    "Role",
    "Tenant",
    "TenantForeignKey",
    "TenantOneToOneField",
    "TenantOwned",
    "User",
]
