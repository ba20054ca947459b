"""The test of a Procurify connection: real read calls, and what they mean in words."""

from collections.abc import Callable, Iterator
from typing import Any

from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procurify.client import ProcurifyClient
from connectors.providers.procurify.errors import suspended
from connectors.transport.provider import Finding, Settings

_CLOCK_TOLERANCE = 120


def ping(client: ProcurifyClient, settings: Settings) -> list[Finding]:
    """Authorised, company, permissions and clock, in this order."""
    try:
        user = client.me()
    except ProviderError as error:
        shown = suspended(error) if error.kind is ErrorKind.PERMISSION else error
        return [Finding(name="authorised", ok=False, words=str(shown))]
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
            if row.get("base"):
                return str(row.get("name") or "")
    return ""


def _name(user: Raw) -> str:
    full = " ".join(str(user.get(part) or "") for part in ("firstName", "lastName")).strip()
    return full or str(user.get("name") or user.get("email") or user.get("username") or "a user")


def _permissions(client: ProcurifyClient) -> list[Finding]:
    needed: tuple[tuple[str, str, Callable[[], Iterator[Page[Raw]]]], ...] = (
        ("order_items", "order items", client.order_items),
        ("purchase_orders", "purchase orders", client.purchase_orders),
        ("bills", "bills", client.bills),
        ("vendors", "vendors", client.vendors),
        ("account_codes", "account codes", client.account_codes),
        ("currencies", "currencies", client.currencies),
    )
    return [_readable(name, what, read) for name, what, read in needed]


def _readable(name: str, what: str, read: Callable[[], Iterator[Page[Raw]]]) -> Finding:
    try:
        next(read(), None)
    except ProviderError as error:
        return Finding(name=name, ok=False, words=f"May not read {what}. {error}")
    return Finding(name=name, ok=True, words=f"May read {what}.")


def _clock(client: ProcurifyClient) -> list[Finding]:
    seconds = client.api.observed.clock_difference
    if seconds is None:
        return []
    side = "ahead of" if seconds > 0 else "behind"
    words = f"Procurify's clock is {abs(seconds):.0f} s {side} ours."
    return [Finding(name="clock", ok=abs(seconds) <= _CLOCK_TOLERANCE, words=words)]
