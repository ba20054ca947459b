"""What Procore means by its errors, and who can do something about each.

Its bodies have half a dozen shapes, old and new side by side; one reader makes a sentence of any.
Duplicates and locks come as 400, 409 or 422, so they are known by their words.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.redaction import redact
from connectors.providers.procore.limits import reset_in
from connectors.transport.error_table import ErrorTable, Rule

KEY = "procore"
TITLE = "Procore"

_K = ErrorKind
_LONGEST = 400
_ALREADY = r"\balready\b|(?<!not )\bbeen (?:added|taken)\b|^(?!.*\b(?:no|not)\b).*\bexists\b"
_ORIGIN_TAKEN = r"origin[_ ]id\b.{0,80}(?:unique|taken|already|exists|in use)"
_LOCKED = (
    r"\block|(?:cannot|can't|can not|may not|must not)\b.{0,80}\b(?:approved|complete)\b"
    r"|\b(?:approved|complete)\b.{0,80}\b(?:cannot|can't|can not|not allowed|not be|must be draft)"
)
_INVOICED = r"\b(?:invoices?|invoiced|requisitions?|payments?)\b"
_NO_COMPANY = r"missing procore-company-id"
_NOT_CONNECTED = (
    r"app\b.{0,80}\bnot\b.{0,80}\b(?:connected|installed)\b|not connected to this company"
)
# Sentences are believed of answers that are sure refusals; a 500 stays a 500 whatever it says.
_REFUSALS = frozenset({400, 406, 409, 413, 422})
_ALREADY_THERE = frozenset({400, 409, 422})
_CLIENT_ERRORS = frozenset(range(400, 500)) - {401, 408, 429}

RULES: tuple[Rule, ...] = (
    Rule(
        kind=_K.RATE_LIMITED,
        statuses=frozenset({429}),
        wait=timedelta(seconds=60),
        hint="Nothing to do: calls pause until Procore's limit resets. Lower the calls per hour in "
        "the connection's settings if other programs use this application too.",
    ),
    Rule(
        kind=_K.CONFIGURATION,
        statuses=_CLIENT_ERRORS,
        says=_NO_COMPANY,
        hint="Enter the company ID in the connection's settings: it is in the address of the "
        "company's pages in Procore.",
    ),
    Rule(
        kind=_K.CONFIGURATION,
        statuses=frozenset({403}),
        says=_NOT_CONNECTED,
        hint="A Procore company administrator must install the application under App Management; "
        "or an admin here chooses the company where it is installed.",
    ),
    Rule(
        kind=_K.AUTHORISATION,
        statuses=frozenset({401}),
        hint="An owner or admin of this tenant must enter the client ID and secret again; a "
        "Procore developer can check that the application still exists.",
    ),
    Rule(
        kind=_K.PERMISSION,
        statuses=frozenset({403}),
        hint="A Procore administrator must permit the project to the application again (App "
        "Management, after each update of the app), turn the project's tool on, or accept the "
        "permissions that the app asks for.",
    ),
    Rule(
        kind=_K.NOT_FOUND,
        statuses=frozenset({404, 410}),
        hint="It was deleted in Procore, or the application may not see it.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_REFUSALS,
        says=_ORIGIN_TAKEN,
        hint="Another record in this Procore company carries our reference. Compare the two and "
        "decide which stays.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_REFUSALS,
        says=_LOCKED,
        hint="The record is locked in Procore: a project member with the right to do so can set it "
        "back to Draft.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=frozenset({409}),
        hint="Procore has such a record already, or it was changed meanwhile. Compare the two.",
    ),
)


def read_error(body: Any) -> tuple[str, str]:
    """Code and sentence of an error body, in whichever shape it came."""
    if isinstance(body, str | list):
        return "", _sentence(body)
    if not isinstance(body, Mapping):
        return "", ""
    inner = body.get("error")
    if isinstance(inner, Mapping):
        return _standard(inner)
    if body.get("errors"):
        return _text(body.get("code")), _sentence(body["errors"])
    if inner and body.get("error_description"):
        return _text(inner), _text(body["error_description"])
    words = [_text(body.get(name)) for name in ("message", "reason", "error")]
    field = _text(body.get("fields"))
    said = _joined([*words, f"field {field}" if field and any(words) else ""])
    return _text(body.get("code")), said


def _standard(error: Mapping[str, Any]) -> tuple[str, str]:
    """``{"code", "message", "details": [{"reason_code"|"code", "message", "source"}]}``."""
    details = error.get("details")
    said = [
        _joined([_text(row.get("source")), _text(row.get("message")) or _reason(row)], ": ")
        for row in (details if isinstance(details, list) else [])
        if isinstance(row, Mapping)
    ]
    whole = _text(error.get("message")) or _text(error.get("reason")) or _text(error.get("code"))
    return _text(error.get("code")), _joined([whole, "; ".join(filter(None, said))], ": ")


def _reason(row: Mapping[str, Any]) -> str:
    return _text(row.get("reason_code")) or _text(row.get("code"))


def _sentence(errors: Any, field: str = "") -> str:
    """Whatever stands under ``errors``: a text, texts, or texts by field, nested or not."""
    if isinstance(errors, Mapping):
        parts = [
            _sentence(said, "" if name == "base" else str(name)) for name, said in _all(errors)
        ]
        inner = "; ".join(filter(None, parts))
        return f"{field} ({inner})" if field and inner else inner
    if isinstance(errors, list | tuple):
        return "; ".join(filter(None, (_sentence(said, field) for said in errors)))
    words = _text(errors)
    return f"{field} {words}" if field and words else words


def _all(errors: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The members of an object of errors; one that describes itself says it in one of them."""
    for name in ("message", "detail"):
        if isinstance(errors.get(name), str):
            return [("base", errors[name])]
    return errors.items()


