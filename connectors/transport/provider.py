"""What a provider says of itself: fields of its forms, addresses, quotas, how to connect and test.

One ``ProviderSpec`` per provider is all that registry, engine and pages ever see of it. Credentials
and settings enter as plain mappings, so that no table is known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from connectors.core.answers import Learn
from connectors.core.errors import BadInputError, ErrorFacts, ErrorKind, ProviderError
from connectors.transport.client import Account, Dialect, OnCall
from connectors.transport.governor import Governor, Limits
from connectors.transport.tokens import Grant, NewToken, TokenSource
from connectors.transport.webhooks import WebhookSpec
from connectors.transport.wire import Wire, origin

Settings = Mapping[str, Any]
Credentials = Mapping[str, str]
Profile = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of a connection's form.

    ``offered`` names the list of the profile (rows with an id and a name) that it is chosen from
    once a test has read it; ``several`` says that more than one may be, kept with commas between.
    A ``usual`` one is not required, but stands among those that are, since most accounts need it.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    offered: str = ""
    several: bool = False
    usual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a connection's calls go: full addresses. ``sandbox_url`` is empty for the real ones."""

    api: str
    token: str
    sandbox_url: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset({origin(self.api)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of a connection's test, in words. ``name`` is stable for pages and tests.

    ``later`` says that a limit kept it from being found out: the next test may.
    """

    name: str
    ok: bool
    words: str
    later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientContext:
    """Everything a client is opened with; ``connection`` is a stable name of the connection.

    ``client_id`` is the application that calls, for providers that count by it; it is no secret.
    ``learn`` is told how this account behaves, as soon as an answer of it shows that. ``confirmed``
    says that the provider has shown us this very account: until then nobody else's calls count
    with ours, since anybody can type another company's id. A ``read_only`` client writes nothing.
    """

    connection: str
    settings: Settings
    profile: Profile
    endpoints: Endpoints
    tokens: TokenSource
    governor: Governor
    wire: Wire
    on_call: OnCall | None = None
    client_id: str = ""
    learn: Learn = lambda answer: None
    confirmed: bool = False
    read_only: bool = False

    def account(
        self, subject: str, limits: Limits, headers: Mapping[str, str] | None = None
    ) -> Account:
        return Account(
            connection=self.connection,
            base_url=self.endpoints.api,
            allowed=self.endpoints.allowed,
            tokens=self.tokens,
            governor=self.governor,
            subject=subject if self.confirmed else f"connection:{self.connection}",
            limits=limits,
            wire=self.wire,
            on_call=self.on_call,
            headers=headers or {},
            read_only=self.read_only,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What a consent brought: secrets to keep, settings that it told, and a first token."""

    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str]
    token: NewToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The authorization-code way of connecting.

    ``authorise_url(credentials, settings, redirect_uri, state, sandbox_url)`` is where a person is
    sent; ``exchange(wire, credentials, settings, redirect_uri, query, sandbox_url, verifier)``
    redeems what they come back with (the redirect's query). ``pkce`` says that the provider takes,
    or ignores, a code challenge; without it ``verifier`` is empty. ``paste`` does the same with a
    code that a person copied: ``paste(wire, credentials, settings, code, sandbox_url)``.
    ``revoke(wire, credentials, settings, sandbox_url)`` gives the grant back and says whether the
    provider agreed.
    """

    authorise_url: Callable[[Credentials, Settings, str, str, str], str]
    exchange: Callable[[Wire, Credentials, Settings, str, Mapping[str, str], str, str], Exchanged]
    paste: Callable[[Wire, Credentials, Settings, str, str], Exchanged] | None = None
    revoke: Callable[[Wire, Credentials, Settings, str], bool] | None = None
    pkce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """A provider, as everything outside its package knows it.

    ``clean`` returns settings in their stored spelling or raises BadInputError; ``endpoints`` takes
    the address of the sandbox, empty for the provider itself. ``resolve`` reads the profile
    (organisation, currency, zone, plan); ``ping`` makes real read calls and reports in words.
    ``identity`` names the settings that say whose account it is: once documents are kept they are
    fixed.
    """

    key: str
    title: str
    dialect: Dialect
    credential_fields: tuple[Field, ...]
    setting_fields: tuple[Field, ...]
    identity: tuple[str, ...]
    authorisation: Literal["client_credentials", "authorization_code"]
    token_life: timedelta
    token_margin: timedelta
    clean: Callable[[Settings], dict[str, Any]]
    limits: Callable[[Settings, Profile], Limits]
    quota_subject: Callable[[Settings], str]
    endpoints: Callable[[Settings, str], Endpoints]
    grant: Callable[[Wire, Credentials, Settings, Endpoints], Grant]
    open: Callable[[ClientContext], Any]
    ping: Callable[[Any, Settings], list[Finding]]
    resolve: Callable[[Any, Settings], dict[str, Any]]
    consent: Consent | None = None
    webhooks: WebhookSpec | None = None


def not_chosen(provider: str, what: str) -> ProviderError:
    """Nobody has said yet which account it is: the connection waits for a person's choice."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.CONFIGURATION,
            message=f"No {what} is chosen yet.",
            hint="Authorise and test the connection, then choose one on its page.",
            provider=provider,
        )
    )


def positive_int(settings: Settings, name: str) -> int | None:
    """An optional whole number of a form; BadInputError for anything else than 1, 2, 3 …"""
    value = settings.get(name)
    if value in (None, ""):
        return None
    text = str(value).strip()
    if not text.isdigit() or int(text) < 1:
        raise BadInputError(f"{name} must be a whole number above 0, not {value!r}.")
    return int(text)


def clean_fields(settings: Settings, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Texts without outer white space, choices checked, nothing empty; unknown names are kept."""
    cleaned = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in settings.items()
        if value not in (None, "")
    }
    for spec in fields:
        value = cleaned.get(spec.name, "")
        if not value and spec.required:
            raise BadInputError(f"{spec.label} is missing. {spec.help}".strip())
        choices = [key for key, _ in spec.choices]
        if value and choices and value not in choices:
            raise BadInputError(f"{spec.label} must be one of {', '.join(choices)}, not {value!r}.")
    return cleaned
