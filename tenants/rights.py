"""The one table of what each role may do in a workspace, for service functions and for Settings."""

from enum import Enum

from tenants.models import Role, User
from tenants.services import require_role

_SET_UP = (
    "change settings, invite people, bring credentials, set up, start and pause integrations, "
    "export Activity"
)


class Right(Enum):
    """An act, the lowest role that may do it, and how Settings says so."""

    TRANSFER = (Role.OWNER, "transfer ownership")
    EXPORT_ALL = (Role.OWNER, "export all data of the workspace")
    DELETE = (Role.OWNER, "delete the workspace")
    GIVE_ANY_ROLE = (Role.OWNER, "give and take any role")
    SET_UP = (Role.ADMIN, _SET_UP)
    OPERATE = (
        Role.OPERATOR,
        "resolve, dismiss and check documents again, change mappings, run now, test",
    )
    SEE = (Role.VIEWER, "see every page, and export documents")

    @property
    def role(self) -> Role:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


def require(person: User, tenant_id: int, right: Right) -> Role:
    """Return the person's role where it allows the act; else raise PermissionDenied."""
    return require_role(person, tenant_id, right.role)


def table() -> list[tuple[str, str]]:
    """Each role with what it may do beyond the roles below it."""
    found = []
    for role in Role:
        said = ", ".join(right.words for right in Right if right.role is role)
        found.append((role.label, said[:1].upper() + said[1:]))
    return found
