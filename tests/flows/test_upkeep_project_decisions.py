"""What a project of Procore makes of the Zoho project that is linked to it: pure decisions."""

from typing import Any

import pytest

from connectors.core.decisions import (
    Facts,
    Held,
    NotApplicable,
    Nothing,
    ReadTarget,
)
from connectors.core.records import TargetState
from connectors.core.references import ReferenceRow
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.flows.zoho_books_to_procore.upkeep_projects import state_of
from tests.flows.upkeep import decide, link, needs, parts, raw, row, rows, steps

STREAM, KIND = "project", "zoho_project"
NUMBER = "26-004"


def project(name: str = "26-004 - Depot Square", **changes: Any) -> dict[str, Any]:
    return raw("310004", name, **({"number": NUMBER, "linked": ["z1"]} | changes))


def decided(record: dict[str, Any], name: str, *, active: bool = True, **facts: Any) -> Any:
    """What is decided where the Zoho project is listed with that name."""
    found = rows(row("z1", name, active=active))
    return decide(STREAM, record, Facts(rows=found, **facts))


def posted(name: str, status: str = "active", number: str = NUMBER) -> dict[str, Any]:
    payload = {"project_name": name, "status": status, "number": number} if name else {}
    return {"links": {"z1": link("z1", "z1", payload)}}


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "theirs",
    ["Depot Square", "26-004 - Depot Square", "DEPOT  SQUARE", "26-004 - (depot square)"],
)
def test_a_name_that_says_the_same_is_linked_as_it_is_without_a_call(theirs: str) -> None:
    decision = decided(project(), theirs)
    assert isinstance(decision, Nothing)
    (agreed,) = decision.agreed
    assert (agreed.target_kind, agreed.target_id) == (KIND, "z1")
    assert agreed.payload == {"project_name": theirs, "status": "active", "number": NUMBER}


@pytest.mark.parametrize(
    ("theirs", "wanted"),
    [
        ("Old Depot", "Depot Square"),
        ("26-004 - Old Depot", "26-004 - Depot Square"),
        ("2026 - Old Depot", "Depot Square"),
    ],
)
def test_another_name_becomes_procores_in_the_style_that_is_there(theirs: str, wanted: str) -> None:
    assert steps(decided(project(), theirs)) == [("rename", {"project_name": wanted})]


def test_a_number_of_zoho_books_own_in_front_stays() -> None:
    facts = Facts(rows=rows(row("z1", "Z-12 - Old Depot", number="Z-12")))
    assert steps(decide(STREAM, project(), facts)) == [
        ("rename", {"project_name": "Z-12 - Depot Square"})
    ]


def test_a_number_in_front_follows_procores_number() -> None:
    decision = decided(
        project(number="26-005", name="26-005 - Depot Square"),
        "x",
        **posted("26-004 - Depot Square"),
    )
    assert steps(decision) == [("rename", {"project_name": "26-005 - Depot Square"})]


def test_a_name_is_no_longer_than_zoho_books_takes() -> None:
    ((_, body),) = steps(decided(project("N" * 130), "Depot"))
    assert body == {"project_name": "N" * 100}
    assert isinstance(decided(project("N" * 130), "N" * 100), Nothing)


def test_without_a_number_the_name_is_the_whole_name() -> None:
    record = project("Depot - Phase 2", number="")
    assert steps(decided(record, "Depot")) == [("rename", {"project_name": "Depot - Phase 2"})]


# --- status ------------------------------------------------------------------------------------


def test_a_project_is_renamed_while_it_is_active() -> None:
    closed = decided(project(active=False), "stale", **posted("Old Depot"))
    assert steps(closed) == [
        ("rename", {"project_name": "Depot Square"}),
        ("deactivate", {"status": "inactive"}),
    ]
    opened = decided(project(), "stale", **posted("Old Depot", "inactive"))
    assert [action for action, _ in steps(opened)] == ["activate", "rename"]


@pytest.mark.parametrize("active", [True, False])
def test_nothing_is_switched_on_or_off_at_first_sight(active: bool) -> None:
    decision = decided(project(active=active), "Old Depot", active=not active)
    assert isinstance(decision, NotApplicable)
    assert "until both say the same" in decision.words
    same = decided(project(active=active), "Old Depot", active=active)
    assert steps(same) == [("rename", {"project_name": "Depot Square"})]


def test_each_step_leaves_behind_what_stands_there_after_it() -> None:
    first, second = parts(decided(project(active=False), "stale", **posted("Old Depot")))
    assert first.payload == {"project_name": "Depot Square", "status": "active", "number": NUMBER}
    assert second.payload == {**first.payload, "status": "inactive"}
    assert (first.part, first.reference) == (second.part, second.reference)
    (attached,) = parts(decided(project(), "Old Depot"))
    assert attached.reference == first.reference == "mlc:7:project:310004:z1"


def test_what_was_written_is_not_written_again() -> None:
    assert decided(project(), "stale name", **posted("Depot Square")) == Nothing()
    decision = decided(project(active=False), "stale name", **posted("Depot Square"))
    assert steps(decision) == [("deactivate", {"status": "inactive"})]


def test_what_is_to_be_restored_is_looked_at_first() -> None:
    record, before = project(), posted("")
    assert decided(record, "stale", **before) == ReadTarget(parts=("z1",))
    there = TargetState(
        target_id="z1",
        number="Theirs",
        status="active",
        total=None,
        currency="",
        content={"project_name": "Theirs", "status": "active"},
    )
    decision = decided(record, "stale", **before, live={"z1": there})
    assert steps(decision) == [("rename", {"project_name": "Depot Square"})]
    assert parts(decision)[0].reference == "mlc:7:project:310004:z1"


# --- left as it is -----------------------------------------------------------------------------


