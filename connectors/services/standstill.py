"""Says in words why an integration stands still, until when, and what is kept waiting meanwhile.

An integration enters, sentences leave; nothing is changed. Call it inside a scope that may read.
"""

from django.db.models import Q

from connectors.core import clock
from connectors.core.states import State
from connectors.engine import rest
from connectors.models import Connection, Document, InboxEvent, Integration


def sentences(integration: Integration) -> list[str]:
    """Why nothing is posted now; empty where nothing keeps it."""
    resting = [words for end in _ends(integration) if (words := rest_of(end))]
    if resting:
        return resting
    if not integration.enabled:
        return [_paused(integration)]
    if integration.reads_after is not None:
        return ["The source is read again before anything is posted."]
    return []


def rest_of(connection: Connection) -> str:
    """Until when the connection rests; empty where it does not."""
    until = connection.resting_until
    return rest.words(connection) if until is not None and until > clock.now() else ""


def _ends(integration: Integration) -> list[Connection]:
    both = (integration.source, integration.target)
    return list({connection.pk: connection for connection in both}.values())


def _paused(integration: Integration) -> str:
    documents = Document.objects.filter(integration=integration)
    waits = [
        (documents.filter(state=State.DUE).count(), "to be posted"),
        (documents.filter(state=State.UNCONFIRMED).count(), "to be looked up at the target"),
    ]
    said = [f"{_several(number, 'document')} {what}" for number, what in waits if number]
    ends = Q(connection=integration.source_id) | Q(connection=integration.target_id)
    hints = InboxEvent.objects.filter(ends, status=InboxEvent.Status.PENDING).count()
    said += [f"{_several(hints, 'webhook')} to be followed"] if hints else []
    kept = f"Kept waiting: {', '.join(said)}." if said else "Nothing is kept waiting."
    return f"Paused: nothing is posted until somebody resumes it. {kept}"


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
