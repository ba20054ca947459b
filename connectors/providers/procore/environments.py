"""Procore's environments: where each signs applications in, answers calls and shows pages.

An environment's name enters and addresses leave. The table is fixed, so that no setting can lead a
secret to another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.core.errors import BadInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One of Procore's worlds; credentials and tokens of one are worth nothing in another.

    ``web`` is where people see its pages; empty where that host is not published, and nothing is
    linked.
    """

    key: str
    title: str
    login: str
    api: str
    web: str


ENVIRONMENTS: Mapping[str, Environment] = MappingProxyType(
    {
        environment.key: environment
        for environment in (
            Environment(
                key="production",
                title="Production",
                login="https://login.procore.com",
                api="https://api.procore.com",
                web="https://app.procore.com",
            ),
            Environment(
                key="sandbox",
                title="Developer sandbox",
                login="https://login-sandbox.procore.com",
                api="https://sandbox.procore.com",
                web="https://sandbox.procore.com",
            ),
            Environment(
                key="monthly",
                title="Monthly sandbox",
                login="https://login-sandbox-monthly.procore.com",
                api="https://api-monthly.procore.com",
                web="https://app-monthly.procore.com",
            ),
            Environment(
                key="federal",
                title="Procore for Government",
                login="https://login.procoregov.com",
                api="https://api.procoregov.com",
                web="",
            ),
        )
    }
)

CHOICES = tuple((one.key, one.title) for one in ENVIRONMENTS.values())


def environment(key: str, sandbox_url: str = "") -> Environment:
    """The environment of that name, its addresses moved to the simulator if one is given."""
    try:
        real = ENVIRONMENTS[str(key).strip().lower()]
    except KeyError:
        raise BadInputError(
            f"{key!r} is no environment of Procore. Choose one of {', '.join(ENVIRONMENTS)}: "
            "a company's real projects are in production."
        ) from None
    if not sandbox_url:
        return real
    root = f"{sandbox_url.rstrip('/')}/procore"
    return Environment(
        key=real.key,
        title=real.title,
        login=f"{root}/login",
        api=f"{root}/api",
        web=f"{root}/web",
    )
