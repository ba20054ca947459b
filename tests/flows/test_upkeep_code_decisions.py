"""What an account makes of the budget codes that it leads to: rules and pure decisions."""

from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, Held, MappedTarget, NotApplicable, Nothing
from connectors.core.references import MappingKey, ReferenceRow
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.flows.zoho_books_to_procore.upkeep_codes import leads, state_of
from connectors.flows.zoho_books_to_procore.words import cost_code_key
from tests.flows.upkeep import decide, link, needs, parts, raw, row, rows, steps

STREAM, KIND = "cost_code", "budget_code"
FLAT = "03-300.M"


def account(name: str = "Concrete", code: str = "5010", **changes: Any) -> dict[str, Any]:
    return raw(f"*|{code}", name, **({"number": code} | changes))


def code(key: str, name: str, project: str = "100", **changes: Any) -> MappedTarget:
    """A budget code of a project as it is listed."""
    fields = {"project_id": project, "wbs_code_id": key, "status": "active"} | changes
    return row(key, name, FLAT, **fields)


def posted(description: str = "Concrete", status: str = "active") -> dict[str, Any]:
    payload = {"project_id": "100", "flat_code": FLAT, "description": description}
    return {"w1": link("100:w1", "w1", payload | {"status": status} if description else {})}


# --- what an account leads to --------------------------------------------------------------------


def flat(key: str, **projects: str) -> ReferenceRow:
    about = {name[1:]: {"wbs_code_id": wbs} for name, wbs in projects.items()}
    return ReferenceRow(kind=STREAM, key=key, name=key, attributes={"projects": about})


def budget_code(key: str, project: str) -> ReferenceRow:
    return ReferenceRow(kind=STREAM, key=key, name=key, attributes={"project_id": project})


def test_a_rule_for_all_projects_leads_to_the_budget_code_of_each() -> None:
    found = leads([("*|5010", FLAT)], [flat(FLAT, p100="w1", p200="w2")])
    assert found == {"*|5010": ["w1", "w2"]}


def test_a_rule_of_one_project_takes_its_place_there() -> None:
    mappings = [("*|5010", FLAT), ("z1|5010", "w9")]
    found = leads(mappings, [flat(FLAT, p100="w1", p200="w2"), budget_code("w9", "100")])
    assert found == {"*|5010": ["w2", "w9"]}


def test_rules_of_projects_alone_lead_there_too() -> None:
    mappings = [("z1|5010", "w1"), ("z1b|5010", "w1"), ("z2|5010", "w2"), ("z3|5010", "gone")]
    found = leads(mappings, [budget_code("w1", "100"), budget_code("w2", "200")])
    assert found == {"*|5010": ["w1", "w2"]}


def test_charges_and_lines_without_a_code_are_no_accounts() -> None:
    mappings = [("*|charge:tax", FLAT), ("z1|charge:discount", "w1"), ("*|none", FLAT)]
    assert leads(mappings, [flat(FLAT, p100="w1"), budget_code("w1", "100")]) == {}


def test_a_projects_name_may_have_a_stroke_in_it() -> None:
    assert leads([("Depot | East|5010", "w1")], [budget_code("w1", "100")]) == {"*|5010": ["w1"]}


def test_an_account_with_a_stroke_in_its_code_is_no_other_one() -> None:
    key = cost_code_key("p1", "32|900")
    assert leads([(key, "w1")], [budget_code("w1", "100")]) == {"*|32%7C900": ["w1"]}
    assert cost_code_key("*", "32|900") == "*|32%7C900", "and its rule is found by the same key"


# --- followed ------------------------------------------------------------------------------------


def followed(record: dict[str, Any], *found: MappedTarget, **facts: Any) -> Any:
    record = record | {"linked": sorted(one.key for one in found)}
    return decide(STREAM, record, Facts(rows=rows(*found), **facts))


def test_a_code_that_nobody_confirmed_keeps_its_name_unless_it_was_made_by_us() -> None:
    record = account(unconfirmed=["w1"])
    for links in ({}, posted("Old")):
        decision = followed(record, code("w1", "Cast in place"), links=links)
        assert not isinstance(decision, Deliver)
    payload = {"project_id": "100", "flat_code": FLAT, "status": "active"}
    made_here = {f"100:{FLAT}": link(f"100:{FLAT}", "w1", payload)}
    assert parts(followed(record, code("w1", "Concrete.Materials"), links=made_here))


