"""Procurify as the rest of the service sees it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import BadInputError
from connectors.providers.procurify.client import DIALECT, open_client
from connectors.providers.procurify.errors import KEY, TITLE
from connectors.providers.procurify.limits import limits, quota_subject
from connectors.providers.procurify.names import names_for
from connectors.providers.procurify.oauth import TOKEN_LIFE, grant
from connectors.providers.procurify.ping import ping, resolve
from connectors.transport.provider import (
    Endpoints,
    Field,
    ProviderSpec,
    Settings,
    clean_fields,
    positive_int,
)

# One DNS label: nothing in it can lead the calls, and the secret with them, to another host.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

CREDENTIALS = (
    Field(
        name="client_id",
        label="Client ID",
        help="In Procurify: Settings, Integrations, Procurify API, Create Application.",
    ),
    Field(
        name="client_secret",
        label="Client secret",
        help="Shown once when the application is created.",
        secret=True,
    ),
)
SETTINGS = (
    Field(
        name="subdomain",
        label="Subdomain",
        help="The part before .procurify.com in your address.",
    ),
    Field(
        name="page_size",
        label="Rows per page",
        help="50 unless Procurify is slow; it shrinks by itself when a page times out.",
        required=False,
    ),
    Field(
        name="per_minute",
        label="Calls per minute",
        help="120 unless Procurify told you another limit.",
        required=False,
    ),
    Field(name="per_day", label="Calls per day", help="No limit unless set.", required=False),
    Field(name="concurrency", label="Calls at once", help="2 unless set.", required=False),
    Field(
        name="overrides",
        label="Other paths",
        help="A JSON object that replaces paths or filter names, if Procurify changes them.",
        required=False,
    ),
)


def clean(settings: Settings) -> dict[str, Any]:
    """Settings in their stored spelling."""
    cleaned = clean_fields(settings, SETTINGS)
    cleaned["subdomain"] = _subdomain(str(cleaned["subdomain"]))
    for name in ("page_size", "per_minute", "per_day", "concurrency"):
        number = positive_int(cleaned, name)
        if number is not None:
            cleaned[name] = number
    names_for(cleaned)
    return cleaned


def endpoints(settings: Mapping[str, Any], sandbox_url: str = "") -> Endpoints:
    """Addresses of the tenant's domain."""
    subdomain = _subdomain(str(settings["subdomain"]))
    root = (
        f"{sandbox_url.rstrip('/')}/procurify/{subdomain}"
        if sandbox_url
        else f"https://{subdomain}.procurify.com"
    )
    return Endpoints(api=root, token=f"{root}/oauth/token", sandbox_url=sandbox_url)


def _subdomain(text: str) -> str:
    label = text.strip().lower()
    if not _LABEL.fullmatch(label):
        raise BadInputError(
            f"{text!r} is no subdomain: enter only the part before .procurify.com, such as acme."
        )
    return label


SPEC = ProviderSpec(
    key=KEY,
    title=TITLE,
    dialect=DIALECT,
    credential_fields=CREDENTIALS,
    setting_fields=SETTINGS,
    identity=("subdomain",),
    authorisation="client_credentials",
    token_life=TOKEN_LIFE,
    token_margin=timedelta(minutes=30),
    clean=clean,
    limits=limits,
    quota_subject=quota_subject,
    endpoints=endpoints,
    grant=grant,
    open=open_client,
    ping=ping,
    resolve=resolve,
)
