"""The Zoho Books side, for what Procore owns: projects, made and changed one call at a time.

A step with its part enters, the project's state leaves. A project that is to be made is looked up
under our reference and by its name first, since Zoho Books may well take a second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.alignment import same_name
from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.records import Raw, TargetState
from connectors.core.upkeep import CREATE
from connectors.flows.zoho_books_to_procore.upkeep_projects import (
    ACTIVATE,
    ACTIVE,
    DEACTIVATE,
    INACTIVE,
    NAME,
    RENAME,
    STATUS,
)
from connectors.providers.zoho_books.records import project_state

_STATUSES = {ACTIVATE: ACTIVE, DEACTIVATE: INACTIVE}
# What Zoho Books asks for in each change of a project, besides what changes.
_KEPT = ("customer_id", "billing_type", "rate")


class ZohoProjectSink:
    """What the engine calls; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        if step.action == CREATE:
            return _create(client, part, step)
        project_id = str(step.body["id"])
        if step.action == RENAME:
            return _rename(client, project_id, str(step.body[NAME]))
        if step.action in _STATUSES:
            client.set_project_status(project_id, _STATUSES[step.action])
            # The answer is a sentence only.
            return _bare(project_id, part, _STATUSES[step.action])
        raise BadInputError(f"no step {step.action!r} for a project in Zoho Books")

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        """Steps of projects have no batch: Zoho Books takes one at a time."""
        raise BadInputError("projects of Zoho Books are written one by one")

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        if step.action == CREATE:
            return _created(client, part, step)
        state = _read(client, str(step.body["id"]))
        if state is None:
            return Conflict(
                words=f"Project {part.number} is no longer in Zoho Books. Restore it there and "
                "replay, post it anew, or dismiss this document."
            )
        field = NAME if step.action == RENAME else STATUS
        done = state.content[field] == step.body[field]
        return Found(state=state) if done else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The project as it stands; None when Zoho Books does not have it any more."""
        return _read(client, part.target_id)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """Where a project stands in Zoho's own pages is not documented."""
        del target_kind, target_id, profile
        return ""


def _create(client: Any, part: PartRef, step: Step) -> TargetState:
    if not isinstance(_created(client, part, step), Absent):
        raise _refused(part)
    return _written(client.create_project(step.body["row"]), part)


def _created(client: Any, part: PartRef, step: Step) -> Probe:
    """By our reference; one of the same name that does not carry it is somebody else's.

    Ours may be called otherwise by now: then it is renamed after it is linked.
    """
    name, alike = str(part.payload[NAME]), []
    for row in (row for page in client.projects() for row in page.rows):
        state = project_state(row)
        if part.reference in str(state.content["description"]).split():
            there = replace(state, reference=part.reference)
            return Found(state=there, as_meant=_says(there, step))
        if same_name(state.number, name, str(part.payload.get("number", ""))):
            alike.append(state.number)
    if alike:
        return Conflict(
            words=f"Zoho Books has a project {alike[0]} that was not made by this service. Link "
            "the two in the mapping, or dismiss this document."
        )
    return Absent()


def _says(state: TargetState, step: Step) -> bool:
    """Whether the project says every field that a creation sends, and is as active as that made it.

    White space in a text is Zoho's own.
    """
    said = {**step.body["row"], STATUS: step.status}
    return all(
        str(state.content.get(name) or "").split() == str(value or "").split()
        for name, value in said.items()
    )


def _refused(part: PartRef) -> ProviderError:
    """A refusal of our own: what stands there is then looked at, and adopted or held."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Zoho Books has a project {part.number} already.",
            hint="Nothing was written.",
            provider="zoho_books",
        )
    )


def _rename(client: Any, project_id: str, name: str) -> TargetState:
    """The name alone changes; the rest goes along as it stands there at this moment."""
    there = project_state(client.project(project_id)).content
    kept = {field: there[field] for field in _KEPT if there[field] and not _is_zero(there[field])}
    return _written(client.update_project(project_id, {**kept, NAME: name}), None)


def _is_zero(value: str) -> bool:
    """A rate of nothing is none: it is not sent, and an id is never zero."""
    return value.replace(".", "").strip("0") == ""


def _written(raw: Raw, part: PartRef | None) -> TargetState:
    try:
        state = project_state(raw)
    except BadInputError as error:
        raise UnknownOutcomeError(
            ErrorFacts(
                kind=ErrorKind.UNKNOWN_OUTCOME,
                message=f"Zoho Books wrote the project, but its answer is unreadable: {error}",
                provider="zoho_books",
            )
        ) from error
    return state if part is None else replace(state, reference=part.reference)


def _read(client: Any, project_id: str) -> TargetState | None:
    try:
        return project_state(client.project(project_id))
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None


def _bare(project_id: str, part: PartRef, status: str) -> TargetState:
    return TargetState(
        target_id=project_id,
        number=str(part.payload[NAME]),
        status=status,
        total=None,
        currency="",
    )
