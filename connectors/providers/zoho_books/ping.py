"""The test of a Zoho Books connection: real read calls, and what they mean in words.

Also reads the profile: which organisation it is, with its currency, zone and plan.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.errors import BadInputError, ConnectorError
from connectors.core.reading import is_true, plain_text
from connectors.core.records import Raw
from connectors.providers.zoho_books.behaviour import allowance, ask, offered_locations
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.regions import region
from connectors.transport.findings import Read, failed, readable, unread
from connectors.transport.provider import Finding, Settings

_CLOCK_TOLERANCE = 120


def ping(client: ZohoBooksClient, settings: Settings) -> list[Finding]:
    """Reachable, authorised, organisation, permissions, clock and quota, in this order."""
    try:
        organizations = client.organizations()
    except ConnectorError as error:
        return [failed("authorised", error)]
    findings = [Finding(name="authorised", ok=True, words="Zoho Books accepts the access.")]
    found = _own(organizations, settings)
    findings.append(_organization(found, organizations, settings))
    if found is not None:
        findings.extend([*_permissions(client), *ask(client, settings)])
    return [*findings, *_clock(client), *_quota(client)]


def resolve(client: ZohoBooksClient, settings: Settings) -> dict[str, Any]:
    """The profile of the chosen organisation.

    With none chosen and one there, that one; ``organizations`` offers them all.
    """
    organizations = client.organizations()
    offered = [
        {"organization_id": _text(row, "organization_id"), "name": _text(row, "name")}
        for row in organizations
    ]
    found = _own(organizations, settings)
    if found is None and settings.get("organization_id"):
        raise BadInputError(_unknown(settings, organizations))
    if found is None and len(organizations) == 1:
        found = organizations[0]
    if found is None:
        return {"organizations": offered}
    profile = {**_profile(found, settings), "organizations": offered}
    # Further calls need the organisation, which the client gets with the settings.
    locations = offered_locations(client) if settings.get("organization_id") else []
    return {**profile, "locations": locations} if locations else profile


def _profile(row: Raw, settings: Settings) -> dict[str, Any]:
    organization_id = _text(row, "organization_id")
    web = region(str(settings.get("region") or settings["accounts_region"])).web
    return {
        "organization_id": organization_id,
        "name": _text(row, "name"),
        "currency_code": _text(row, "currency_code"),
        "fiscal_year_start_month": _text(row, "fiscal_year_start_month"),
        "time_zone": _text(row, "time_zone"),
        "plan_name": _text(row, "plan_name"),
        "web_root": f"{web}/app/{organization_id}",
    }


def _text(row: Raw, name: str) -> str:
    """A value as text; January may be said as the number 0."""
    return plain_text(row.get(name))


def _own(organizations: list[Raw], settings: Settings) -> Raw | None:
    wanted = str(settings.get("organization_id") or "")
    for row in organizations:
        if wanted and _text(row, "organization_id") == wanted:
            return row
    return None


def _organization(found: Raw | None, offered: list[Raw], settings: Settings) -> Finding:
    if found is None:
        return Finding(name="organization", ok=False, words=_unknown(settings, offered))
    name, plan = _text(found, "name") or "without a name", _text(found, "plan_name") or "unknown"
    words = f"Organisation {name} found, plan {plan}."
    inner = found.get("org_settings")
    told = {**(inner if isinstance(inner, Mapping) else {}), **found}
    if not is_true(told.get("is_org_active"), True):
        return Finding(name="organization", ok=False, words=f"{words} It is not active.")
    return Finding(name="organization", ok=True, words=words)


def _unknown(settings: Settings, offered: list[Raw]) -> str:
    names = ", ".join(f"{_text(row, 'name')} ({_text(row, 'organization_id')})" for row in offered)
    if not settings.get("organization_id"):
        if not names:
            return "Connected, but this Zoho user belongs to no organisation of Zoho Books."
        return f"Connected. Choose an organisation: {names}."
    return (
        f"Organisation {settings['organization_id']} is not among those of the connected Zoho "
        f"user. An admin can choose one of: {names or 'none'}."
    )


def _permissions(client: ZohoBooksClient) -> list[Finding]:
    needed: tuple[tuple[str, str, Read], ...] = (
        ("contacts", "vendors", client.contacts),
        ("purchase_orders", "purchase orders", client.purchase_orders),
        ("bills", "bills", client.bills),
        ("accounts", "the chart of accounts", client.chart_of_accounts),
        ("taxes", "taxes", client.taxes),
        ("currencies", "currencies", client.currencies),
    )
    findings = [readable(name, what, read) for name, what, read in needed]
    return [*findings, _locks(client)]


def _locks(client: ZohoBooksClient) -> Finding:
    try:
        locks = client.transaction_locks()["transaction_locks"]
    except ConnectorError as error:
        return unread("locks", "closed periods", error)
    return Finding(name="locks", ok=True, words=f"May read closed periods ({len(locks)} locks).")


def _clock(client: ZohoBooksClient) -> list[Finding]:
    seconds = client.api.observed.clock_difference
    if seconds is None:
        return []
    words = f"Zoho's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours."
    return [Finding(name="clock", ok=abs(seconds) <= _CLOCK_TOLERANCE, words=words)]


def _quota(client: ZohoBooksClient) -> list[Finding]:
    quota = client.api.observed.quota
    if quota is None:
        return []
    client.learn(allowance(quota.limit))
    words = f"{quota.remaining:,} of {quota.limit:,} API calls are left today."
    return [Finding(name="quota", ok=quota.remaining > 0, words=words)]
