"""No document stands where nobody can do anything: each reason and each sentence has a way out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.core.exits import Exit, exits
from connectors.core.states import Reason, State
from tests.architecture.source import PROJECT

STANDING = (State.WAITING, State.HELD)
TABLE = (PROJECT / "docs" / "states.md").read_text()
# A verb that tells a person what to do, or the word that nothing is to be done.
WAY_OUT = re.compile(
    r"dismiss|replay|correct|enter|link|choose|change|withdraw|reopen|cancel|void|settle|delete|"
    r"revise|undo|restore|close it|budget|add|set it|shorten|by itself|post a successor|adopt|"
    r"convert|map|allow|check",
    re.IGNORECASE,
)


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("state", STANDING)
def test_every_reason_has_more_than_one_way_out(state: State, reason: Reason) -> None:
    found = exits(state, reason)
    assert {Exit.REPLAY, Exit.DISMISS} < found


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_way_out(state: State) -> None:
    assert exits(state)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_table_in_the_docs_says_the_same(reason: Reason) -> None:
    row = re.search(rf"^\| `{reason}` \|(.*)\|$", TABLE, re.MULTILINE)
    assert row, f"docs/states.md has no row for {reason}"
    told = {word.strip() for word in row[1].rpartition("|")[2].split(",")}
    assert told == {str(one) for one in exits(State.HELD, reason)}


def sentences() -> Iterator[tuple[str, str]]:
    """The words of every hold and wait that flows and engine decide on, with their place."""
    for folder in ("flows", "engine", "core"):
        for file in sorted((PROJECT / "connectors" / folder).rglob("*.py")):
            yield from _held_in(file)


def _held_in(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Held", "Conflict"):
            for keyword in node.keywords:
                texts = [
                    part.value
                    for part in ast.walk(keyword.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                # A call to a function that makes the sentence is not a sentence.
                if keyword.arg == "words" and texts and not isinstance(keyword.value, ast.Call):
                    yield f"{file.relative_to(PROJECT)}:{node.lineno}", "".join(texts)


def test_every_sentence_offers_a_way_out() -> None:
    found = dict(sentences())
    assert len(found) > 25
    assert not {place: words for place, words in found.items() if not WAY_OUT.search(words)}