def test_a_code_gets_its_accounts_name_and_status_in_one_call() -> None:
    decision = followed(account(), code("w1", "Cast in place"))
    (part,) = parts(decision)
    (step,) = part.steps
    assert step.action == "attach"
    assert step.body == {"id": "w1", "project_id": "100", "row": {"description": "Concrete"}}
    assert (part.part, part.reference) == ("100:w1", "mlc:42:code:5010:100:w1")
    closed = followed(account("Cement", active=False), code("w1", "stale"), links=posted())
    (part,) = parts(closed)
    (step,) = part.steps
    assert step.action == "update"
    assert step.body["row"] == {"description": "Cement", "status": "inactive"}


@pytest.mark.parametrize("active", [True, False])
def test_nothing_is_switched_on_or_off_at_first_sight(active: bool) -> None:
    status = "inactive" if active else "active"
    there = code("w1", "Cast in place", active=not active, status=status)
    decision = followed(account(active=active), there)
    assert isinstance(decision, NotApplicable)
    assert "until both say the same" in decision.words


def test_a_code_that_says_the_same_is_linked_without_a_call() -> None:
    decision = followed(account(), code("w1", "CONCRETE"))
    assert isinstance(decision, Nothing)
    (agreed,) = decision.agreed
    assert agreed.payload["description"] == "CONCRETE"
    assert (agreed.target_kind, agreed.target_id, agreed.number) == (KIND, "w1", FLAT)


def test_only_what_changed_since_is_written() -> None:
    there = code("w1", "stale")
    assert followed(account(), there, links=posted()) == Nothing()
    decision = followed(account("Cement"), there, links=posted())
    assert steps(decision) == [
        ("update", {"project_id": "100", "row": {"description": "Cement"}}),
    ]
    restored = followed(account(), there, links=posted(""))
    assert steps(restored)[0][1]["row"] == {"description": "Concrete", "status": "active"}


def test_each_project_is_a_part_of_its_own() -> None:
    decision = followed(account(), code("w1", "A"), code("w2", "Concrete", "200"), code("w3", "B"))
    assert [part.part for part in parts(decision)] == ["100:w1", "100:w3"]
    assert [agreed.part for agreed in decision.agreed] == ["200:w2"]


def test_what_several_accounts_lead_to_is_left_as_it_is() -> None:
    decision = followed(account(shared=["w1"]), code("w1", "Cast in place"))
    assert isinstance(decision, NotApplicable)
    assert f"Several accounts lead to {FLAT}" in decision.words


def test_a_code_that_is_not_listed_any_more_is_left_alone() -> None:
    unlisted = code("w1", "Cast in place", active=False)
    assert isinstance(followed(account(), unlisted), NotApplicable)
    closed = code("w1", "Cast in place", active=False, status="inactive")
    assert steps(followed(account(active=False), closed)) == [
        ("attach", {"project_id": "100", "row": {"description": "Concrete"}})
    ]


def test_nothing_is_followed_where_the_option_is_off() -> None:
    decision = followed(account(followed=False), code("w1", "Cast in place"))
    assert isinstance(decision, NotApplicable)


# --- made ----------------------------------------------------------------------------------------

CREATES = {"create_codes": True, "code_cost_type": "M"}
PROJECTS = {"project": (row("100", "School"), row("200", "Lofts"))}


def made(record: dict[str, Any], **facts: Any) -> Any:
    return decide(STREAM, record, Facts(**({"lists": PROJECTS} | facts)), **CREATES)


def needed(*keys: str, **changes: Any) -> dict[str, Any]:
    return account(needed=list(keys), wanted=not changes.get("linked"), **changes)


def test_a_code_that_orders_wait_for_is_made_in_every_active_project() -> None:
    decision = made(needed("*|5010"))
    assert [part.part for part in parts(decision)] == ["100:5010.M", "200:5010.M"]
    first = parts(decision)[0]
    add, create = first.steps
    assert (add.action, add.creates) == ("add_cost_code", False)
    assert add.body == {"project_id": "100", "code": "5010", "name": "Concrete"}
    assert create.creates
    assert create.body == {"project_id": "100", "code": "5010", "type": "M"}
    assert first.reference == "mlc:42:code:5010:100:5010.M"
    assert len(first.reference) <= 50


def test_where_a_project_has_it_or_a_rule_of_its_own_it_is_not_made() -> None:
    known = row("5010.M", "5010.M", projects={"100": {}})
    assert [part.part for part in parts(made(needed("*|5010"), rows=rows(known)))] == ["200:5010.M"]
    own = code("w1", "Cast in place", "200")
    decision = made(needed("*|5010", linked=["w1"], followed=False), rows=rows(own))
    assert [part.part for part in parts(decision)] == ["100:5010.M"]


