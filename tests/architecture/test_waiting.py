"""Tests wait for what they want to see, and not for a time that somebody guessed."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Source, sources

# A poll may rest for so long between two looks.
LONGEST_REST = 0.1
# Where time itself is the matter, and how often.
ALLOWED = {
    "tests/e2e/builder.py": 1,  # the target's own webhooks end
    "tests/e2e/soak_rounds.py": 1,  # a round that goes on for minutes
    "tests/engine/test_tokens_and_quota.py": 1,  # a token request that takes its time
}


def long_sleeps(source: Source) -> Iterator[int]:
    """Lines that sleep for a constant time that is longer than a poll's rest."""
    for node in ast.walk(source.tree()):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "sleep"
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, int | float)
            and node.args[0].value > LONGEST_REST
        ):
            yield node.lineno


def test_no_test_sleeps_for_a_guessed_time() -> None:
    found = {source.name: list(long_sleeps(source)) for source in sources("tests")}
    too_many = {name: lines for name, lines in found.items() if len(lines) > ALLOWED.get(name, 0)}
    assert too_many == {}, "wait for a condition, or move an injected clock"


def test_a_guess_is_noticed() -> None:
    class Written(Source):
        def tree(self) -> ast.Module:
            return ast.parse("import time\ntime.sleep(0.05)\ntime.sleep(0.5)\ntime.sleep(wait)\n")

    assert list(long_sleeps(Written(sources("tests")[0].path, ""))) == [3]
