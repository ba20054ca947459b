"""Files say what they are for, and name no machine, index or person's folder."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import EVERYTHING, PROJECT, sources

# All files of Python are read once, by one worker.
pytestmark = pytest.mark.xdist_group("sources")

# Written in pieces, so that this file does not name them either.
_FOLDERS = "work|farm|root|home|Users|mnt"
_FORBIDDEN = {
    "an absolute folder of one machine": re.compile(rf"(?<![\w.}}~/-])/(?:{_FOLDERS})/[\w.-]"),
    "a package index": re.compile(
        r"(?:pypi\.(?:org|python)|python" + r"hosted\.org|index-" + "url)"
    ),
    "unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}
_BINARY = {".png", ".ico", ".woff2", ".pdf", ".gif", ".jpg"}


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        source.name
        for source in sources(*EVERYTHING)
        if source.text.strip() and not ast.get_docstring(source.tree())
    ]
    assert not silent


def test_nothing_names_a_machine_an_index_or_unfinished_work() -> None:
    found = [
        f"{path}:{number} names {what}: {line.strip()}"
        for path in _tracked()
        for number, line in enumerate((PROJECT / path).read_text().splitlines(), start=1)
        for what, pattern in _FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("open('/ho" + "me/someone/file')", "an absolute folder of one machine"),
        ("--index-" + "url=x", "a package index"),
        ("# TO" + "DO: later", "unfinished work"),
    ],
)
def test_the_patterns_do_find_what_they_look_for(line: str, what: str) -> None:
    assert _FORBIDDEN[what].search(line)


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this copy is no git checkout, so what belongs to it is unknown")
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.suffix not in _BINARY and (PROJECT / path).is_file()]
