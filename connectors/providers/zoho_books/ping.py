"""The test of a Zoho Books connection: real read calls, and what they mean in words.

Also reads the profile: which organisation it is, with its currency, zone and plan.
"""

from collections.abc import Callable, Iterator
from typing import Any

from connectors.core.errors import BadInputError, ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.regions import region
from connectors.transport.provider import Finding, Settings

_CLOCK_TOLERANCE = 120


def ping(client: ZohoBooksClient, settings: Settings) -> list[Finding]:
    """Reachable, authorised, organisation, permissions, clock and quota, in this order."""
    try:
        organizations = client.organizations()
    except ProviderError as error:
        return [Finding(name="authorised", ok=False, words=str(error))]
    findings = [Finding(name="authorised", ok=True, words="Zoho Books accepts the access.")]
    found = _own(organizations, settings)
    findings.append(_organization(found, organizations, settings))
    if found is not None:
        findings.extend(_permissions(client))
    return [*findings, *_clock(client), *_quota(client)]


def resolve(client: ZohoBooksClient, settings: Settings) -> dict[str, Any]:
    """The profile of the chosen organisation.

    With none chosen and one there, that one; ``organizations`` offers them all.
    """
    organizations = client.organizations()
    offered = [
        {"organization_id": str(row.get("organization_id", "")), "name": str(row.get("name", ""))}
        for row in organizations
    ]
    found = _own(organizations, settings)
    if found is None and settings.get("organization_id"):
        raise BadInputError(_unknown(settings, organizations))
    if found is None and len(organizations) == 1:
        found = organizations[0]
    if found is None:
        return {"organizations": offered}
    return {**_profile(found, settings), "organizations": offered}


def _profile(row: Raw, settings: Settings) -> dict[str, Any]:
    organization_id = str(row.get("organization_id", ""))
    web = region(str(settings["region"])).web
    return {
        "organization_id": organization_id,
        "name": str(row.get("name", "")),
        "currency_code": str(row.get("currency_code", "")),
        "currency_digits": int(row.get("price_precision") or 0),
        "time_zone": str(row.get("time_zone", "")),
        "plan_name": str(row.get("plan_name", "")),
        "web_root": f"{web}/app/{organization_id}",
    }


def _own(organizations: list[Raw], settings: Settings) -> Raw | None:
    wanted = str(settings.get("organization_id") or "")
    for row in organizations:
        if wanted and str(row.get("organization_id")) == wanted:
            return row
    return None


def _organization(found: Raw | None, offered: list[Raw], settings: Settings) -> Finding:
    if found is None:
        return Finding(name="organization", ok=False, words=_unknown(settings, offered))
    words = f"Organisation {found.get('name')} found, plan {found.get('plan_name') or 'unknown'}."
    if found.get("is_org_active") is False:
        return Finding(name="organization", ok=False, words=f"{words} It is not active.")
    return Finding(name="organization", ok=True, words=words)


def _unknown(settings: Settings, offered: list[Raw]) -> str:
    names = ", ".join(f"{row.get('name')} ({row.get('organization_id')})" for row in offered)
    return (
        f"Organisation {settings.get('organization_id') or '(none chosen)'} is not among those of "
        f"the connected Zoho user. An admin can choose one of: {names or 'none'}."
    )


def _permissions(client: ZohoBooksClient) -> list[Finding]:
    needed: tuple[tuple[str, str, Callable[[], Iterator[Page[Raw]]]], ...] = (
        ("contacts", "vendors", client.contacts),
        ("purchase_orders", "purchase orders", client.purchase_orders),
        ("bills", "bills", client.bills),
        ("accounts", "the chart of accounts", client.chart_of_accounts),
        ("taxes", "taxes", client.taxes),
        ("currencies", "currencies", client.currencies),
    )
    findings = [_readable(name, what, read) for name, what, read in needed]
    return [*findings, _locks(client)]


def _readable(name: str, what: str, read: Callable[[], Iterator[Page[Raw]]]) -> Finding:
    try:
        next(read(), None)
    except ProviderError as error:
        return Finding(name=name, ok=False, words=f"May not read {what}. {error}")
    return Finding(name=name, ok=True, words=f"May read {what}.")


def _locks(client: ZohoBooksClient) -> Finding:
    try:
        locks = client.transaction_locks()["transaction_locks"]
    except ProviderError as error:
        return Finding(name="locks", ok=False, words=f"May not read closed periods. {error}")
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
    words = f"{quota.remaining:,} of {quota.limit:,} API calls are left today."
    return [Finding(name="quota", ok=quota.remaining > 0, words=words)]
