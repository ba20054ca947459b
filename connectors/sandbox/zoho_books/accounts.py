"""The accounts servers: who may ask for codes and tokens, and which ones live.

One value holds clients, users, codes and tokens of all regions, since a consent begun where the
app is registered ends at the region where the user lives. Lives and limits are counted on the
simulated clock. The HTTP side is next door, in oauth.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.clock import Clock

REGIONS = ("us", "eu", "in", "au", "jp", "ca", "cn", "sa")
ACCESS_LIFE = 3600
CODE_LIFE = 120
SELF_CLIENT_LIFE = 180
THROTTLE_WINDOW = 600
CODES_PER_WINDOW = 10
REFRESHES_PER_WINDOW = 10
ACCESS_PER_REFRESH = 15
REFRESH_PER_USER = 20

MODULES = (
    "contacts|settings|estimates|invoices|customerpayments|creditnotes|projects|expenses|salesorders"
    "|purchaseorders|bills|debitnotes|vendorpayments|banking|accountants|custommodules"
)
SCOPE = re.compile(rf"ZohoBooks\.({MODULES})\.(CREATE|READ|UPDATE|DELETE|ALL)", re.IGNORECASE)
FULL_ACCESS = "zohobooks.fullaccess.all"


class TokenError(Exception):
    """A refusal by an accounts server, by its error word."""

    def __init__(self, error: str, description: str = "", status: int | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(slots=True)
class Client:
    """A registered app: one home region, and the regions where it may be used."""

    id: str
    secret: str
    redirect_uris: list[str]
    region: str
    regions: tuple[str, ...]
    code_times: list[float] = field(default_factory=list)

    def redirects_to(self, uri: str) -> bool:
        """Whether the redirect address is registered ("*" in the seed allows any)."""
        return uri in self.redirect_uris or "*" in self.redirect_uris


@dataclass(slots=True)
class User:
    """A person who can consent, and the organizations they belong to (None: all)."""

    id: str
    name: str
    email: str
    region: str
    organizations: tuple[str, ...] | None = None

    def belongs_to(self, organization_id: str) -> bool:
        """Whether the organization is one of theirs."""
        return self.organizations is None or organization_id in self.organizations


@dataclass(slots=True)
class Code:
    """A grant code: for one client, at one region, once."""

    client_id: str
    user_id: str
    region: str
    redirect_uri: str | None
    scopes: tuple[str, ...]
    offline: bool
    consent: bool
    expires: float
    challenge: str = ""

    def is_proved_by(self, verifier: str) -> bool:
        """Whether the verifier belongs to the challenge (S256); no challenge asks for none."""
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return not self.challenge or proof == self.challenge


@dataclass(slots=True)
class Refresh:
    """A refresh token and the access tokens that it gave."""

    token: str
    client_id: str
    user_id: str
    region: str
    scopes: tuple[str, ...]
    access: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Access:
    """An access token."""

    user_id: str
    region: str
    scopes: tuple[str, ...]
    expires: float
    refresh: str = ""

    def allows(self, needed: str) -> bool:
        """Whether one of the scopes covers ``module.ACTION``."""
        module = needed.partition(".")[0]
        wanted = {f"zohobooks.{needed}".lower(), f"zohobooks.{module}.all", FULL_ACCESS}
        return any(scope.lower() in wanted for scope in self.scopes)


class Accounts:
    """Codes and tokens of all regions."""

    def __init__(self, clock: Clock, options: Mapping[str, Any]) -> None:
        self._clock = clock
        self._options = options
        self.clients: dict[str, Client] = {}
        self.users: dict[str, User] = {}
        self.codes: dict[str, Code] = {}
        self.refresh: dict[str, Refresh] = {}
        self.access: dict[str, Access] = {}
        self._granted: set[tuple[str, str]] = set()

    def now(self) -> float:
        """Simulated seconds."""
        return self._clock.now().timestamp()

    def issue_code(
        self,
        client: Client,
        user: User,
        scopes: tuple[str, ...],
        *,
        redirect_uri: str | None,
        offline: bool,
        consent: bool,
        life: float = CODE_LIFE,
        challenge: str = "",
    ) -> str:
        """A new grant code, redeemable where the user lives."""
        now = self.now()
        client.code_times = [at for at in client.code_times if at > now - THROTTLE_WINDOW]
        limit = int(self._options.get("zoho_codes_per_window", CODES_PER_WINDOW))
        if limit and len(client.code_times) >= limit:
            raise TokenError("access_denied")
        client.code_times.append(now)
        code = _new_token()
        end = now + life
        self.codes[code] = Code(
            *(client.id, user.id, user.region, redirect_uri, scopes, offline, consent, end),
            challenge=challenge,
        )
        return code

    def redeem(
        self, region: str, client: Client, code: str, redirect_uri: str, verifier: str = ""
    ) -> dict[str, Any]:
        """Exchange a code for tokens; a code of another region or client is unknown here."""
        grant = self.codes.get(code)
        if grant is None or grant.region != region or grant.client_id != client.id:
            raise TokenError("invalid_code")
        if grant.redirect_uri is not None and grant.redirect_uri != redirect_uri:
            raise TokenError("invalid_redirect_uri")
        del self.codes[code]
        if grant.expires < self.now() or not grant.is_proved_by(verifier):
            raise TokenError("invalid_code")
        owner = (grant.user_id, client.id)
        reply: dict[str, Any] = {}
        refresh = None
        if grant.offline and (grant.consent or owner not in self._granted):
            refresh = self._new_refresh(grant)
            reply["refresh_token"] = refresh.token
            self._granted.add(owner)
        access = self._new_access(grant.user_id, region, grant.scopes, refresh)
        return {"access_token": access, **reply}

    def renew(self, region: str, client: Client, token: str) -> dict[str, Any]:
        """A new access token for a refresh token, which stays the same."""
        refresh = self.refresh.get(token)
        if refresh is None or refresh.region != region or refresh.client_id != client.id:
            raise TokenError("invalid_code")
        now = self.now()
        refresh.times = [at for at in refresh.times if at > now - THROTTLE_WINDOW]
        limit = int(self._options.get("zoho_refreshes_per_window", REFRESHES_PER_WINDOW))
        if limit and len(refresh.times) >= limit:
            raise TokenError(
                "Access Denied",
                "You have made too many requests continuously. Please try again after some time.",
                400,
            )
        refresh.times.append(now)
        return {"access_token": self._new_access(refresh.user_id, region, refresh.scopes, refresh)}

    def revoke(self, token: str) -> bool:
        """Revoke a refresh token with its access tokens, or one access token."""
        refresh = self.refresh.pop(token, None)
        if refresh is None:
            return self.access.pop(token, None) is not None
        for access in refresh.access:
            self.access.pop(access, None)
        self._granted.discard((refresh.user_id, refresh.client_id))
        return True

    def revoke_all(self) -> int:
        """Revoke every grant."""
        tokens = list(self.refresh)
        for token in tokens:
            self.revoke(token)
        self.access.clear()
        return len(tokens)

    def expire_all(self) -> int:
        """End the life of every access token."""
        for access in self.access.values():
            access.expires = 0.0
        return len(self.access)

    def holder(self, region: str, token: str) -> Access | None:
        """The live access token, if it is one of this region."""
        access = self.access.get(token)
        if access is None or access.region != region or access.expires <= self.now():
            return None
        return access

    def _new_refresh(self, grant: Code) -> Refresh:
        mine = [token for token, held in self.refresh.items() if held.user_id == grant.user_id]
        if len(mine) >= REFRESH_PER_USER:
            self.revoke(mine[0])
        refresh = Refresh(_new_token(), grant.client_id, grant.user_id, grant.region, grant.scopes)
        self.refresh[refresh.token] = refresh
        return refresh

    def _new_access(
        self, user_id: str, region: str, scopes: tuple[str, ...], refresh: Refresh | None
    ) -> str:
        token = _new_token()
        self.access[token] = Access(
            user_id,
            region,
            scopes,
            self.now() + float(self._options.get("zoho_expires_in", ACCESS_LIFE)),
            refresh.token if refresh else "",
        )
        if refresh is not None:
            refresh.access = [held for held in refresh.access if held in self.access]
            refresh.access.append(token)
            while len(refresh.access) > ACCESS_PER_REFRESH:
                self.access.pop(refresh.access.pop(0), None)
        return token


def parse_scopes(raw: str) -> tuple[str, ...]:
    """Comma or space separated scopes; an unknown one is refused."""
    scopes = tuple(part for part in re.split(r"[,\s]+", raw) if part)
    if not scopes or not all(
        SCOPE.fullmatch(scope) or scope.lower() == FULL_ACCESS for scope in scopes
    ):
        raise TokenError("invalid_scope")
    return scopes


def _new_token() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
