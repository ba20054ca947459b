"""Zoho's eight data centres for Books: where each signs people in, answers calls and shows pages.

A region's name enters and addresses leave. No address from a redirect or a token reply is ever
used; they are only looked up here, so that a forged one leads nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from connectors.core.errors import BadInputError

API_PATH = "/books/v3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One data centre; ``aliases`` are other names for its API's host that replies use."""

    key: str
    title: str
    accounts: str
    api: str
    web: str
    aliases: frozenset[str]

    def knows_api(self, api_domain: str) -> bool:
        """Whether this address from a token reply belongs to the region."""
        return _bare(api_domain) in {_bare(self.api), *self.aliases}


def _region(key: str, title: str, accounts: str, api: str, web: str, *aliases: str) -> Region:
    return Region(
        key=key,
        title=title,
        accounts=f"https://{accounts}",
        api=f"https://{api}",
        web=f"https://{web}",
        aliases=frozenset(f"https://{alias}" for alias in aliases),
    )


REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        region.key: region
        for region in (
            _region("us", "United States", "accounts.zoho.com", "www.zohoapis.com",
                    "books.zoho.com", "api.zoho.com", "books.zoho.com"),
            _region("eu", "Europe", "accounts.zoho.eu", "www.zohoapis.eu",
                    "books.zoho.eu", "api.zoho.eu", "books.zoho.eu"),
            _region("in", "India", "accounts.zoho.in", "www.zohoapis.in",
                    "books.zoho.in", "api.zoho.in", "books.zoho.in"),
            _region("au", "Australia", "accounts.zoho.com.au", "www.zohoapis.com.au",
                    "books.zoho.com.au", "api.zoho.com.au", "books.zoho.com.au"),
            _region("jp", "Japan", "accounts.zoho.jp", "www.zohoapis.jp",
                    "books.zoho.jp", "api.zoho.jp", "books.zoho.jp"),
            _region("ca", "Canada", "accounts.zohocloud.ca", "www.zohoapis.ca",
                    "books.zohocloud.ca", "api.zohocloud.ca", "books.zohocloud.ca"),
            _region("cn", "China", "accounts.zoho.com.cn", "www.zohoapis.com.cn",
                    "books.zoho.com.cn", "api.zoho.com.cn", "books.zoho.com.cn"),
            _region("sa", "Saudi Arabia", "accounts.zoho.sa", "www.zohoapis.sa",
                    "books.zoho.sa", "api.zoho.sa", "books.zoho.sa"),
        )
    }
)  # fmt: skip

CHOICES = tuple((region.key, region.title) for region in REGIONS.values())


def region(key: str, sandbox_url: str = "") -> Region:
    """The region of that name, its addresses moved to the sandbox if one is given."""
    try:
        real = REGIONS[str(key).strip().lower()]
    except KeyError:
        raise BadInputError(
            f"{key!r} is no Zoho region that Zoho Books has. Choose one of {', '.join(REGIONS)}: "
            "it is in the address of your Zoho Books pages (books.zoho.eu is eu)."
        ) from None
    return _sandboxed(real, sandbox_url.rstrip("/")) if sandbox_url else real


def region_of_redirect(query: Mapping[str, str], default: str, sandbox_url: str = "") -> Region:
    """The user's region by the redirect's ``location`` and ``accounts-server``, which must agree.

    Without either the client is of a single data centre: ``default``, where it is registered.
    """
    server = query.get("accounts-server", "").strip()
    location = query.get("location", "").strip()
    by_server = _by_accounts_server(server, sandbox_url) if server else None
    by_location = region(location, sandbox_url) if location else None
    if by_server and by_location and by_server.key != by_location.key:
        raise BadInputError(
            f"Zoho's answer names two regions ({by_location.key} and {by_server.key}). "
            "Nothing was stored; start connecting again."
        )
    return by_server or by_location or region(default, sandbox_url)


def _by_accounts_server(server: str, sandbox_url: str) -> Region:
    for key in REGIONS:
        known = region(key, sandbox_url)
        if _bare(known.accounts) == _bare(server):
            return known
    raise BadInputError(
        "Zoho's answer names a sign-in server that is not one of Zoho Books' eight regions. "
        "Nothing was stored. If your account is in another region, tell the operator."
    )


def _sandboxed(real: Region, root: str) -> Region:
    place = f"{root}/zoho/{real.key}"
    return Region(
        key=real.key,
        title=real.title,
        accounts=f"{place}/accounts",
        api=f"{place}/api",
        web=f"{place}/web",
        aliases=frozenset(),
    )


def _bare(url: str) -> str:
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
