"""What Procurify means by its errors, and who can do something about each.

Its error bodies are not published; every form that was seen, or that its framework is known for,
is read by one parser.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.transport.error_table import ErrorTable, Rule

KEY = "procurify"
TITLE = "Procurify"
# Our own code for a good answer that holds no list or record.
NO_LIST = "nothing_in_it"

_K = ErrorKind

RULES: tuple[Rule, ...] = (
    Rule(
        kind=_K.RATE_LIMITED,
        statuses=frozenset({429}),
        wait=timedelta(seconds=30),
        hint="Nothing to do: calls pause and go on by themselves. Lower calls per minute in the "
        "connection's settings if this happens often.",
    ),
    Rule(
        kind=_K.AUTHORISATION,
        statuses=frozenset({401}),
        hint="A Procurify administrator can check the application under Settings, Integrations; "
        "an owner or admin here enters its client id and secret again.",
    ),
    Rule(
        kind=_K.PERMISSION,
        statuses=frozenset({403}),
        hint="The application acts as the user who made it: a Procurify administrator must give "
        "that user's role access to this.",
    ),
    Rule(
        kind=_K.CONFIGURATION,
        statuses=frozenset(range(300, 400)),
        hint="The address answers with a redirect. An admin can check the subdomain and the other "
        "paths in the connection's settings.",
        writes=False,
    ),
)


def read_error(body: Any) -> tuple[str, str]:
    """Code and sentence of an error body, in whichever form it came."""
    if not isinstance(body, Mapping):
        return "", ""
    if body.get("error"):
        return str(body["error"]), str(body.get("error_description") or body["error"])
    text = body.get("detail") or body.get("message")
    if text:
        return str(body.get("code") or ""), str(text)
    errors = body.get("errors")
    return _fields(errors if isinstance(errors, Mapping) else body)


def _fields(errors: Mapping[str, Any]) -> tuple[str, str]:
    """``{"field": ["words"]}`` and ``{"null": {"message": …, "code": …}}``; null is the whole."""
    code, sentences = "", []
    for name, said in errors.items():
        if isinstance(said, Mapping):
            code = code or str(said.get("code") or "")
            words = str(said.get("message") or "")
        elif isinstance(said, list):
            words = " ".join(str(item) for item in said)
        else:
            continue
        sentences.append(words if name in ("null", "non_field_errors") else f"{name}: {words}")
    return code, "; ".join(sentences)


TABLE = ErrorTable(provider=KEY, title=TITLE, rules=RULES, read=read_error)


def refused(error: ProviderError) -> bool:
    """Whether a path itself was refused: not the account, not the pace, no gateway in trouble."""
    status = error.facts.status
    if error.facts.code == NO_LIST:
        return True
    if error.kind is _K.SUSPENDED:
        return False
    return status is not None and 300 <= status <= 500 and status not in (401, 429)


def suspended(error: ProviderError) -> ProviderError:
    """The error for an account that refuses every call, its own user's page included."""
    return ProviderError(
        ErrorFacts(
            kind=_K.SUSPENDED,
            message="Procurify refuses every call: the account is suspended, or the application's "
            "user was deactivated.",
            hint="A Procurify administrator must reactivate the user or ask Procurify's support. "
            "The connection resumes by itself.",
            provider=KEY,
            status=error.facts.status,
            code=error.facts.code,
        )
    )
