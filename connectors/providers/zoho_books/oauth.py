"""Zoho's consent, code exchange, refresh and revocation.

Credentials and settings enter, addresses and tokens leave. Consent begins where the client is
registered; the code is redeemed, and every later token asked for, in the user's own region.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from connectors.core import clock
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    RetryLater,
)
from connectors.core.reading import plain_text
from connectors.providers.zoho_books.errors import KEY, TITLE
from connectors.providers.zoho_books.regions import Region, region, region_of_redirect
from connectors.transport.provider import Credentials, Endpoints, Exchanged, Settings
from connectors.transport.token_request import access_token, request_token, token_life
from connectors.transport.tokens import Grant, GrantRefusedError, NewToken
from connectors.transport.wire import Reply, Wire

# What reading, posting and closing of orders and bills takes, and keeping projects in step with
# their owner. Status actions need CREATE.
SCOPES = (
    "ZohoBooks.contacts.READ",
    "ZohoBooks.contacts.CREATE",
    "ZohoBooks.settings.READ",
    "ZohoBooks.projects.READ",
    "ZohoBooks.projects.CREATE",
    "ZohoBooks.projects.UPDATE",
    "ZohoBooks.accountants.READ",
    "ZohoBooks.purchaseorders.READ",
    "ZohoBooks.purchaseorders.CREATE",
    "ZohoBooks.purchaseorders.UPDATE",
    "ZohoBooks.bills.READ",
    "ZohoBooks.bills.CREATE",
    "ZohoBooks.bills.UPDATE",
)
TOKEN_LIFE = timedelta(hours=1)
# Zoho allows ten tokens in ten minutes; a live report saw the block end after three.
_THROTTLED_FOR = timedelta(minutes=3)
_REVOKED = frozenset({"invalid_code", "invalid_grant", "invalid_token"})
_CLIENT_WORDS = {
    "invalid_client": "Zoho does not know the client id in this region.",
    "invalid_client_secret": "Zoho says that the client secret is wrong.",
    "invalid_redirect_uri": "Zoho says that this redirect address is not registered.",
}


def authorise_url(
    credentials: Credentials, settings: Settings, redirect_uri: str, state: str, sandbox_url: str
) -> str:
    """Where a person gives the consent; always asked for anew, or no refresh token would come."""
    home = region(_registered_in(settings), sandbox_url)
    query = {
        "response_type": "code",
        "client_id": credentials["client_id"],
        "redirect_uri": redirect_uri,
        "scope": ",".join(SCOPES),
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
    }
    return f"{home.accounts}/oauth/v2/auth?{urlencode(query)}"


def exchange(
    wire: Wire,
    credentials: Credentials,
    settings: Settings,
    redirect_uri: str,
    query: Mapping[str, str],
    sandbox_url: str,
    verifier: str = "",
) -> Exchanged:
    """Redeem the code of a redirect in the region that the redirect names."""
    if query.get("error"):
        raise BadInputError(_denied(query["error"]))
    code = query.get("code", "").strip()
    if not code:
        raise BadInputError("Zoho's answer brought no code. Start connecting again.")
    place = region_of_redirect(query, _registered_in(settings), sandbox_url)
    proof = {"code_verifier": verifier} if verifier else {}
    return _redeem(wire, credentials, place, {"code": code, "redirect_uri": redirect_uri, **proof})


def paste(
    wire: Wire, credentials: Credentials, settings: Settings, code: str, sandbox_url: str
) -> Exchanged:
    """Redeem a self-client code that a person made in Zoho's console, in the region they chose."""
    if not code.strip():
        raise BadInputError("Paste the code that Zoho's API console shows after Generate Code.")
    place = region(str(settings.get("region") or _registered_in(settings)), sandbox_url)
    return _redeem(wire, credentials, place, {"code": code.strip()})


def grant(wire: Wire, credentials: Credentials, settings: Settings, endpoints: Endpoints) -> Grant:
    """A function that turns the refresh token into a new access token; Zoho does not rotate it."""
    own = region(str(settings.get("region") or _registered_in(settings)), endpoints.sandbox_url)

    def refresh() -> NewToken:
        if not credentials.get("refresh_token"):
            raise GrantRefusedError(
                "Zoho Books has not been authorised yet. Press “Authorise”, then agree on Zoho's "
                "own page."
            )
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "refresh_token": credentials["refresh_token"],
        }
        body = _checked(_ask(wire, endpoints.token, form), own)
        try:
            return _token(body, own)
        except BadInputError as wrong_region:
            raise GrantRefusedError(str(wrong_region)) from None

    return refresh


