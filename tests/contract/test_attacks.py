"""`docs/attacks.md` says as many attacks as the tests try."""

from tests import attacks


def test_the_page_is_true() -> None:
    assert attacks.PAGE.read_text() == attacks.page(), f"Write it anew: {attacks.COMMAND}"


def test_every_kind_is_tried_by_a_test() -> None:
    for row in attacks.rows():
        assert row.number > 0, row
        assert attacks.function(row.test).__name__.startswith("test_")


def test_a_case_more_is_counted() -> None:
    """The numbers come from the tests: not one of them is written down here."""
    test = "tests/web/test_oauth.py::test_a_forged_answer_is_refused"
    [mark] = vars(attacks.function(test))["pytestmark"]
    before = attacks.cases(test)
    mark.args[1].append("one more")
    try:
        assert attacks.cases(test) == before + 1
        assert attacks.PAGE.read_text() != attacks.page()
    finally:
        mark.args[1].pop()
