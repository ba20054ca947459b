"""Who gets a workspace's alerts by e-mail where no channel says so, and what pages they can open.

Inside the tenant's scope.
"""

from django.db.models import QuerySet

from connectors.models import AlertChannel
from connectors.services.alert_words import Reader
from tenants.models import Member, Role, Tenant, User


def by_default(tenant: Tenant) -> dict[str, Reader]:
    """The address of the settings, else owners and admins without any setting of their own.

    Nobody while a channel of the workspace is switched on.
    """
    if AlertChannel.objects.filter(enabled=True, own=False).exists():
        return {}
    if tenant.alert_email:
        return {tenant.alert_email: pages_at(tenant.alert_email)}
    people = _of_role(Role.OWNER, Role.ADMIN).filter(alert_channels=None)
    return {one.user.email: _pages_of(one.user) for one in people}


def owners() -> dict[str, Reader]:
    """Who is told of what concerns the channels themselves."""
    return {one.user.email: _pages_of(one.user) for one in _of_role(Role.OWNER)}


def superusers() -> list[str]:
    """Whoever can put a missing key back, which nobody of the tenant can."""
    people = User.objects.filter(is_superuser=True, is_staff=True, is_active=True)
    return list(people.values_list("email", flat=True))


def still_reads(tenant: Tenant, address: str) -> bool:
    """Whether mail by default may still go there: people leave while a message waits."""
    if address == tenant.alert_email or address in superusers():
        return True
    return any(one.user.email == address for one in _of_role(Role.OWNER, Role.ADMIN))


def pages_at(address: str) -> Reader:
    """The pages that open for whoever reads at this address."""
    return _pages_of(User.objects.filter(email=address.lower(), is_active=True).first())


def _of_role(*roles: Role) -> QuerySet[Member]:
    found = Member.objects.filter(role__in=roles, user__is_active=True)
    return found.select_related("user").order_by("pk")


def _pages_of(person: User | None) -> Reader:
    """Staff open the staff pages, members those of their workspace."""
    if person is None:
        return Reader.NOBODY
    if person.is_staff:
        return Reader.STAFF
    is_member = Member.objects.filter(user=person).exists()
    return Reader.MEMBER if is_member else Reader.NOBODY