def revoke(wire: Wire, credentials: Credentials, settings: Settings, sandbox_url: str) -> bool:
    """Give the grant back, by the newer address, then by the older one."""
    token = credentials.get("refresh_token", "")
    if not token:
        return True
    place = region(str(settings.get("region") or _registered_in(settings)), sandbox_url)
    pair = f"{credentials['client_id']}:{credentials['client_secret']}".encode()
    basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    tries: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("/oauth/v2/revoke/token", {"token": token, "token_type": "refresh_token"}, basic),
        ("/oauth/v2/token/revoke", {"token": token}, {}),
    )
    return any(
        _gave_up(_ask(wire, place.accounts + path, form, headers)) for path, form, headers in tries
    )


def _redeem(
    wire: Wire, credentials: Credentials, place: Region, extra: Mapping[str, str]
) -> Exchanged:
    form = {
        "grant_type": "authorization_code",
        "client_id": credentials["client_id"],
        "client_secret": credentials["client_secret"],
        **extra,
    }
    try:
        body = _checked(_ask(wire, f"{place.accounts}/oauth/v2/token", form), place)
    except GrantRefusedError as refused:
        raise BadInputError(
            f"{refused} A code works once, for a minute or two, and only in its own region "
            f"(tried: {place.title})."
        ) from None
    refresh_token = plain_text(body.get("refresh_token"))
    if not refresh_token:
        raise BadInputError(
            "Zoho gave no lasting access (no refresh token). Connect again and accept the "
            "consent page when Zoho shows it."
        )
    return Exchanged(
        credentials={"refresh_token": refresh_token},
        settings={"region": place.key},
        token=_token(body, place),
    )


def _ask(
    wire: Wire, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Reply:
    return request_token(wire, url, provider=KEY, title=TITLE, form=form, headers=headers)


def _checked(reply: Reply, place: Region) -> Mapping[str, object]:
    """The body of a good answer. Zoho sends errors with status 200 too, so the body decides."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    error = str(body.get("error") or "")
    if not error and reply.ok:
        return body
    if reply.status == 429 or error == "Access Denied" or "too many" in str(body).casefold():
        raise RetryLater(clock.now() + _THROTTLED_FOR, "Zoho asks for fewer token requests")
    if error in _REVOKED:
        raise GrantRefusedError(
            "Zoho no longer accepts this access: it was revoked, or replaced by newer ones."
        )
    if error in _CLIENT_WORDS:
        raise GrantRefusedError(f"{_CLIENT_WORDS[error]} (Region: {place.title}.)")
    raise _unclear(f"{reply.status} ({error or 'no reason'})")


def _token(body: Mapping[str, object], place: Region) -> NewToken:
    access = access_token(body)
    if not access:
        raise _unclear("with success, but no access token")
    domain = str(body.get("api_domain") or "")
    if domain and not place.knows_api(domain):
        raise BadInputError(
            f"Zoho answered for another region than {place.title}: its API address is not that "
            "region's. Connect again and choose the region of your Zoho Books pages."
        )
    expires_at = clock.now() + token_life(body, TOKEN_LIFE)
    return NewToken(access_token=access, expires_at=expires_at)


def _unclear(what: str) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.TRANSIENT,
            message=f"Zoho's sign-in server answered {what}.",
            hint="Nothing to do: it is tried again by itself.",
            provider=KEY,
        )
    )


def _gave_up(reply: Reply) -> bool:
    body = reply.body if isinstance(reply.body, Mapping) else {}
    return reply.ok and not body.get("error")


def _registered_in(settings: Settings) -> str:
    return str(settings.get("accounts_region") or settings.get("region") or "us")


def _denied(error: str) -> str:
    if error == "access_denied":
        return "The consent was declined, or asked for too often. Wait a minute and connect again."
    return f"Zoho could not give the consent ({error}). Check client id and redirect address."
