"""Budget codes in Procore: made of a cost code and a cost type, changed, and looked at.

A step with its part enters, the code's state leaves. A budget code of the same cost code and cost
type is the same one to Procore, so that making it again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
)
from connectors.core.flow import PartRef
from connectors.core.reading import is_true
from connectors.core.records import Raw, TargetState
from connectors.core.upkeep import ATTACH, CREATE, UPDATE
from connectors.flows.zoho_books_to_procore import writing
from connectors.flows.zoho_books_to_procore.upkeep_codes import ADD_COST_CODE
from connectors.providers.procore.records import (
    CostCode,
    parse_cost_code,
    wbs_code_row,
    wbs_code_state,
)

_COST_CODE, _COST_TYPE = "cost_code", "line_item_type"
_BETWEEN = "-"


class BudgetCodeSink:
    """Budget codes; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        body = step.body
        if step.action == ADD_COST_CODE:
            _add_cost_code(client, part, step)
            return writing.nothing_made(part)
        if step.action == CREATE:
            items = _segment_items(client, step)
            return _written(client.create_wbs_code(body["project_id"], items), part, step)
        if step.action in (ATTACH, UPDATE):
            raw = client.update_wbs_code(body["project_id"], str(body["id"]), body["row"])
            return _written(raw, part, step)
        raise BadInputError(f"no step {step.action!r} for a budget code in Procore")

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        """Their steps have no batch: each is a call of its own."""
        raise BadInputError("budget codes of Procore are written one by one")

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the step has happened, by reading only."""
        project_id = str(step.body["project_id"])
        if step.action == ADD_COST_CODE:
            there = _cost_code(client, project_id, str(step.body["code"])) is not None
            return Found(state=writing.nothing_made(part)) if there else Absent()
        if step.action == CREATE:
            return _created(client, project_id, part, step)
        state = _read(client, project_id, str(step.body["id"]), part)
        if state is None:
            return Conflict(words=f"Budget code {part.number} is no longer in Procore.")
        done = all(state.content[name] == value for name, value in step.body["row"].items())
        return Found(state=state) if done else Absent()

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The code as it stands; None when its project does not have it any more."""
        project_id = str(part.payload.get("project_id") or part.part.partition(":")[0])
        return _read(client, project_id, part.target_id, part)

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """Budget codes have no page of their own."""
        del target_kind, target_id, profile
        return ""


def _add_cost_code(client: Any, part: PartRef, step: Step) -> None:
    """The cost code of that full code, below its parent, unless the project has it."""
    project_id, code = str(step.body["project_id"]), str(step.body["code"])
    every = _cost_codes(client, project_id)
    known = {name: one for name, one in every.items() if one.active}
    if code in known:
        return
    if code in every:
        raise _refused(
            f"project {project_id} has the cost code {code} already, but it is inactive or deleted",
            "Make it active in Procore and replay this document, or link another code.",
        )
    parents = [one for one in known if code.startswith(f"{one}{_BETWEEN}")]
    parent = max(parents, key=len, default="")
    row = {
        "code": code.removeprefix(f"{parent}{_BETWEEN}") if parent else code,
        "name": step.body["name"],
        # What is there under it is changed, so that a second time makes no second one.
        "origin_id": part.reference,
    }
    if parent:
        row["parent_id"] = known[parent].key
    (result,) = client.sync_cost_codes(project_id, [row])
    if isinstance(result, ProviderError):
        raise result


def _segment_items(client: Any, step: Step) -> list[dict[str, str]]:
    """What the budget code is made of, in the segments that this project has."""
    project_id = str(step.body["project_id"])
    code_id = _cost_code(client, project_id, str(step.body["code"]))
    if code_id is None:
        raise _not_yet(str(step.body["code"]))
    type_id = _cost_type(client, project_id, step.body["type"])
    made_of = {
        _COST_CODE: (str(step.body["code"]), code_id),
        _COST_TYPE: (str(step.body["type"]), type_id),
    }
    found = []
    for segment in client.wbs_segments(project_id):
        wanted = made_of.pop(str(segment.get("type")), None)
        if wanted is None and _may_lack(segment):
            continue
        if wanted is None:
            raise _refused(
                f"the budget codes of project {project_id} are made of {segment.get('name')} too",
                "Make this one there by hand and link it in the mapping.",
            )
        key = str(segment["id"])
        item = _segment_item(client, project_id, key, *wanted)
        found.append({"segment_id": key, "segment_item_id": item})
    if made_of:
        raise _refused(
            f"the budget codes of project {project_id} have no cost type or no cost code",
            "Link another code in the mapping.",
        )
    return found


