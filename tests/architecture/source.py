"""The project's own Python files as the architecture tests see them: paths, texts, syntax trees."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = ("config", "connectors", "tenants", "audit")
EVERYTHING = (*PRODUCT, "tests", "benchmarks")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(PROJECT))

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree()) if isinstance(node, Function)]


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """All files below those folders, generated migrations left out."""
    found = [PROJECT / "manage.py"] if "config" in folders else []
    for folder in folders:
        found += sorted((PROJECT / folder).rglob("*.py"))
    return tuple(Source(path, path.read_text()) for path in found if "migrations" not in path.parts)


def length(function: Function) -> int:
    """Lines of a function from its `def` to its end, its docstring left out."""
    first = function.body[0]
    is_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring
