"""Colours and names of states, healths and outcomes: one table for lists, details and overview."""

from django.urls import reverse
from django.utils.safestring import SafeString

from connectors.core.states import State
from connectors.models import Document, Health, InboxEvent, Outcome, Run
from tenants.staff import shown
from tenants.staff.shown import plain as plain

STATES: dict[str, str] = {
    State.DUE: "busy",
    State.WAITING: "warn",
    State.HELD: "bad",
    State.DELIVERING: "busy",
    State.UNCONFIRMED: "warn",
    State.POSTED: "good",
    State.CANCELLED: "neutral",
    State.NOT_APPLICABLE: "neutral",
    State.DISMISSED: "neutral",
}
# In the order in which people ask: what needs somebody first, what is settled last.
STATE_ORDER: tuple[State, ...] = (
    State.HELD,
    State.WAITING,
    State.UNCONFIRMED,
    State.DUE,
    State.DELIVERING,
    State.POSTED,
    State.CANCELLED,
    State.NOT_APPLICABLE,
    State.DISMISSED,
)
HEALTHS: dict[str, str] = {
    Health.NEW: "neutral",
    Health.READY: "good",
    Health.NEEDS_AUTHORISATION: "bad",
    Health.SUSPENDED: "warn",
    Health.MISCONFIGURED: "bad",
}
RUNS: dict[str, str] = {
    Run.Status.QUEUED: "neutral",
    Run.Status.RUNNING: "busy",
    Run.Status.FINISHED: "good",
    Run.Status.FAILED: "bad",
}
INBOX: dict[str, str] = {
    InboxEvent.Status.PENDING: "busy",
    InboxEvent.Status.DONE: "good",
    InboxEvent.Status.IGNORED: "neutral",
}
OUTCOMES: dict[str, str] = {
    Outcome.Result.DONE: "good",
    Outcome.Result.FOUND: "good",
    Outcome.Result.REFUSED: "bad",
    Outcome.Result.CONFLICT: "bad",
    Outcome.Result.UNKNOWN: "warn",
    Outcome.Result.LATE: "warn",
    Outcome.Result.NOT_SENT: "neutral",
    Outcome.Result.ABSENT: "neutral",
}


def document_name(document: Document) -> str:
    """“bill INV-51”; the source's own key where it has no number."""
    return f"{plain(document.stream)} {document.number or document.key}"


def document_url(document: Document) -> str:
    return reverse("admin:connectors_document_change", args=[document.pk])


def state(value: str) -> SafeString:
    return shown.badge(plain(value), STATES.get(value, "neutral"))


def run_status(run: Run) -> SafeString:
    return shown.badge(run.get_status_display(), RUNS.get(run.status, "neutral"))


def health(value: str, text: str) -> SafeString:
    return shown.badge(text, HEALTHS.get(value, "neutral"))


def inbox_status(event: InboxEvent) -> SafeString:
    return shown.badge(event.get_status_display(), INBOX.get(event.status, "neutral"))
