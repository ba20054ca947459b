"""What Zoho Books means by its errors, and who can do something about each.

Its bodies are ``{"code": n, "message": "…"}`` with any status; several numbers are only known by
their sentences, so those are matched too.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.transport.error_table import ErrorTable, Rule

KEY = "zoho_books"
TITLE = "Zoho Books"

_DUPLICATE = (
    r"already been created|number .{0,200}already exists|already exists.{0,200}number|already taken"
)
_LOCKED = (
    r"transaction lock|locked (?:period|transaction)|(?:period|transactions?|date) .{0,200}\block"
)
_K = ErrorKind
# Sentences are believed of answers that are sure refusals; a 500 stays a 500 whatever it says.
_SURE = frozenset({*range(200, 300), *range(400, 500)})

RULES: tuple[Rule, ...] = (
    Rule(
        kind=_K.RATE_LIMITED,
        codes=frozenset({"44"}),
        wait=timedelta(seconds=60),
        hint="Nothing to do: calls pause for a minute. Lower calls per minute in the connection's "
        "settings if other programs use this organisation's API too.",
    ),
    Rule(
        kind=_K.RATE_LIMITED,
        codes=frozenset({"45"}),
        wait=timedelta(hours=1),
        hint="The plan's API calls for today are used up. An admin can choose a slower schedule, "
        "or a larger Zoho Books plan.",
    ),
    Rule(
        kind=_K.RATE_LIMITED,
        codes=frozenset({"1070"}),
        wait=timedelta(seconds=5),
        hint="Nothing to do: too many calls ran at once, they go on by themselves.",
    ),
    Rule(
        kind=_K.AUTHORISATION,
        codes=frozenset({"14"}),
        hint="An owner or admin of this tenant must reconnect Zoho Books.",
    ),
    Rule(
        # The token was renewed before this row is asked, so it is not an expired one.
        kind=_K.PERMISSION,
        codes=frozenset({"57"}),
        hint="The Zoho user's role, or the consent, does not cover this. A Zoho Books admin must "
        "allow it to that user; then an owner or admin here reconnects.",
    ),
    Rule(
        kind=_K.CONFIGURATION,
        codes=frozenset({"6041", "9017"}),
        hint="The connected Zoho user does not belong to the chosen organisation. An admin must "
        "choose another organisation here, or add the user to it in Zoho Books.",
    ),
    Rule(
        kind=_K.SUSPENDED,
        codes=frozenset({"103001"}),
        hint="A Zoho Books owner must choose a plan; the connection then resumes by itself.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_SURE,
        codes=frozenset({"3062"}),
        hint="A contact of this name exists. Map the vendor to it, or rename one of the two.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_SURE,
        codes=frozenset({"15"}),
        hint="Shorten that text at the source, and it is posted by itself; or dismiss the "
        "document.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_SURE,
        says=_LOCKED,
        writes=True,
        hint="The period is closed in Zoho Books. An accountant can unlock it there, or give the "
        "record a later posting date at the source.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_SURE,
        says=_DUPLICATE,
        writes=True,
        hint="Zoho Books has a record of this number. Compare the two and decide which stays.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=_SURE,
        says=r"\blocation(?:_id)?\b",
        writes=True,
        hint="Test the Zoho Books connection: it finds the location that records belong to, or an "
        "admin chooses it in the settings. Then replay the document.",
    ),
    Rule(
        kind=_K.NOT_FOUND,
        codes=frozenset({"1002"}),
        writes=False,
        hint="It was deleted in Zoho Books, or belongs to another organisation.",
    ),
    Rule(
        kind=_K.NOT_FOUND,
        statuses=frozenset({400, 404}),
        says=r"does not exist",
        writes=False,
        hint="It was deleted in Zoho Books, or belongs to another organisation.",
    ),
    Rule(
        kind=_K.REJECTED,
        statuses=frozenset({200, 201, 400}),
        says=r"does not exist",
        hint="Something that the record refers to was deleted in Zoho Books: check its vendor, "
        "accounts and taxes on the mapping page.",
    ),
    # 2xx with a code of its own is a refusal too: nothing was done.
    Rule(
        kind=_K.REJECTED,
        writes=True,
        statuses=frozenset(range(200, 300)),
        hint="Correct the record at the source, or its mapping here, and run it again.",
    ),
)


def read_error(body: Any) -> tuple[str, str]:
    """Code and sentence of an error body."""
    if not isinstance(body, Mapping):
        return "", ""
    code = body.get("code")
    return "" if code is None else str(code), str(body.get("message") or "")


def refuses(body: Any) -> bool:
    """Whether the body of a 2xx answer says no: a good one has code 0, or none at all."""
    code = body.get("code") if isinstance(body, Mapping) else None
    return str(code or 0) not in ("0", "0.0")


TABLE = ErrorTable(provider=KEY, title=TITLE, rules=RULES, read=read_error, refuses=refuses)


def perhaps_for(error: ProviderError, words: str) -> ProviderError:
    """A refusal whose cause Zoho's sentence need not name, with what else may be behind it."""
    facts = error.facts
    named = is_duplicate_number(facts) or is_closed_period(facts) or facts.code in ("15", "3062")
    if facts.kind is not _K.REJECTED or not words or named:
        return error
    return ProviderError(replace(facts, hint=f"{facts.hint} Perhaps: {words}".strip()))


def is_duplicate_number(facts: ErrorFacts) -> bool:
    """Whether Zoho refused because a record of this number is there already."""
    return (
        facts.kind is _K.REJECTED
        and re.search(_DUPLICATE, facts.message, re.IGNORECASE) is not None
    )


def is_closed_period(facts: ErrorFacts) -> bool:
    """Whether Zoho refused because of a transaction lock."""
    return (
        facts.kind is _K.REJECTED and re.search(_LOCKED, facts.message, re.IGNORECASE) is not None
    )
