"""Parcelbook as the rest of the service sees it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import BadInputError
from connectors.transport.provider import (
    Endpoints,
    Field,
    ProviderSpec,
    Settings,
    clean_fields,
    positive_int,
)
from tests.third.package.providers.parcelbook.client import DIALECT, open_client
from tests.third.package.providers.parcelbook.errors import KEY, TITLE
from tests.third.package.providers.parcelbook.limits import limits, quota_subject
from tests.third.package.providers.parcelbook.oauth import TOKEN_LIFE, grant
from tests.third.package.providers.parcelbook.ping import ping, resolve
from tests.third.package.providers.parcelbook.webhooks import WEBHOOKS

# One DNS label: nothing in it can lead the calls to another host.
_HOUSE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

CREDENTIALS = (
    Field(name="client_id", label="Key ID", help="In Parcelbook: House, Keys."),
    Field(name="client_secret", label="Key secret", help="Shown once.", secret=True),
)
SETTINGS = (
    Field(name="house", label="House", help="The part before .parcelbook.example."),
    Field(name="per_day", label="Calls per day", help="No limit unless set.", required=False),
)


def clean(settings: Settings) -> dict[str, Any]:
    """Settings in their stored spelling."""
    cleaned = clean_fields(settings, SETTINGS)
    cleaned["house"] = _house(str(cleaned["house"]))
    per_day = positive_int(cleaned, "per_day")
    return cleaned if per_day is None else {**cleaned, "per_day": per_day}


def endpoints(settings: Mapping[str, Any], sandbox_url: str = "") -> Endpoints:
    """Addresses of the house."""
    house = _house(str(settings["house"]))
    root = f"https://{house}.parcelbook.example"
    if sandbox_url:
        root = f"{sandbox_url.rstrip('/')}/parcelbook/{house}"
    return Endpoints(api=f"{root}/v1", token=f"{root}/oauth/token", sandbox_url=sandbox_url)


def _house(text: str) -> str:
    label = text.strip().lower()
    if not _HOUSE.fullmatch(label):
        raise BadInputError(
            f"{text!r} is no house: enter only the part before .parcelbook.example."
        )
    return label


SPEC = ProviderSpec(
    key=KEY,
    title=TITLE,
    dialect=DIALECT,
    credential_fields=CREDENTIALS,
    setting_fields=SETTINGS,
    identity=("house",),
    authorisation="client_credentials",
    token_life=TOKEN_LIFE,
    token_margin=timedelta(minutes=2),
    clean=clean,
    limits=limits,
    quota_subject=quota_subject,
    endpoints=endpoints,
    grant=grant,
    open=open_client,
    ping=ping,
    resolve=resolve,
    webhooks=WEBHOOKS,
)
