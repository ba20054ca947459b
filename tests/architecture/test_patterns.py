"""No text makes a regular expression of ours take more than its length in time.

Every pattern in the code is found and attacked with texts that are made from the pattern itself.
"""

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from connectors.core.redaction import redact_text
from connectors.providers.procore import errors as procore_errors
from connectors.providers.zoho_books import errors as zoho_errors
from tests.sampling import sample

PROJECT = Path(__file__).resolve().parents[2]
FUNCTIONS = {
    "compile",
    "search",
    "match",
    "fullmatch",
    "sub",
    "subn",
    "split",
    "findall",
    "finditer",
}
# Where the pattern is not in the code, and why nothing can be done with it.
NOT_THERE = {
    "connectors/transport/error_table.py": "the tables' own `says`, which are attacked below",
    "connectors/providers/procore/errors.py": "as above",
    "connectors/flows/procurify_to_zoho_books/words.py": "an escaped number and digits",
    "connectors/sandbox/matching.py": "patterns of the scripts that drive a simulator",
}
LONG = 8_000
# A linear pattern needs less, an exponential one more; between them only the growth counts.
QUICK, SLOW = 0.003, 0.3
# Four times the text takes a linear pattern four times as long, a quadratic one sixteen times.
GROWTH = 9


def found_patterns() -> Iterator[tuple[str, str, int]]:
    """File, pattern and flags of each use of `re`."""
    for package in ("config", "connectors", "tenants", "audit"):
        for path in sorted((PROJECT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _patterns_of(path)


def _patterns_of(path: Path) -> Iterator[tuple[str, str, int]]:
    name = str(path.relative_to(PROJECT))
    source = path.read_text()
    if not re.search(r"\bre\.", source):
        return
    if "re." not in source:
        return
    for call in ast.walk(ast.parse(source)):
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "re"
            and call.func.attr in FUNCTIONS
        ):
            continue
        names = vars(importlib.import_module(name.removesuffix(".py").replace("/", ".")))
        try:
            pattern = eval(ast.unparse(call.args[0]), dict(names))  # noqa: S307 - our own source
            flags = [ast.unparse(one) for one in call.args[1:]]
            flags += [ast.unparse(word.value) for word in call.keywords if word.arg == "flags"]
            named = [flag for flag in flags if flag.startswith("re.")]
            bits = sum(int(eval(flag, dict(names))) for flag in named)  # noqa: S307 - the same
        except NameError:
            assert name in NOT_THERE, f"{name}: give this pattern a name at the module's top"
            continue
        yield name, pattern, bits


def tables() -> Iterator[tuple[str, str, int]]:
    """What providers' error tables look for in words of a provider."""
    for module in (zoho_errors, procore_errors):
        for name, value in vars(module).items():
            rows = value if isinstance(value, tuple | list) else [value]
            says = [row.says for row in rows if isinstance(getattr(row, "says", None), str)]
            says += [value] if isinstance(value, str) and not name.startswith("__") else []
            for pattern in filter(None, says):
                yield f"{module.__name__}.{name}", pattern, int(re.IGNORECASE)


PATTERNS = sorted({*found_patterns(), *tables()})


@cache
def pumps(pattern: str, flags: int) -> list[tuple[str, str]]:
    """Beginnings and what to repeat after them: the pattern's own pieces, one after the other."""
    pieces = list(_pieces(parser.parse(pattern, flags)))
    whole = "".join(pieces)
    alone = dict.fromkeys([*pieces, *"a1 -.'\"\\<&=:@/%,;(A\n\t", "a.", "a-", "1,", " a", whole])
    grown = [whole[:at] for at in range(1, len(whole) + 1)]
    pairs = [("", piece) for piece in alone if piece]
    pairs += [(start, end) for start in grown[-12:] for end in (pieces[-1:] or ["a"]) if end]
    pairs += [("", start) for start in grown[:: max(1, len(grown) // 12)]]
    return list(dict.fromkeys(pairs))


def _pieces(tree: Any) -> Iterator[str]:
    """A text for each step of a parsed pattern; one way through, with every repeat taken twice."""
    for kind, value in tree:
        if kind is kinds.LITERAL:
            yield chr(value)
        elif kind in (kinds.NOT_LITERAL, kinds.ANY):
            yield "a"
        elif kind is kinds.IN:
            yield _member(value)
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            low, high, inner = value
            yield "".join(_pieces(inner)) * max(low, min(high, 2))
        elif kind is kinds.SUBPATTERN:
            yield from _pieces(value[3])
        elif kind is kinds.ATOMIC_GROUP:
            yield from _pieces(value)
        elif kind is kinds.BRANCH:
            yield from max((list(_pieces(branch)) for branch in value[1]), key=len)


def _member(members: Any) -> str:
    """A character of a set."""
    sample = "a1 _-.,'\"Z\n\x00\u2018"
    if members[0][0] is kinds.NEGATE or members[0][0] is kinds.CATEGORY:
        tried = re.compile(_as_set(members))
        return next(
            char for char in sample + "".join(map(chr, range(32, 127))) if tried.match(char)
        )
    kind, value = members[0]
    return chr(value if kind is kinds.LITERAL else value[0])


def _as_set(members: Any) -> str:
    categories = {
        kinds.CATEGORY_DIGIT: r"\d",
        kinds.CATEGORY_NOT_DIGIT: r"\D",
        kinds.CATEGORY_SPACE: r"\s",
        kinds.CATEGORY_NOT_SPACE: r"\S",
        kinds.CATEGORY_WORD: r"\w",
        kinds.CATEGORY_NOT_WORD: r"\W",
    }
    text = ""
    for kind, value in members:
        if kind is kinds.NEGATE:
            text += "^"
        elif kind is kinds.CATEGORY:
            text += categories[value]
        elif kind is kinds.LITERAL:
            text += re.escape(chr(value))
        else:
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return f"[{text}]"


def seconds(work: Callable[[str], object], text: str, tries: int = 1) -> float:
    """The processor's time for this text, the best of so many tries."""
    best = float("inf")
    for _ in range(tries):
        begun = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - begun)
    return best


def explodes(work: Callable[[str], object], start: str, pump: str, ends: str = "\x01") -> bool:
    """Whether each doubling of the text takes more than thrice the time."""

    def text(size: int) -> str:
        return start + pump * (size // len(pump)) + ends

    # What doubles with each character must not hang the test.
    for size, most in ((22, 0.02), (60, 0.1), (600, 0.3)):
        if seconds(work, text(size)) > most and seconds(work, text(size), 2) > most:
            return True
    took = seconds(work, text(LONG))
    if took < QUICK or took > SLOW:
        return took > SLOW
    return seconds(work, text(4 * LONG), 3) > GROWTH * seconds(work, text(LONG), 3)


def test_the_attack_finds_patterns_that_explode() -> None:
    for bad in (r"(\w+)*!", r"number .*exists", r"(\d[\d,]*) char"):
        find = re.compile(bad).findall
        assert any(explodes(find, *pair) for pair in pumps(bad, 0)), bad


@pytest.mark.parametrize("where", sorted({where for where, _, _ in PATTERNS}))
def test_no_pattern_explodes(where: str) -> None:
    for _, pattern, flags in (one for one in PATTERNS if one[0] == where):
        tried = re.compile(pattern, flags)

        def work(text: str, tried: re.Pattern[str] = tried) -> None:
            tried.fullmatch(text)
            for _ in tried.finditer(text):
                pass

        for start, pump in pumps(pattern, flags):
            assert not explodes(work, start, pump), f"{pattern!r} on {start!r} + {pump!r} * n"


def test_every_file_without_its_patterns_is_still_there() -> None:
    assert all((PROJECT / name).exists() for name in NOT_THERE)


HOSTILE = (
    *(
        "a",
        "a.",
        "a/",
        "\\",
        '"',
        '\\"',
        "'",
        ":",
        "=",
        "://",
        "//",
        "@",
        ":@",
        "<",
        "%3D",
        "[",
        "(",
    ),
    *(
        "token",
        "token=",
        "token:",
        'token"',
        '"token":"',
        "token\\\\",
        "token \t",
        "token={",
        "a://b:",
    ),
    *(
        "secret_",
        "Bearer ",
        "Basic ",
        "eyJ",
        "eyJaaaaa.",
        "1000.",
        "1000.aaaaaaaa",
        "a:b@",
        "&quot;",
    ),
    *("cookie: a", "authorization: ", "authorization: bearer ", "--token ", "<token>", "gAAAAA"),
    *("-----BEGIN PRIVATE KEY-----", 'name="token"', "password:\n", "password: |\n", "\r\n", " \t"),
    *("?code=", "%25", "token%", "('token', ", "a_", "A", "é", "\ud800", "\x00", "token\\u0022"),
)


@pytest.mark.parametrize(
    "start", sample(("",), ('"token": "',), ("token=(",), ("https://",), ("Cookie: ",), every=5)
)
def test_redacting_takes_time_in_proportion(start: str) -> None:
    for pump in HOSTILE:
        assert in_proportion(start, pump, 2**13), f"{start!r} + {pump!r}"


@pytest.mark.soak
def test_redacting_a_quarter_of_a_million_bytes_takes_time_in_proportion() -> None:
    for pump in HOSTILE[::4]:
        assert in_proportion("", pump, 2**16), f"{pump!r}"


def test_redacting_mixed_texts_takes_time_in_proportion() -> None:
    for one, other in itertools.permutations(HOSTILE[::5], 2):
        assert in_proportion("", one + other, 2**13), f"{one!r} {other!r}"


def in_proportion(start: str, pump: str, size: int) -> bool:
    """Whether four times that size takes at most nine times as long, or next to nothing."""
    quarter, whole = (start + pump * (much // len(pump)) for much in (size, 4 * size))
    if seconds(redact_text, whole) < SLOW / 3:
        return True  # far from where one could tell
    return seconds(redact_text, whole, 3) < GROWTH * seconds(redact_text, quarter, 3)
