"""`docs/assumptions.md` tells the truth: each fact once, with a module and a test that exist."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import PROJECT

PAGE = "docs/assumptions.md"
PROVIDERS = ("Zoho Books", "Procurify", "Procore")
HANDS = {"asked", "learned", "tolerated"}


@dataclass(frozen=True)
class Row:
    provider: str
    fact: str
    how: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _rows() -> list[Row]:
    rows, provider = [], ""
    for line in (PROJECT / PAGE).read_text().splitlines():
        if line.startswith("## "):
            provider = line[3:]
        if not line.startswith("| ") or line.startswith("| Fact |"):
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        assert len(cells) == 4, line
        fact, how, module, test = cells
        rows.append(Row(provider, fact, how, _quoted(module), _quoted(test)))
    return rows


def _quoted(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


@cache
def _functions(path: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return frozenset(n.name for n in nodes if isinstance(n, ast.FunctionDef))


def test_every_provider_has_its_facts_each_once() -> None:
    rows = _rows()
    assert {row.provider for row in rows} == set(PROVIDERS)
    facts = [(row.provider, row.fact) for row in rows]
    assert len(facts) == len(set(facts))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row.provider}: {row.fact[:40]}")
def test_a_fact_has_a_hand_a_module_and_a_test(row: Row) -> None:
    assert row.how in HANDS
    assert row.modules
    assert row.tests
    for module in row.modules:
        assert module.startswith("connectors/"), module
        assert (PROJECT / module).is_file(), module
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in _functions(PROJECT / file), test


def test_readers_find_the_page() -> None:
    assert PAGE in (PROJECT / "README.md").read_text()