def test_a_rules_own_code_is_made_in_the_projects_alone_that_orders_wait_for() -> None:
    rule = row(FLAT, FLAT, projects={"100": {}})
    mappings = {
        MappingKey(STREAM, "*|5010"): rule,
        MappingKey("project", "z2"): row("200", "Lofts"),
    }
    record = needed("z2|5010", linked=["w1"], followed=False)
    decision = made(record, mappings=mappings)
    (part,) = parts(decision)
    assert part.part == f"200:{FLAT}"
    assert part.steps[1].body == {"project_id": "200", "code": "03-300", "type": "M"}
    there = {**mappings, MappingKey(STREAM, "*|5010"): row(FLAT, FLAT, projects={"200": {}})}
    assert isinstance(made(record, mappings=there), NotApplicable), "it may be inactive there"


def test_a_code_of_more_segments_is_not_made_of_a_part_of_it() -> None:
    about: dict[str, Any] = {"projects": {"100": {}}, "cost_code": "", "cost_type": ""}
    rule = row("SJ1.03-300.M", "Site", **about)
    mappings = {
        MappingKey(STREAM, "*|5010"): rule,
        MappingKey("project", "z2"): row("200", "Lofts"),
    }
    held = made(needed("z2|5010", linked=["w1"], followed=False), mappings=mappings)
    assert isinstance(held, Held)
    assert "SJ1.03-300.M" in held.words


def test_what_was_made_is_not_made_again_before_the_list_shows_it() -> None:
    links = {f"{p}:5010.M": link(f"{p}:5010.M", f"w{p}", {}) for p in ("100", "200")}
    assert made(needed("*|5010"), links=links) == Nothing()


def test_what_was_made_gets_its_accounts_name_once_it_is_listed() -> None:
    payload = {"project_id": "100", "flat_code": "5010.M", "status": "active"}
    links = {"100:5010.M": link("100:5010.M", "w1", payload)}
    decision = followed(account(), code("w1", "Concrete.Materials"), links=links)
    (part,) = parts(decision)
    assert (part.part, part.reference) == ("100:5010.M", "ref:100:5010.M")
    assert part.steps[0].body["row"] == {"description": "Concrete"}


@pytest.mark.parametrize(
    ("changes", "options", "reason", "words"),
    [
        ({"number": ""}, CREATES, Reason.NUMBER_MISSING, "no code in Zoho Books"),
        ({"number": "50.10"}, CREATES, Reason.NUMBER_MISSING, "full stop"),
        ({}, {"create_codes": True}, Reason.REFUSED, "Cost type of created codes"),
    ],
)
def test_what_cannot_be_made_says_what_is_missing(
    changes: dict[str, Any], options: dict[str, Any], reason: Reason, words: str
) -> None:
    decision = decide(STREAM, needed("*|5010", **changes), Facts(lists=PROJECTS), **options)
    assert isinstance(decision, Held)
    assert decision.reason == reason
    assert words in decision.words


def test_nothing_is_made_unless_that_is_chosen_and_the_account_is_active() -> None:
    record = needed("*|5010")
    assert isinstance(decide(STREAM, record, Facts(lists=PROJECTS)), NotApplicable)
    assert isinstance(made(record | {"active": False}), NotApplicable)


def test_the_decision_looks_at_the_projects_only_where_something_is_to_be_made() -> None:
    plain = needs(STREAM, account(linked=["w1"]), **CREATES)
    assert (plain.lists, plain.rows) == (frozenset(), {(STREAM, "w1")})
    wanting = needs(STREAM, needed("*|5010", "z2|5010"), **CREATES)
    assert wanting.lists == {"project"}
    assert wanting.rows == {(STREAM, "5010.M")}
    assert wanting.mappings == {MappingKey(STREAM, "*|5010"), MappingKey("project", "z2")}


@pytest.mark.parametrize(
    ("missing", "serves"),
    [("*|5010", True), ("z1|5010", True), ("*|50100", False), ("z1|charge:tax", False)],
)
def test_a_missing_code_is_about_the_account_of_that_code(missing: str, serves: bool) -> None:
    upkeep = FLOW.stream(STREAM).upkeep
    assert upkeep is not None
    assert upkeep.serves("*|5010", missing) == serves
    assert not upkeep.serves("*|charge:tax", missing)


# --- drift ---------------------------------------------------------------------------------------


def test_a_change_in_procore_is_told_another_spelling_is_not() -> None:
    assert FLOW.differences is not None
    payload = {
        "project_id": "100",
        "flat_code": FLAT,
        "description": "Concrete",
        "status": "active",
    }
    told = []
    for name, status in (("CONCRETE", "active"), ("Cast in place", "inactive")):
        there = ReferenceRow(
            kind=STREAM, key="w1", name=name, number=FLAT, attributes={"status": status}
        )
        state = state_of(there, link("100:w1", "w1", payload))
        told.append([(d.field, d.theirs) for d in FLOW.differences(KIND, payload, state)])
    assert told == [[], [("description", "Cast in place"), ("status", "inactive")]]