def _text(value: Any) -> str:
    if value is None or isinstance(value, Mapping | list | bool):
        return ""
    return str(value).strip()[:_LONGEST]


def _joined(texts: Iterable[str], between: str = ", ") -> str:
    """Texts in one sentence, none of them twice."""
    kept: list[str] = []
    for text in texts:
        if text and text not in kept:
            kept.append(text)
    return between.join(kept)


TABLE = ErrorTable(provider=KEY, title=TITLE, rules=RULES, read=read_error, resets=reset_in)


def row_error(row: Mapping[str, Any]) -> ProviderError:
    """The refusal of one row of a batch that went through as a whole."""
    code, said = read_error({"errors": row.get("errors") or row.get("error")})
    rules = (rule for rule in RULES if rule.kind is _K.REJECTED and rule.says)
    rule = next((rule for rule in rules if re.search(rule.says, said, re.IGNORECASE)), None)
    hint = rule.hint if rule is not None else _CORRECT
    message = f"{TITLE} said: {said or 'this row was refused, without a reason'}"
    return ProviderError(
        ErrorFacts(
            kind=_K.REJECTED, message=str(redact(message)), hint=hint, provider=KEY, code=code
        )
    )


_CORRECT = "Correct the record at the source, or its mapping here, and run it again."


def is_already_there(facts: ErrorFacts) -> bool:
    """Whether Procore refused to make what is there already."""
    return facts.status in _ALREADY_THERE and (
        re.search(_ALREADY, facts.message, re.IGNORECASE) is not None
    )


def is_origin_taken(facts: ErrorFacts) -> bool:
    """Whether Procore refused because another record carries the origin id."""
    return _refused_for(facts, _ORIGIN_TAKEN)


def is_locked(facts: ErrorFacts) -> bool:
    """Whether Procore refused because the record is approved or otherwise locked."""
    return _refused_for(facts, _LOCKED)


def is_invoiced(facts: ErrorFacts) -> bool:
    """Whether Procore refused because money has moved on the record."""
    return _refused_for(facts, _INVOICED)


def _refused_for(facts: ErrorFacts, words: str) -> bool:
    return facts.kind is _K.REJECTED and re.search(words, facts.message, re.IGNORECASE) is not None
