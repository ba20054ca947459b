"""Commitments in Procore: does one step, for several documents in one call where it can be.

A step with its part enters, the commitment's state leaves. A commitment is looked up under its
origin id, deleted ones included, before it is created; who asks for a probe is not decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.decisions import Probe, Step
from connectors.core.errors import BadInputError, ErrorFacts, ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import Raw, TargetState
from connectors.flows.zoho_books_to_procore import probing, workflow, writing
from connectors.flows.zoho_books_to_procore.long_texts import naming_fields
from connectors.flows.zoho_books_to_procore.plan import (
    ADD_VENDOR,
    APPROVE,
    CLOSE,
    CREATE,
    DELETE,
    LINES,
    MARK,
    PRUNE,
    PRUNE_ALL,
    REOPEN,
    UPDATE,
)
from connectors.providers.procore.records import contract_state

_SYNCED = frozenset({CREATE, UPDATE, REOPEN, APPROVE, CLOSE})
Pair = tuple[PartRef, Step]


class CommitmentSink:
    """Commitments, step by step; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        """One step of one commitment."""
        if step.action in _SYNCED or step.action == ADD_VENDOR:
            (result,) = self.perform_batch(client, [(part, step)])
            if isinstance(result, ProviderError):
                raise result
            return result
        if step.action == LINES:
            return writing.put_lines(client, part)
        if step.action in (PRUNE, PRUNE_ALL):
            return writing.prune(client, part, everything=step.action == PRUNE_ALL)
        if step.action == DELETE:
            return writing.delete(client, part)
        if step.action == MARK:
            return writing.mark(client, part)
        raise BadInputError(f"no step {step.action!r} for a commitment in Procore")

    def perform_batch(
        self, client: Any, items: Sequence[Pair]
    ) -> Sequence[TargetState | ProviderError]:
        """One call for all; each gets its own result, in their order."""
        if all(step.action == ADD_VENDOR for _, step in items):
            part = items[0][0]
            client.add_project_vendor(part.part, part.vendor_key)
            return [writing.nothing_made(part) for part, _ in items]
        return _sync(client, items)

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        return probing.probe(client, part, step)

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The commitment as it stands, or as deleted; None when Procore does not know it.

        Of one that is not approved it says whether a workflow has that to decide.
        """
        state = probing.read(client, part)
        return state and workflow.with_workflow(client, state)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """Where a person sees it; empty while its company or project (the part) is not known."""
        del target_kind
        root, company, part = (
            str(profile.get(name) or "") for name in ("web_root", "company_id", "part")
        )
        if not (root and company and part and target_id):
            return ""
        tool = f"companies/{company}/projects/{part}/tools/contracts/commitments"
        return f"{root}/webclients/host/{tool}/purchase_order_contracts/{target_id}"


def _sync(client: Any, items: Sequence[Pair]) -> list[TargetState | ProviderError]:
    """Rows of one project's commitments. What is there already is not created over."""
    project_id = items[0][0].part
    standing = _standing(client, project_id, items)
    rows = [(part, step) for part, step in items if part.reference not in standing]
    answers = iter(
        client.sync_contracts(project_id, [_row(part, step) for part, step in rows]) if rows else ()
    )
    results: list[TargetState | ProviderError] = []
    for part, step in items:
        if part.reference in standing:
            results.append(_stands_already(part))
            continue
        answer = next(answers)
        if isinstance(answer, ProviderError):
            refused = workflow.refused(client, part, step, answer)
            results.append(naming_fields(refused, _row(part, step)))
            continue
        written = _written(part, step, answer)
        if isinstance(written, TargetState) and not workflow.took(step, written):
            written = workflow.ignored(client, part, step, written.status)
        results.append(written)
    return results


def _standing(client: Any, project_id: str, items: Sequence[Pair]) -> set[str]:
    """The origin ids of those to be created that Procore has already, deleted ones included."""
    wanted = [part.reference for part, step in items if step.creates]
    return {row.reference for row in probing.by_origin(client, project_id, wanted)}


def _stands_already(part: PartRef) -> ProviderError:
    """A refusal of our own: what stands there is then looked at, and adopted or held."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Procore already has a commitment with our origin id {part.reference}.",
            hint="It is compared before anything is changed.",
            provider="procore",
        )
    )


def _row(part: PartRef, step: Step) -> dict[str, Any]:
    """The row of a sync call: by origin id, with what the step changes."""
    if step.action == CREATE:
        return {"origin_id": part.reference, **step.body}
    if step.action == UPDATE:
        return {"origin_id": part.reference, **step.body["row"]}
    return {"origin_id": part.reference, "status": step.status}


def _written(part: PartRef, step: Step, raw: Raw) -> TargetState | ProviderError:
    try:
        state = contract_state(raw)
    except BadInputError as error:
        return writing.unreadable(error)
    if step.action == APPROVE:
        return replace(state, lines={}, currency=state.currency or writing.currency(part))
    known = step.body.get("lines", {}) if step.action == UPDATE else {}
    # Before its lines are there the total says nothing.
    return replace(state, lines=dict(known), total=None)
