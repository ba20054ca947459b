"""What the check says at its end, and in which order webhooks are said to have arrived."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.disorder import Disorder, out_of_order
from tests.e2e.report import Report, before_the_end
from tests.e2e.verdict import Result


def played(company: str, states: list[str], result: Result, **numbers: int) -> Any:
    """A round as the driver leaves it."""
    return SimpleNamespace(
        name="round",
        company=company,
        rows=states,
        numbers=numbers,
        results=[("first sync", result)],
        count=states.count,
    )


def test_each_company_has_a_line_and_the_last_one_is_both(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    report.take(played("manufacturing", ["posted", "held"], Result()))
    report.take(played("construction", ["posted"], Result(), commitments=3, approved=2))
    assert report.conclude() == 0
    first, second, last = capsys.readouterr().out.splitlines()
    rest = "cancelled=0 not_applicable=0 dismissed=0"
    none = "duplicates=0 lost=0 cents_off=0"
    assert first == f"company manufacturing: documents=2 posted=1 waiting=0 held=1 {rest} {none}"
    assert second == (
        "company construction: documents=1 posted=1 waiting=0 held=0 "
        f"{rest} commitments=3 approved=2 {none}"
    )
    assert last == f"check-demo: documents=3 posted=2 waiting=0 held=1 {none}"


def test_a_round_in_another_process_adds_up_with_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    beside = Report()
    beside.take(played("construction", ["posted"], Result(duplicates=["two"]), commitments=3))
    assert beside.conclude() == 1
    said = "  a stage\n" + capsys.readouterr().out
    assert before_the_end(said) == "  a stage"
    report = Report()
    report.take(played("manufacturing", ["posted"], Result()))
    report.add_said(said)
    assert report.conclude() == 1
    *_, company, last = capsys.readouterr().out.splitlines()
    assert company.startswith("company construction: documents=1 ")
    assert "commitments=3 duplicates=1" in company
    assert last.startswith("check-demo: documents=2 posted=2")
    assert report.complaints == ["round, first sync: the books are not as written down"]


def test_a_process_that_came_to_no_end_and_a_document_that_rests_nowhere_are_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    report.add_said("everything is up\n")
    report.take(played("manufacturing", ["posted", "due"], Result()))
    assert report.conclude() == 1
    said = capsys.readouterr().out
    assert "WRONG: a round beside this one came to no end" in said
    assert "WRONG: 2 documents, 1 at rest" in said


def delivery(n: int, event: str, finished: float, **more: Any) -> dict[str, Any]:
    row = {"n": n, "event": event, "finished": finished, "copy_of": None, "state": "delivered"}
    return row | more


def test_out_of_order_is_what_was_answered_after_something_made_later() -> None:
    rows = [
        delivery(1, "a", 9.0),
        delivery(2, "b", 1.0),
        delivery(3, "a", 2.0),
        delivery(4, "a", 8.0, copy_of=3),
        delivery(5, "c", 0.5, state="lost"),
        delivery(6, "d", 3.0),
    ]
    assert out_of_order(rows) == Disorder(overtaken=1, by_its_own_record=1)
    assert out_of_order(rows[1:]) == Disorder(0, 0)
    assert out_of_order([rows[0], rows[1]]) == Disorder(overtaken=1, by_its_own_record=0)