def test_several_zoho_projects_keep_their_own_names() -> None:
    facts = Facts(rows=rows(row("z1", "Depot A"), row("z2", "Depot B")))
    decision = decide(STREAM, project(linked=["z1", "z2"]), facts)
    assert isinstance(decision, NotApplicable)
    assert "Depot A, Depot B" in decision.words


def test_values_of_a_custom_field_are_no_projects() -> None:
    decision = decide(STREAM, project(linked=["Depot"]), Facts())
    assert isinstance(decision, NotApplicable)
    assert "custom field" in decision.words


def test_nothing_is_followed_where_the_option_is_off() -> None:
    record = project(followed=False)
    decision = decided(record, "Old Depot")
    assert isinstance(decision, NotApplicable)
    assert isinstance(decided(project(linked=[]), "Old"), NotApplicable), "linked to nothing"


# --- made --------------------------------------------------------------------------------------

WANTED: dict[str, Any] = {"linked": [], "wanted": True}


def test_a_missing_project_is_made_for_the_customer_under_our_reference() -> None:
    decision = decide(STREAM, project(**WANTED), Facts(), project_customer="c9")
    (part,) = parts(decision)
    (step,) = part.steps
    assert step.creates
    assert part.reference == "mlc:7:project:310004"
    assert step.body["row"] == {
        "project_name": "Depot Square",
        "customer_id": "c9",
        "billing_type": "based_on_task_hours",
        "description": "Made by ml-connector for a project of Procore. Ref mlc:7:project:310004",
    }


def test_what_looks_like_it_is_looked_for_under_both_names() -> None:
    found = needs(STREAM, project(**WANTED)).alike
    assert found == {("project", "depot square"), ("project", "26 004 depot square")}
    facts = Facts(alike=(row("z5", "Depot Square"),))
    decision = decide(STREAM, project(**WANTED), facts, project_customer="c9")
    assert isinstance(decision, Held)
    assert decision.reason == Reason.DUPLICATE_SUSPECTED
    assert needs(STREAM, project()).alike == frozenset()


def test_without_a_customer_a_person_is_told_what_to_enter() -> None:
    decision = decide(STREAM, project(**WANTED), Facts())
    assert isinstance(decision, Held)
    assert "Customer of created projects" in decision.words


def test_what_was_made_is_not_made_again_before_the_list_shows_it() -> None:
    facts = Facts(links={"": link("", "z9", {"project_name": "Depot Square"})})
    assert decide(STREAM, project(**WANTED), facts, project_customer="c9") == Nothing()


def test_what_was_made_is_kept_up_under_its_own_link() -> None:
    made = link("", "z1", {"project_name": "Depot Square", "status": "active", "number": NUMBER})
    decision = decided(project("26-004 - Depot Square Retail"), "Depot Square", links={"": made})
    (part,) = parts(decision)
    assert (part.part, part.reference) == ("", "mlc:7:project:310004")


def test_a_made_project_is_linked_by_its_mark_whatever_it_is_called() -> None:
    mark = "Made by ml-connector for a project of Procore. Ref mlc:7:project:310004"
    ours = ReferenceRow(
        kind="project", key="z9", name="Renamed since", attributes={"description": mark}
    )
    theirs = ReferenceRow(kind="project", key="310004", name="26-004 - Depot", number=NUMBER)
    (found,) = FLOW.autolink([ours], [theirs], frozenset())
    assert (found.source_key, found.target_key) == ("z9", "310004")
    copied = [
        ours,
        ReferenceRow(kind="project", key="z8", name="A copy", attributes=ours.attributes),
    ]
    assert FLOW.autolink(copied, [theirs], frozenset()) == [], "of two that carry it, neither"


# --- drift and options -------------------------------------------------------------------------


def told(payload: dict[str, Any], name: str, *, active: bool = True) -> list[tuple[str, str, str]]:
    assert FLOW.differences is not None
    there = ReferenceRow(kind="project", key="z1", name=name, active=active)
    state = state_of(there, link("z1", "z1", payload))
    return [(d.field, d.ours, d.theirs) for d in FLOW.differences(KIND, payload, state)]


def test_a_rename_and_a_change_of_status_are_told_other_spellings_are_not() -> None:
    payload = {"project_name": "Depot Square", "status": "active", "number": NUMBER}
    assert told(payload, "Depot Square") == []
    assert told(payload, "26-004 - DEPOT SQUARE") == []
    assert told(payload, "Depot") == [("name", "Depot Square", "Depot")]
    assert told(payload, "Depot Square", active=False) == [("status", "active", "inactive")]
    assert told({}, "Anything") == [], "nothing of ours is known to stand there"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"create_projects": True}, "Customer of created projects"),
        ({"create_projects": True, "project_customer": "  "}, "Customer of created projects"),
        ({"create_codes": True}, "Cost type of created codes"),
        ({"create_codes": True, "code_cost_type": "M", "cost_code_from": "item"}, "account"),
        ({"create_projects": True, "project_customer": "c9"}, ""),
        ({"create_codes": True, "code_cost_type": "M"}, ""),
        ({}, ""),
    ],
)
def test_options_that_do_not_go_together_are_said_to_be_so(
    chosen: dict[str, Any], words: str
) -> None:
    problem = FLOW.problem(FLOW.default_options() | chosen)
    assert bool(problem) == bool(words)
    assert words in problem
    assert FLOW.problem(chosen) == problem, "what nobody said counts as its default"


def test_a_project_that_nobody_confirmed_is_never_renamed() -> None:
    record = {**project(), "unconfirmed": ["z1"]}
    for known in ({}, posted("Old Depot")):
        decision = decided(record, "Old Depot", **known)
        assert isinstance(decision, NotApplicable)
        assert "no person has confirmed" in decision.words
