"""A status that Procore did not take: a workflow may own it, and people there decide.

A client, a part and its step enter; the error leaves that says whom the commitment waits for.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.core.decisions import Step
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore.plan import APPROVE, CLOSE, REOPEN
from connectors.flows.zoho_books_to_procore.words import CLOSED, DRAFT, PENDING

STATUS_STEPS = frozenset({APPROVE, CLOSE, REOPEN})
KEY = "workflow"


def with_workflow(client: Any, state: TargetState) -> TargetState:
    """What stands there, with whom it waits for where a workflow has not approved it yet."""
    found = client.workflow_of(state.target_id) if state.status in PENDING else None
    if found is None:
        return state
    return replace(state, content={**state.content, KEY: str(found)})


def took(step: Step, state: TargetState) -> bool:
    """Whether an answer says the status that was asked for."""
    if step.action == APPROVE:
        return state.status not in (DRAFT, CLOSED)
    return step.action not in STATUS_STEPS or state.status == step.status


def refused(client: Any, part: PartRef, step: Step, error: ProviderError) -> ProviderError:
    """A refused status, told as the workflow that owns it, if one does."""
    if step.action not in STATUS_STEPS or error.kind is not ErrorKind.REJECTED:
        return error

    def look() -> ProviderError:
        found = client.workflows_of(part.target_id)
        if found is None and "workflow" in error.facts.message.casefold():
            client.learn_of_workflows()
        workflow = client.workflow_of(part.target_id) if found is None else next(iter(found), None)
        return error if workflow is None else _owned(part, step, str(workflow))

    return _after_looking(part, look)


def ignored(client: Any, part: PartRef, step: Step, status: str) -> ProviderError:
    """A status that was answered with success, but not set."""

    def look() -> ProviderError:
        found = client.workflows_of(part.target_id)
        if found is None:
            client.learn_of_workflows()
            found = [client.workflow_of(part.target_id)]
        return _owned(part, step, str(found[0])) if found else _left(part, step, status)

    return _after_looking(part, look)


def _after_looking(part: PartRef, look: Callable[[], ProviderError]) -> ProviderError:
    """What a look says. One that is not possible now must not undo what the call did for others."""
    at: datetime | None
    try:
        return look()
    except RetryLater as later:
        why, at = later.why, later.at
    except ProviderError as error:
        why, at = error.facts.message, error.facts.retry_at
    facts = ErrorFacts(
        kind=ErrorKind.TRANSIENT,
        message=f"Commitment {part.number} did not get its status, and why is not known yet: {why}",
        hint="Nothing to do: it is looked at again.",
        provider="procore",
        retry_at=at,
    )
    return ProviderError(facts)


def _left(part: PartRef, step: Step, status: str) -> ProviderError:
    wish = "Approve it" if step.action == APPROVE else f"Set it to {step.status}"
    return _error(
        ErrorKind.REJECTED,
        f"Procore was asked to set commitment {part.number} to {step.status}, but left it at "
        f"{status}.",
        f"{wish} there and replay this document, or dismiss it.",
    )


def _owned(part: PartRef, step: Step, workflow: str) -> ProviderError:
    """An approval is waited for, by a decision that looks first; anything else a person does."""
    words = f"Commitment {part.number}: {workflow}."
    if step.action == APPROVE:
        return _error(ErrorKind.TRANSIENT, words, "It is looked at again.")
    hint = f"Have it set to {step.status} there and replay this document, or dismiss it."
    return _error(ErrorKind.REJECTED, words, hint)


def _error(kind: ErrorKind, message: str, hint: str) -> ProviderError:
    return ProviderError(ErrorFacts(kind=kind, message=message, hint=hint, provider="procore"))
