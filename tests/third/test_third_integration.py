"""A fourth provider and a flow to it need two packages and their lines in the registry: no more.

The guide's own steps are taken in a copy of the project. There the tree is compared, and Django,
the import contracts, the generated tests and a run of the whole way find the newcomer in place.
"""

import difflib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from connectors.core.flow import Flow
from connectors.transport.provider import ProviderSpec
from tests.third.placing import (
    LINES,
    PACKAGE,
    PLACED,
    PROJECT,
    REGISTRY,
    Copy,
    further_worker,
    place,
)

GUIDE = (PROJECT / "docs" / "adding-an-integration.md").read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    if not (PROJECT / ".git").exists():
        pytest.skip("this copy is no git checkout, so what belongs to it is unknown")
    return place(tmp_path_factory.mktemp("third"))


def test_nothing_is_touched_but_the_registry(copy: Copy) -> None:
    after = copy.after()
    assert copy.before.keys() <= after.keys()
    changed = {name for name, content in copy.before.items() if after[name] != content}
    assert changed == {REGISTRY}
    added = after.keys() - copy.before.keys()
    assert added
    assert all(name.startswith(PLACED) for name in added)


def test_the_registry_gets_an_import_and_a_line_for_each(copy: Copy) -> None:
    before = copy.before[REGISTRY].decode().splitlines()
    difference = difflib.ndiff(before, (copy.folder / REGISTRY).read_text().splitlines())
    changes = [line for line in difference if line[:1] in "+-?"]
    assert sorted(changes) == sorted(f"+ {line}" for line, _ in LINES)


def test_the_provider_has_the_files_of_the_guide() -> None:
    [table] = re.findall(r"\| File \|.*?\n\n", GUIDE, re.DOTALL)
    told = set(re.findall(r"^\| `(\w+)(?:\.py|/)` ", table, re.MULTILINE))
    folder = PACKAGE / "providers" / "parcelbook"
    assert {path.stem for path in folder.iterdir()} - {"__init__", "__pycache__"} == told


@pytest.mark.parametrize("described", [ProviderSpec, Flow], ids=lambda kind: kind.__name__)
def test_the_guide_names_every_piece(described: type) -> None:
    told = set(re.findall(r"`(\w+)`", GUIDE))
    missing = {field.name for field in fields(described)} - told
    assert not missing


@pytest.mark.soak
def test_django_finds_nothing_missing(copy: Copy) -> None:
    for command in (["makemigrations", "--check", "--dry-run"], ["check"]):
        done = copy.run("-W", "error", "manage.py", *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.soak
def test_the_import_contracts_are_kept(copy: Copy) -> None:
    """Among them: a provider knows no other provider, a flow no other flow."""
    linter = "from importlinter.cli import lint_imports_command as run; run()"
    done = copy.run("-c", linter, "--no-cache", PYTHONPATH=str(copy.folder))
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.soak
def test_pages_schedules_webhooks_and_contracts_pick_it_up(copy: Copy) -> None:
    tests = ("tests/contract/test_registered.py", "tests/third/picked_up.py")
    done = copy.run("-m", "pytest", "-v", "-p", "no:cacheprovider", *tests, **further_worker())
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    passed = re.findall(r"^(tests/\S+?)::(test_\w+)(\S*) PASSED", done.stdout, re.MULTILINE)
    contracts = {test for file, test, about in passed if file == tests[0] and "parcelbook" in about}
    assert contracts == _tests_in(PROJECT / tests[0])
    assert {test for file, test, _ in passed if file == tests[1]} == _tests_in(PROJECT / tests[1])


def _tests_in(file: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
