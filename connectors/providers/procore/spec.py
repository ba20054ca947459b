"""Procore as the rest of the service sees it."""

from collections.abc import Mapping
from typing import Any

from connectors.providers.procore.caller import DIALECT
from connectors.providers.procore.client import open_client
from connectors.providers.procore.environments import environment
from connectors.providers.procore.errors import KEY, TITLE
from connectors.providers.procore.limits import limits, quota_subject
from connectors.providers.procore.oauth import TOKEN_LIFE, TOKEN_MARGIN, grant
from connectors.providers.procore.ping import ping, resolve
from connectors.providers.procore.settings import CREDENTIALS, SETTINGS, clean
from connectors.providers.procore.webhooks import WEBHOOKS
from connectors.transport.provider import Endpoints, ProviderSpec


def endpoints(settings: Mapping[str, Any], sandbox_url: str = "") -> Endpoints:
    """Addresses of the company's environment."""
    place = environment(str(settings["environment"]), sandbox_url)
    return Endpoints(api=place.api, token=f"{place.login}/oauth/token", sandbox_url=sandbox_url)


SPEC = ProviderSpec(
    key=KEY,
    title=TITLE,
    dialect=DIALECT,
    credential_fields=CREDENTIALS,
    setting_fields=SETTINGS,
    identity=("environment", "company_id"),
    authorisation="client_credentials",
    token_life=TOKEN_LIFE,
    token_margin=TOKEN_MARGIN,
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
