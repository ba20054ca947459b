"""Takes secrets out of whatever is about to be written down: text, mappings and lists.

It knows what secrets look like (headers, tokens, query and JSON values) and which names they go
by, not where they come from. Too much redaction is a nuisance, too little is an incident.
"""

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_NAMES = (
    "client_secret|refresh_token|access_token|id_token|api_key|apikey|password|passwd|secret|"
    "secret_key|credentials|authorization|proxy-authorization|cookie|set-cookie|x-api-key|"
    "sessionid|csrftoken|csrfmiddlewaretoken|code_verifier|assertion|token"
)
_SECRET_NAME = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)


def _rule(pattern: str, replacement: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE), replacement


_HEADERS = r"(?:proxy-)?authorization|(?:set-)?cookie"
_STRING = r"(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')"
_RULES = (
    # Authorization: Bearer abc, and Cookie: a=b; c=d - to the end of the line or the quote
    _rule(rf"({_HEADERS})(['\"]?\s*[:=]\s*)(['\"]?)[^'\"\r\n]+", rf"\1\2\3{REDACTED}"),
    _rule(r"\b(Bearer|Basic|Zoho-oauthtoken)\s+[^\s'\",;]+", rf"\1 {REDACTED}"),
    # {"access_token": "abc"} and its Python form
    _rule(rf"(['\"](?:{_NAMES})['\"]\s*:\s*){_STRING}", rf'\1"{REDACTED}"'),
    # ?client_secret=abc, and form bodies
    _rule(rf"\b((?:{_NAMES})=)[^&\s'\"<>]+", rf"\1{REDACTED}"),
    # `code` is also an account's or an error's; as a query value it is a consent's grant
    _rule(r"([?&]code=)[^&\s'\"<>]+", rf"\1{REDACTED}"),
    # postgresql://user:password@host
    _rule(r"(\w[\w+.-]*://[^\s/:@]*:)[^\s/@]+@", rf"\1{REDACTED}@"),
    # Zoho's tokens and grants, and signed JSON tokens, wherever they stand
    _rule(r"\b1000\.[0-9a-f]{8,}\.[0-9a-f]{8,}\b", REDACTED),
    _rule(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*", REDACTED),
)


def redact(value: Any) -> Any:
    """The same value without secrets; mappings, lists and tuples are copied, never changed."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, bytes):
        return _redact_text(value.decode(errors="replace"))
    if isinstance(value, Mapping):
        return {name: _redact_named(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner) for inner in value]
    return value


def _redact_named(name: Any, value: Any) -> Any:
    if isinstance(name, str) and value not in (None, "") and _SECRET_NAME.fullmatch(name):
        return REDACTED
    return redact(value)


def _redact_text(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
