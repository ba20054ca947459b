"""Takes secrets out of whatever is about to be written down: text, mappings and lists.

It knows what secrets look like and which names they go by, not where they come from. Too much
redaction is a nuisance, too little is an incident. The time it takes grows with the text and no
faster, whatever the text: patterns begin at anchors, repeat a bounded number of times or give
nothing back, and nothing is looked at twice.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.core.secret_names import WORDS, is_secret_name
from connectors.core.secret_values import secret_span

REDACTED = "[redacted]"
# A longer text is cut before it is looked at; nobody reads that much of a log line.
MOST_CHARACTERS = 64_000
_CUT = "… [cut]"
# What is nested deeper is not shown at all: it may hold itself.
_DEEPEST = 20
_PAIR = 2
_LONG_WORD = 15

# A quote as it is, or as another layer wrote it: \", \\\", \u0022, &quot; and %22.
_QUOTE = r"(?:\\{0,63}+(?:[\"']|u002[27])|&quot;|&\#x?[0-9]{2};|%(?:25){0,4}2[27])"
# client_secret: x, "accessToken": "x", user[password]=x, secret%3Dx, ('Authorization', 'x')
_NAMED = re.compile(
    rf"(?P<word>{WORDS})(?P<closed>{_QUOTE}|\])?\s{{0,8}}+"
    r"(?P<sign>=>|:=|[:=,]|%(?:25){0,4}3[aAdD])(?P<space>\s{0,8}+)",
    re.IGNORECASE,
)
_FLAG = re.compile(rf"(?<!\S)(--[\w-]{{0,40}}?(?:{WORDS})[ \t]{{1,8}}+)[^\s-]\S*+", re.IGNORECASE)
_ELEMENT = re.compile(rf"(<[\w:.-]{{0,40}}?(?:{WORDS})>)[^<]*+", re.IGNORECASE)
_PART = re.compile(
    rf"(name={_QUOTE}[\w.-]{{0,40}}?(?:{WORDS}){_QUOTE}[^\r\n]{{0,200}}+(?:\r?\n){{2}})[^\r\n]*+",
    re.IGNORECASE,
)
# `code` is also an account's or an error's; as a query value it is a consent's grant.
_GRANT = re.compile(
    r"((?:[?&]|%(?:25){0,4}(?:3f|26))code(?:=|%(?:25){0,4}3d))[^&\s'\"<>]++", re.IGNORECASE
)
_SCHEME = re.compile(
    r"(?<![\w-])(Bearer|Basic|Zoho-oauthtoken)(\s{1,8}+)([^\s'\",;<>\\]++)", re.IGNORECASE
)
_URL = re.compile(r"(?<=[a-z0-9])(:(?:\\{0,15}+/){2})([^\s\"'<>]++)", re.IGNORECASE)
_WHOLE = re.compile(
    # Zoho's tokens and grants, signed JSON tokens, sealed values: wherever they stand, also cut off
    r"(?<![\w.])1000\.[0-9a-f]{8,}+\.[0-9a-f]{8,}+|(?<![\w.])1000\.[0-9a-f]{16,}+"
    r"|(?<![\w-])eyJ[\w-]{5,}+\.[\w.-]++|(?<![\w-])gAAAAA[\w-]{20,}+=*+",
    re.IGNORECASE,
)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_ENDS = "PRIVATE KEY-----"


def redact(value: Any) -> Any:
    """The same value without secrets; mappings, lists and tuples are copied, never changed.

    Texts are cut after ``MOST_CHARACTERS``, and say so.
    """
    return _redact(value, 0)


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _redact_capped(value)
    if isinstance(value, bytes | bytearray):
        return _redact_capped(bytes(value[: 4 * MOST_CHARACTERS]).decode(errors="replace"))
    if depth > _DEEPEST and isinstance(value, Mapping | list | tuple | set | frozenset):
        return _CUT
    if isinstance(value, Mapping):
        return {
            _redact_capped(name) if isinstance(name, str) else name: (
                REDACTED
                if is_secret_name(name) and value not in (None, "", True, False)
                else _redact(value, depth + 1)
            )
            for name, value in value.items()
        }
    if isinstance(value, list | tuple) and len(value) == _PAIR and is_secret_name(value[0]):
        # ("Authorization", "Bearer abc"), as headers and query strings are kept
        return [value[0], REDACTED]
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(inner, depth + 1) for inner in value]
    return value


def _redact_capped(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return redact_text(text)
    return redact_text(text[:MOST_CHARACTERS]) + _CUT


def redact_text(text: str) -> str:
    """One text of any length, without secrets."""
    for rule in _RULES:
        text = rule(text)
    return text


def _named(text: str) -> str:
    """Values by the name that stands before them, however they are quoted."""
    kept, done, at = [], 0, 0
    while (found := _NAMED.search(text, at)) is not None:
        span = secret_span(text, found)
        at = found.end() if span is None else span[1]
        if span is not None:
            kept += [text[done : span[0]], REDACTED]
            done = at
    return "".join([*kept, text[done:]])


def _scheme(found: re.Match[str]) -> str:
    scheme, space, token = found.groups()
    return f"{scheme}{space}{REDACTED}" if _is_token(scheme.lower(), token) else found[0]


def _is_token(scheme: str, token: str) -> bool:
    """“Bearer bonds” and “Basic Supplies Ltd” are words; a token has other signs or is long."""
    if scheme == "basic":
        try:
            return b":" in base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
        except ValueError:
            return False
    return scheme != "bearer" or not token.rstrip(".").isalpha() or len(token) > _LONG_WORD


def _url(found: re.Match[str]) -> str:
    """user:password@host, where the password may hold any sign."""
    sign, rest = found.groups()
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    if "@" not in rest[:end]:
        # A slash in the password; after a host stands a port, which is a number.
        _, colon, after = rest[:end].partition(":")
        if not colon or after.isdigit() or "@" not in rest:
            return found[0]
        end = len(rest)
    login, _, host = rest[:end].rpartition("@")
    user, colon, _ = login.partition(":")
    if not colon:
        return found[0]
    return f"{sign}{user}:{REDACTED}@{host}{rest[end:]}"


def _private_keys(text: str) -> str:
    kept, done = [], 0
    while (found := _KEY_BEGINS.search(text, done)) is not None:
        end = text.find(_KEY_ENDS, found.end())
        kept += [text[done : found.start()], REDACTED]
        done = len(text) if end < 0 else end + len(_KEY_ENDS)
    return "".join([*kept, text[done:]])


def _keeping_the_name(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: pattern.sub(rf"\1{REDACTED}", text)


_RULES: tuple[Callable[[str], str], ...] = (
    _private_keys,
    lambda text: _URL.sub(_url, text),
    _keeping_the_name(_PART),
    _named,
    _keeping_the_name(_FLAG),
    _keeping_the_name(_ELEMENT),
    _keeping_the_name(_GRANT),
    lambda text: _SCHEME.sub(_scheme, text),
    lambda text: _WHOLE.sub(REDACTED, text),
)
