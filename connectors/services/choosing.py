"""Which organisation or company it is, where a provider lets us into several: a person chooses.

A connection with its profile enters; what is offered leaves, or the connection with the choice.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.errors import BadInputError
from connectors.models import Connection
from connectors.services import connections
from connectors.transport.provider import ProviderSpec

Choices = list[tuple[str, str]]


def offers(connection: Connection, spec: ProviderSpec) -> tuple[str, Choices]:
    """The setting that a profile leaves to a person, and its (value, name) choices."""
    for field in spec.setting_fields:
        for found in connection.profile.values():
            rows = _rows_with(field.name, found)
            if rows:
                return field.name, [
                    (str(row[field.name]), f"{row.get('name')} ({row[field.name]})") for row in rows
                ]
    return "", []


def _rows_with(setting: str, found: Any) -> list[Mapping[str, Any]]:
    """A list of the profile whose rows answer the setting, whatever the provider calls it."""
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, Mapping) and setting in row]


def is_open(connection: Connection, spec: ProviderSpec) -> bool:
    """Whether something is offered and nothing chosen yet: no error, but the next step."""
    setting, choices = offers(connection, spec)
    return bool(choices) and not connection.settings.get(setting)


def label(connection: Connection, spec: ProviderSpec) -> str:
    """What is to be chosen, as its form calls it."""
    setting, _ = offers(connection, spec)
    return next((field.label for field in spec.setting_fields if field.name == setting), "Which?")


def words(connection: Connection, spec: ProviderSpec) -> str:
    """What a person does next: “Choose an organisation.”"""
    kind = label(connection, spec).removesuffix(" ID")
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    return f"Choose {article} {kind[:1].lower()}{kind[1:]}."


def choose(
    connection: Connection, *, spec: ProviderSpec, chosen: str, actor: str
) -> tuple[str, bool]:
    """Take what was offered and test it at once; returns what that says, and whether it works."""
    setting, choices = offers(connection, spec)
    if not choices:
        first = "Authorise" if spec.consent is not None else "Test"
        raise BadInputError(f"Nothing is offered yet. {first} the connection first.")
    names = dict(choices)
    if chosen not in names:
        raise BadInputError("Choose one of those that are offered.")
    settings = {**connection.settings, setting: chosen}
    connections.change(connection, spec=spec, settings=settings, actor=actor)
    findings = connections.ping(connection, spec=spec, actor=actor)
    wrong = [finding.words for finding in findings if not finding.ok]
    if wrong:
        return f"Chosen: {names[chosen]}. It does not work yet: {' '.join(wrong)}", False
    return f"Chosen: {names[chosen]}. Everything can be read.", True