def _segment_item(client: Any, project_id: str, segment_id: str, code: str, own_id: str) -> str:
    """The item's id in its segment, by its whole code: whether it is the id of the cost code or
    cost type itself is not documented. Where no item says so, that id is tried.
    """
    try:
        rows = [row for page in client.segment_items(project_id, segment_id) for row in page.rows]
    except ProviderError as error:
        if error.kind not in (ErrorKind.PERMISSION, ErrorKind.NOT_FOUND):
            raise
        return own_id
    found = [row for row in rows if str(row.get("path_code") or row.get("code")) == code]
    return str(found[0].get("id") or own_id) if len(found) == 1 else own_id


def _may_lack(segment: Raw) -> bool:
    """Whether a code may be without it: the sub job, say, or one that the project does not use."""
    needed = ("required", "is_included_in_project_pattern")
    return not all(is_true(segment.get(name), True) for name in needed)


def _cost_code(client: Any, project_id: str, code: str) -> str | None:
    """Its id; None for one that is not there, or that was made so lately that no list shows it."""
    found = _cost_codes(client, project_id).get(code)
    return found.key if found and found.active else None


def _cost_codes(client: Any, project_id: str) -> dict[str, CostCode]:
    pages = client.cost_codes(project_id)
    codes = [parse_cost_code(row, project_id) for page in pages for row in page.rows]
    # Of two with one full code the active one counts.
    return {code.full_code: code for code in sorted(codes, key=lambda code: code.active)}


def _cost_type(client: Any, project_id: str, code: str) -> str:
    types = (row for page in client.line_item_types(project_id) for row in page.rows)
    found = next((row for row in types if str(row.get("code")) == code), None)
    if found is None:
        raise _refused(
            f"the company has no cost type {code}",
            "Enter the code of one of its cost types in the integration's options, then replay.",
        )
    return str(found["id"])


def _created(client: Any, project_id: str, part: PartRef, step: Step) -> Probe:
    """By what it is made of: the sign between its parts is the company's choice."""
    flat, made_of = str(part.payload["flat_code"]), (step.body.get("code"), step.body.get("type"))
    for page in client.wbs_codes(project_id):
        for row in page.rows:
            if str(row.get("flat_code")) == flat or _parts(row, project_id) == made_of:
                return Found(state=_state(row, project_id, part))
    return Absent()


def _parts(row: Raw, project_id: str) -> tuple[str, str] | None:
    try:
        said = wbs_code_row(row, project_id, ()).attributes
    except BadInputError:
        return None
    return (said["cost_code"], said["cost_type"]) if said.get("cost_code") else None


def _read(client: Any, project_id: str, code_id: str, part: PartRef) -> TargetState | None:
    row = client.wbs_code(project_id, code_id, str(part.payload.get("flat_code", "")))
    return None if row is None else _state(row, project_id, part)


def _state(row: Raw, project_id: str, part: PartRef) -> TargetState:
    return replace(wbs_code_state(row, project_id), reference=part.reference)


def _written(raw: Raw, part: PartRef, step: Step) -> TargetState:
    try:
        return _state(raw, str(step.body["project_id"]), part)
    except BadInputError as error:
        raise writing.unreadable(error) from error


def _not_yet(code: str) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.TRANSIENT,
            message=f"Procore does not list the cost code {code} yet that was just made.",
            hint="Nothing to do: it is looked for again.",
            provider="procore",
        )
    )


def _refused(why: str, hint: str) -> ProviderError:
    """A refusal of our own, before anything was written."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"This budget code cannot be made: {why}.",
            hint=hint,
            provider="procore",
        )
    )
