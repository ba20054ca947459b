"""Cost codes, whose owner is Zoho Books: what the budget codes that an account leads to are told.

An account with Procore's budget codes that it alone leads to enters; steps for Procore leave. Codes
that orders wait for are made where that is wanted, in the projects that lack them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core.decisions import (
    Agreed,
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    MappedTarget,
    Needs,
    NotApplicable,
    Nothing,
    PartPlan,
    Step,
)
from connectors.core.flow import Context, FieldDifference, Upkeep
from connectors.core.names import normalise_name
from connectors.core.records import TargetState
from connectors.core.references import MappingKey, ReferenceRow
from connectors.core.states import Reason
from connectors.core.upkeep import (
    ATTACH,
    CREATE,
    UPDATE,
    Creates,
    UpkeepRecord,
    not_confirmed,
    upkeep_stream,
)
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.kept import Kept
from connectors.flows.zoho_books_to_procore.words import (
    ANY_PROJECT,
    BUDGET_CODE,
    COST_CODE,
    ERP,
    PROJECT,
    account_of,
    code_reference,
    parts_of,
)

ADD_COST_CODE = "add_cost_code"
DESCRIPTION, STATUS = "description", "status"
ACTIVE, INACTIVE = "active", "inactive"
_WRITTEN = (DESCRIPTION, STATUS)
Content = Mapping[str, Any]
_THERE = (
    "The projects that orders wait for have such a code already. Link it in the mapping, or set it "
    "active in Procore."
)


def leads(
    mappings: Sequence[tuple[str, str]], rows: Iterable[ReferenceRow]
) -> Mapping[str, Sequence[str]]:
    """The budget codes that each account leads to, by its rule for all projects.

    A rule for all projects leads to its flat code's budget code in each project, but for those
    where the account has a rule of its own.
    """
    known = {row.key: row for row in rows}
    own: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    general: dict[str, Mapping[str, Any]] = {}
    for source_key, target_key in mappings:
        account, row = account_of(source_key), known.get(target_key)
        if not account or row is None:
            continue
        if "projects" not in row.attributes:
            own[account][str(row.attributes["project_id"])].add(row.key)
        elif source_key == account:
            general[account] = row.attributes["projects"]
    found: dict[str, set[str]] = defaultdict(set)
    for account, projects in general.items():
        codes = {project: str(about["wbs_code_id"]) for project, about in projects.items()}
        found[account] |= {code for project, code in codes.items() if project not in own[account]}
    for account, by_project in own.items():
        found[account] |= {code for codes in by_project.values() for code in codes}
    return {account: sorted(codes) for account, codes in found.items() if codes}


def code_needs(record: UpkeepRecord, context: Context) -> Needs:
    """The budget codes that it leads to; and what says where it is to be made."""
    rows = {(COST_CODE, key) for key in record.linked}
    if not _is_needed(record, context):
        return Needs(rows=frozenset(rows))
    mappings = {MappingKey(COST_CODE, record.key)}
    mappings |= {MappingKey(PROJECT, project) for project in _source_projects(record)}
    return Needs(
        rows=frozenset({*rows, (COST_CODE, _new_code(record, context))}),
        mappings=frozenset(mappings),
        lists=frozenset({PROJECT}),
    )


def decide_code(record: UpkeepRecord, facts: Facts, context: Context) -> Decision:
    """Make budget codes say what their account says; make those that are missing and needed."""
    made = _made(record, facts, context)
    if isinstance(made, Held):
        return made
    kept = _kept(record, facts, context) if record.followed else _Kept()
    if kept.plans or made:
        return Deliver(parts=(*kept.plans, *made), agreed=tuple(kept.agreed))
    if kept.agreed or facts.links:
        return Nothing(agreed=tuple(kept.agreed))
    if _is_needed(record, context):
        return NotApplicable(words=_THERE)
    return NotApplicable(words=_words(record, kept))


def state_of(row: ReferenceRow, link: LinkState) -> TargetState:
    """A listed budget code as a look at it would report it."""
    del link
    return TargetState(
        target_id=row.key,
        number=row.number,
        status=str(row.attributes.get("status", "")),
        total=None,
        currency="",
        content={DESCRIPTION: row.name, STATUS: row.attributes.get("status", "")},
    )


def code_differences(payload: Content, state: TargetState) -> list[FieldDifference]:
    """What somebody changed on a budget code; another spelling of its text is not told."""
    found = []
    for name in _WRITTEN:
        ours, theirs = str(payload.get(name, "")), str(state.content.get(name, ""))
        if ours and not _same(name, ours, theirs):
            found.append(FieldDifference(field=name, ours=ours, theirs=theirs))
    return found


# --- kept --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Kept:
    """What is to be done with the budget codes that are there."""

    plans: list[PartPlan] = field(default_factory=list)
    agreed: list[Agreed] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    at_odds: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)


def _kept(record: UpkeepRecord, facts: Facts, context: Context) -> _Kept:
    links = {link.target_id: link for link in facts.links.values()}
    found = _Kept()
    for key in record.linked:
        row = facts.rows.get(key)
        if row is None or _is_unlisted(row):
            continue
        if key in record.shared:
            found.shared.append(row.number)
        elif key in record.unconfirmed and not _made_by_us(row, links.get(key)):
            found.unconfirmed.append(row.number)
        elif key not in links and row.attributes.get(STATUS) != _status(record):
            # Nothing is switched on or off at first sight: somebody may have had a reason.
            found.at_odds.append(row.number)
        else:
            _keep(record, row, links.get(key), context, found)
    return found


def _made_by_us(row: MappedTarget, link: LinkState | None) -> bool:
    """A part is named by the code that was to be made, or by the id of one that was there."""
    return link is not None and link.part == f"{row.attributes['project_id']}:{row.number}"


def _is_unlisted(row: MappedTarget) -> bool:
    """Whether its project does not show it any more: then nothing is known of it."""
    return not row.active and row.attributes.get("status") == ACTIVE


def _keep(
    record: UpkeepRecord,
    row: MappedTarget,
    link: LinkState | None,
    context: Context,
    found: _Kept,
) -> None:
    there = {DESCRIPTION: row.name, STATUS: row.attributes.get("status")}
    known: Content = there if link is None else link.payload
    project_id = str(row.attributes["project_id"])
    payload = {
        "project_id": project_id,
        "flat_code": row.number,
        DESCRIPTION: _description(record, str(known.get(DESCRIPTION, ""))),
        STATUS: _status(record),
    }
    changed = {name: payload[name] for name in _WRITTEN if known.get(name) != payload[name]}
    part = f"{project_id}:{row.key}"
    reference = code_reference(_code(record), project_id, row.key, context.source_settings)
    if changed:
        body = {"id": row.key, "project_id": project_id, "row": changed}
        step = Step(action=UPDATE if link else ATTACH, body=body, status=payload[STATUS])
        if link is not None:
            part, reference = link.part, link.reference
        found.plans.append(_plan(part, reference, payload, row.number, step))
    elif link is None:
        found.agreed.append(
            Agreed(
                part=part,
                target_kind=BUDGET_CODE,
                target_id=row.key,
                number=row.number,
                reference=reference,
                payload=payload,
            )
        )


def _status(record: UpkeepRecord) -> str:
    return ACTIVE if record.active else INACTIVE


def _description(record: UpkeepRecord, known: str) -> str:
    return known if _same(DESCRIPTION, known, record.name) else record.name


def _same(name: str, ours: str, theirs: str) -> bool:
    if name == DESCRIPTION:
        return normalise_name(ours) == normalise_name(theirs)
    return ours == theirs


def _words(record: UpkeepRecord, kept: _Kept) -> str:
    if not record.followed:
        return "Budget codes do not follow their accounts in this integration."
    said = []
    if kept.shared:
        said.append(
            f"Several accounts lead to {_listed(kept.shared)}, so that no single one says what it "
            "is called. It is left as it is."
        )
    if kept.at_odds:
        said.append(
            f"{_listed(kept.at_odds)} is not {_status(record)} in Procore like the account. It is "
            "left as it is until both say the same."
        )
    if kept.unconfirmed:
        said.append(not_confirmed(_listed(kept.unconfirmed)))
    return " ".join(said) or "No budget code is linked to this account."


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(sorted(set(codes)))


# --- made --------------------------------------------------------------------------------------


def _is_needed(record: UpkeepRecord, context: Context) -> bool:
    return bool(record.needed) and record.active and options.creates_codes(context)


def _made(record: UpkeepRecord, facts: Facts, context: Context) -> Sequence[PartPlan] | Held:
    """The codes that orders wait for, in the projects that lack them."""
    if not _is_needed(record, context):
        return ()
    rule = facts.mappings.get(MappingKey(COST_CODE, record.key))
    flat = rule.key if rule else _new_code(record, context)
    made_of = parts_of(flat, rule.attributes) if rule else _new_parts(record, context)
    if rule is None and (held := _nameless(record, context)):
        return held
    listed = rule or facts.rows.get(flat)
    there = set(listed.attributes.get("projects", ())) if listed else set()
    there |= {str(row.attributes.get("project_id")) for row in facts.rows.values()}
    if rule is not None and "projects" not in rule.attributes:
        return ()
    if not all(made_of):
        return _more_than_two(record, flat)
    plans = [
        _making(record, project.key, flat, made_of, context)
        for project in _projects(record, facts)
        if project.key not in there
    ]
    return [plan for plan in plans if plan.part not in facts.links]


def _nameless(record: UpkeepRecord, context: Context) -> Held | None:
    """Why no code can be made of this account and the options."""
    if not record.number or "." in record.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The account {record.name} has no code in Zoho Books that could be a cost code. "
            "Give it one without a full stop, or link it in the mapping.",
        )
    if not options.text(context, options.CODE_COST_TYPE):
        return Held(
            reason=Reason.REFUSED,
            words="A budget code needs a cost type: enter its code under "
            f"“{options.CODE_COST_TYPE.label}” in the options, then replay this document.",
        )
    return None


def _more_than_two(record: UpkeepRecord, flat: str) -> Held:
    return Held(
        reason=Reason.REFUSED,
        words=f"The budget code {flat} of account {record.name} does not consist of a cost code "
        "and a cost type alone, so it is not made where it is missing. Make it in Procore by hand, "
        "then replay this document.",
    )


def _projects(record: UpkeepRecord, facts: Facts) -> list[MappedTarget]:
    """All active permitted projects without another owner, or those that orders wait for."""
    listed = (row for row in facts.lists.get(PROJECT, ()) if not row.attributes.get(ERP))
    active = sorted(listed, key=lambda row: row.key)
    if record.key in record.needed:
        return active
    keys = (MappingKey(PROJECT, project) for project in _source_projects(record))
    wanted = {facts.mappings[key].key for key in keys if key in facts.mappings}
    return [row for row in active if row.key in wanted]


def _source_projects(record: UpkeepRecord) -> set[str]:
    return {key.rpartition("|")[0] for key in record.needed} - {ANY_PROJECT}


def _new_code(record: UpkeepRecord, context: Context) -> str:
    return ".".join(_new_parts(record, context))


def _new_parts(record: UpkeepRecord, context: Context) -> tuple[str, str]:
    return record.number, options.text(context, options.CODE_COST_TYPE)


def _code(record: UpkeepRecord) -> str:
    return record.key.rpartition("|")[2]


def _making(
    record: UpkeepRecord, project_id: str, flat: str, made_of: tuple[str, str], context: Context
) -> PartPlan:
    """The cost code first, where the project lacks it, then the budget code of it and its type."""
    code, cost_type = made_of
    about = {"project_id": project_id, "code": code}
    add = Step(action=ADD_COST_CODE, body={**about, "name": record.name})
    create = Step(action=CREATE, body={**about, "type": cost_type}, status=ACTIVE, creates=True)
    payload = {"project_id": project_id, "flat_code": flat, STATUS: ACTIVE}
    reference = code_reference(_code(record), project_id, flat, context.source_settings)
    return _plan(f"{project_id}:{flat}", reference, payload, flat, add, create)


def _plan(part: str, reference: str, payload: Content, number: str, *steps: Step) -> PartPlan:
    return PartPlan(
        part=part,
        target_kind=BUDGET_CODE,
        reference=reference,
        payload=payload,
        steps=steps,
        total=None,
        currency="",
        number=number,
    )


def _serves(row_key: str, missing_key: str) -> bool:
    return account_of(missing_key) == row_key


def _creates(context: Context) -> str:
    return Creates.NEEDED if options.creates_codes(context) else Creates.NEVER


CODES = Kept(
    stream=upkeep_stream(
        name=COST_CODE,
        title="Cost codes",
        rank=6,
        target_kind=BUDGET_CODE,
        upkeep=Upkeep(
            kind=COST_CODE,
            enabled=options.codes_follow,
            creates=_creates,
            state_of=state_of,
            serves=_serves,
            leads=leads,
        ),
    ),
    needs=code_needs,
    decide=decide_code,
    differences=code_differences,
)
