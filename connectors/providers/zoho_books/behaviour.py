"""What a Zoho Books account does that its documentation leaves open, asked by harmless reads.

A client enters; answers leave that are kept with the connection, with a finding for each.
"""

from collections.abc import Sequence

from connectors.core.answers import Answer
from connectors.core.errors import ConnectorError
from connectors.core.reading import is_true, plain_text
from connectors.core.records import Raw
from connectors.providers.zoho_books.client import MANDATORY_TAGS, ZohoBooksClient
from connectors.transport.findings import why
from connectors.transport.provider import Finding, Settings

LOCATION, CALLS_PER_DAY = "location", "calls_per_day"


def ask(client: ZohoBooksClient, settings: Settings) -> list[Finding]:
    """Ask for locations and reporting tags; what Zoho will not tell stops nothing."""
    findings = []
    try:
        findings.append(_told(client, _location(client.locations(), settings)))
    except ConnectorError as error:
        words = f"Zoho Books tells no locations now, so {_as_before(client)}. {why(error)}"
        findings.append(Finding(name=LOCATION, ok=True, words=words))
    try:
        findings.append(_told(client, _mandatory_tags(client.reporting_tags())))
    except ConnectorError as error:
        words = f"Zoho Books does not tell whether reporting tags are mandatory. {why(error)}"
        findings.append(Finding(name=MANDATORY_TAGS, ok=True, words=words))
    return findings


def allowance(limit: int) -> Answer:
    """The calls of a day, as each answer's headers say them."""
    return Answer(
        name=CALLS_PER_DAY, value=limit, words=f"Zoho Books allows {limit:,} calls a day."
    )


def offered_locations(client: ZohoBooksClient) -> list[dict[str, str]]:
    """The locations that a person may choose from; none where Zoho tells none."""
    try:
        rows = client.locations()
    except ConnectorError:
        return []
    return [{"id": _id(row), "name": _name(row)} for row in rows if _id(row)]


def _as_before(client: ZohoBooksClient) -> str:
    """What becomes of records while nothing new is told: an answer of an earlier test counts."""
    if client.told(LOCATION):
        return "records are posted to the location that an earlier test found"
    return "records are posted without one"


def _told(client: ZohoBooksClient, answer: Answer) -> Finding:
    client.learn(answer)
    return Finding(name=answer.name, ok=True, words=answer.words)


def _location(rows: Sequence[Raw], settings: Settings) -> Answer:
    """Where records are posted: Zoho wants it said in organisations of several locations."""
    rows = [row for row in rows if _id(row)]
    if len(rows) < 2:
        words = "This organisation has one location at most: records are posted without naming it."
        return Answer(name=LOCATION, value="", words=words)
    chosen = str(settings.get("location_id") or "")
    if chosen:
        wanted = [row for row in rows if _id(row) == chosen]
    else:
        wanted = [row for row in rows if is_true(row.get("is_primary"))]
    if not wanted:
        names = ", ".join(_name(row) for row in rows)
        words = (
            f"This organisation has several locations ({names}). Choose one in the connection's "
            "settings: Zoho Books may refuse records that name none."
        )
        return Answer(name=LOCATION, value="", words=words)
    words = f"Records are posted to the location {_name(wanted[0])}, one of {len(rows)}."
    return Answer(name=LOCATION, value=_id(wanted[0]), words=words)


def _mandatory_tags(rows: Sequence[Raw]) -> Answer:
    names = [
        plain_text(row.get("tag_name")) or "one without a name"
        for row in rows
        if is_true(row.get("is_mandatory")) and is_true(row.get("is_active"), True)
    ]
    if not names:
        words = "No reporting tag is mandatory."
    else:
        words = (
            f"Mandatory reporting tags: {', '.join(names)}. What is posted carries none, so Zoho "
            "Books may refuse it. A Zoho Books admin can make them optional on bills and orders."
        )
    return Answer(name=MANDATORY_TAGS, value=len(names), words=words)


def _id(row: Raw) -> str:
    return plain_text(row.get("location_id"))


def _name(row: Raw) -> str:
    return plain_text(row.get("location_name")) or _id(row)
