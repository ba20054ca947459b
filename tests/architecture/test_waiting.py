"""Tests wait for what they want to see, and not for a time that somebody guessed."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Source, sources

# All files of Python are read once, by one worker.
pytestmark = pytest.mark.xdist_group("sources")

# A poll may rest for so long between two looks.
LONGEST_REST = 0.1
# Where time itself is the matter, so that longer would do as well, and how often.
ALLOWED = {
    "tests/e2e/builder.py": 1,  # the target's own webhooks end
    "tests/e2e/soak_rounds.py": 1,  # a round that goes on for minutes
    "tests/engine/drive.py": 1,  # a rest between two steps
    "tests/engine/test_doorbell.py": 1,  # nothing rings meanwhile
    "tests/engine/test_through_transport.py": 1,  # a deadline passes
    "tests/engine/test_tokens_and_quota.py": 1,  # a token request that takes its time
    "tests/flows/test_commitments_echoes.py": 1,  # later than our last write
}


def guesses(source: Source) -> Iterator[int]:
    """Lines that sleep for a constant time that is long, or that no loop asks about again."""
    tree = source.tree()
    asked_again = {
        id(inner)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While | ast.For)
        for inner in ast.walk(loop)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "sleep"
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, int | float)
            and (node.args[0].value > LONGEST_REST or id(node) not in asked_again)
        ):
            yield node.lineno


def test_no_test_sleeps_for_a_guessed_time() -> None:
    found = {source.name: list(guesses(source)) for source in sources("tests")}
    too_many = {name: lines for name, lines in found.items() if len(lines) > ALLOWED.get(name, 0)}
    assert too_many == {}, "wait for a condition, or move an injected clock"


def test_a_guess_is_noticed() -> None:
    tree = ast.parse(
        "import time\n"
        "time.sleep(0.05)\n"
        "while waiting:\n"
        "    time.sleep(0.05)\n"
        "    time.sleep(0.5)\n"
        "    time.sleep(wait)\n"
    )

    class Written(Source):
        def tree(self) -> ast.Module:
            return tree

    assert list(guesses(Written(sources("tests")[0].path, ""))) == [2, 5]
