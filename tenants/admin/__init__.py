"""Staff pages for people and tenants, a file per noun; Django finds them by importing this."""

from tenants.admin.tenant import TenantAdmin
from tenants.admin.user import GroupAdmin, UserAdmin

__all__ = ["GroupAdmin", "TenantAdmin", "UserAdmin"]
