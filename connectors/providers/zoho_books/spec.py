"""Zoho Books as the rest of the service sees it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import BadInputError
from connectors.providers.zoho_books import oauth
from connectors.providers.zoho_books.client import DIALECT, open_client
from connectors.providers.zoho_books.errors import KEY, TITLE
from connectors.providers.zoho_books.limits import limits, quota_subject
from connectors.providers.zoho_books.ping import ping, resolve
from connectors.providers.zoho_books.regions import API_PATH, CHOICES, region
from connectors.providers.zoho_books.webhooks import WEBHOOKS
from connectors.transport.provider import (
    Consent,
    Endpoints,
    Field,
    ProviderSpec,
    Settings,
    clean_fields,
    positive_int,
)

CREDENTIALS = (
    Field(
        name="client_id",
        label="Client ID",
        help="From Zoho's API console (api-console), of a server-based application.",
    ),
    Field(name="client_secret", label="Client secret", help="Shown beside it.", secret=True),
    Field(
        name="refresh_token",
        label="Refresh token",
        help="Comes with the consent; nobody has to type it.",
        secret=True,
        required=False,
    ),
)
SETTINGS = (
    Field(
        name="accounts_region",
        label="Region of the client",
        help="Where the client ID was registered: the ending of the API console's address.",
        choices=CHOICES,
    ),
    Field(
        name="region",
        label="Region",
        help="Where your Zoho Books data lives; a consent finds it out.",
        required=False,
        choices=CHOICES,
    ),
    Field(
        name="organization_id",
        label="Organisation ID",
        help="Found after the consent; in Zoho Books under Settings, Organisation Profile.",
        required=False,
    ),
    Field(
        name="location_id",
        label="Location",
        help="Where records are posted, in organisations of several locations. Test the "
        "connection to choose; the main one unless set.",
        required=False,
        offered="locations",
    ),
    Field(
        name="per_minute",
        label="Calls per minute",
        help="100 unless Zoho gave you another limit; lower it to leave some to other programs.",
        required=False,
    ),
    Field(
        name="per_day",
        label="Calls per day",
        help="Your plan's allowance unless you set a lower one.",
        required=False,
    ),
    Field(
        name="concurrency",
        label="Calls at once",
        help="5 on the free plan, 10 on the others.",
        required=False,
    ),
)


def clean(settings: Settings) -> dict[str, Any]:
    """Settings in their stored spelling."""
    cleaned = clean_fields(settings, SETTINGS)
    organization = str(cleaned.get("organization_id", ""))
    if organization and not (organization.isascii() and organization.isdigit()):
        raise BadInputError(
            f"An organisation ID consists of digits, unlike {organization!r}. Zoho Books shows it "
            "under Settings, Organisation Profile."
        )
    for name in ("per_minute", "per_day", "concurrency"):
        number = positive_int(cleaned, name)
        if number is not None:
            cleaned[name] = number
    return cleaned


def endpoints(settings: Mapping[str, Any], sandbox_url: str = "") -> Endpoints:
    """Addresses of the tenant's region."""
    place = region(str(settings.get("region") or settings["accounts_region"]), sandbox_url)
    return Endpoints(
        api=f"{place.api}{API_PATH}",
        token=f"{place.accounts}/oauth/v2/token",
        sandbox_url=sandbox_url,
    )


SPEC = ProviderSpec(
    key=KEY,
    title=TITLE,
    dialect=DIALECT,
    credential_fields=CREDENTIALS,
    setting_fields=SETTINGS,
    identity=("region", "organization_id"),
    authorisation="authorization_code",
    token_life=oauth.TOKEN_LIFE,
    token_margin=timedelta(minutes=5),
    clean=clean,
    limits=limits,
    quota_subject=quota_subject,
    endpoints=endpoints,
    grant=oauth.grant,
    open=open_client,
    ping=ping,
    resolve=resolve,
    consent=Consent(
        authorise_url=oauth.authorise_url,
        exchange=oauth.exchange,
        paste=oauth.paste,
        revoke=oauth.revoke,
        pkce=True,
    ),
    webhooks=WEBHOOKS,
)
