"""The test of a Procurify connection: real read calls, and what they mean in words."""

from functools import partial
from typing import Any

from connectors.core.errors import ConnectorError, ErrorKind, ProviderError
from connectors.core.reading import is_true, plain_text
from connectors.core.records import Raw
from connectors.providers.procurify.behaviour import ask_filters
from connectors.providers.procurify.client import ProcurifyClient
from connectors.providers.procurify.errors import suspended
from connectors.transport.findings import Read, failed, readable
from connectors.transport.provider import Finding, Settings

_CLOCK_TOLERANCE = 120


def ping(client: ProcurifyClient, settings: Settings) -> list[Finding]:
    """Authorised, company, permissions and clock, in this order."""
    try:
        user = client.me()
    except ConnectorError as error:
        if isinstance(error, ProviderError) and error.kind is ErrorKind.PERMISSION:
            error = suspended(error)
        return [failed("authorised", error)]
    words = f"Procurify accepts the application; it acts as {_name(user)}."
    return [
        Finding(name="authorised", ok=True, words=words),
        Finding(name="organization", ok=True, words=f"Domain {settings.get('subdomain')} answers."),
        *_permissions(client),
        *_clock(client),
    ]


def resolve(client: ProcurifyClient, settings: Settings) -> dict[str, Any]:
    """The profile: whose domain it is and its base currency."""
    user = client.me()
    subdomain = str(settings["subdomain"])
    return {
        "name": subdomain,
        "user_name": _name(user),
        "currency_code": _base_currency(client),
        "web_root": f"https://{subdomain}.procurify.com",
    }


def _base_currency(client: ProcurifyClient) -> str:
    for page in client.currencies():
        for row in page.rows:
            if is_true(row.get("base")):
                return plain_text(row.get("name"))
    return ""


def _name(user: Raw) -> str:
    full = " ".join(plain_text(user.get(part)) for part in ("firstName", "lastName")).strip()
    others = (plain_text(user.get(part)) for part in ("name", "email", "username"))
    return full or next(filter(None, others), "a user")


def _permissions(client: ProcurifyClient) -> list[Finding]:
    needed: tuple[tuple[str, str, Read], ...] = (
        ("vendors", "vendors", partial(client.vendors, afresh=True)),
        ("account_codes", "account codes", client.account_codes),
        ("currencies", "currencies", client.currencies),
    )
    return [*ask_filters(client), *(readable(name, what, read) for name, what, read in needed)]


def _clock(client: ProcurifyClient) -> list[Finding]:
    seconds = client.api.observed.clock_difference
    if seconds is None:
        return []
    side = "ahead of" if seconds > 0 else "behind"
    words = f"Procurify's clock is {abs(seconds):.0f} s {side} ours."
    return [Finding(name="clock", ok=abs(seconds) <= _CLOCK_TOLERANCE, words=words)]
