"""What keeps the project installable and its settings known: pins, variables, migrations, help."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from django.core.management import call_command

from tests.architecture.source import EVERYTHING, PRODUCT, PROJECT, sources

# All files of Python are read once, by one worker.
pytestmark = pytest.mark.xdist_group("sources")

_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(?P<version>[^\s;]+)"
    r"(?: ; (?P<where>[^\\\n]+?))?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)$",
    re.MULTILINE,
)


def _matches(file: str) -> list[re.Match[str]]:
    """The packages that a list of requirements names; there is nothing else in it but comments."""
    text = (PROJECT / file).read_text()
    rest = [line for line in _PIN.sub("", text).splitlines() if line and not line.startswith("#")]
    assert [line for line in rest if line != "-c requirements.txt"] == []
    return list(_PIN.finditer(text))


def _pinned(file: str) -> dict[str, str]:
    return {_plain(match["name"]): match["version"] for match in _matches(file)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


LISTS = ("requirements", "requirements-dev")


@pytest.mark.parametrize("name", LISTS)
def test_every_package_that_is_installed_is_pinned_with_hashes(name: str) -> None:
    matches = _matches(f"{name}.txt")
    assert len(matches) > 40
    assert [match["name"] for match in matches if not match["hashes"]] == []
    named = [_plain(match["name"]) for match in matches]
    assert len(named) == len(set(named))
    assert _pinned(f"{name}.in").items() <= _pinned(f"{name}.txt").items(), "run make requirements"


def test_both_lists_agree_on_versions() -> None:
    ours, others = (_pinned(f"{name}.txt") for name in LISTS)
    assert {name for name in ours.keys() & others if ours[name] != others[name]} == set()


def test_only_packages_with_the_pinned_hashes_are_installed() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    installs = [line for line in makefile.split("\n\t") if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_no_list_names_an_index_of_packages() -> None:
    for name in LISTS:
        for file in (f"{name}.in", f"{name}.txt"):
            assert not re.search(r"://|--(extra-)?index|--find-links", (PROJECT / file).read_text())


def test_rules_of_safety_are_waived_one_by_one() -> None:
    """A folder that waives all of S would hide the next fault; so would a bare noqa."""
    rules = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in rules["select"]
    waived = [rule for rules_there in rules["per-file-ignores"].values() for rule in rules_there]
    wide = [rule for rule in [*rules["ignore"], *waived] if re.fullmatch(r"ALL|S\d{0,2}", rule)]
    assert wide == []
    bare = re.compile(r"#\s*(?:ruff:\s*noqa|noqa(?!: ?[A-Z]))", re.IGNORECASE)
    assert [source.name for source in sources(*EVERYTHING) if bare.search(source.text)] == []


def test_what_the_service_imports_is_in_its_requirements() -> None:
    known = packages_distributions()
    pinned = _pinned("requirements.txt")
    missing = {
        f"{source.name} imports {name}"
        for source in sources(*PRODUCT)
        if "sandbox" not in source.path.parts  # runs where the development packages are
        for name in _imported(source.tree())
        if name not in sys.stdlib_module_names and name not in PRODUCT
        if not {_plain(package) for package in known.get(name, ["?"])} & pinned.keys()
    }
    assert not missing


def _imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_groups_of_tests_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """The versions of pytest and xdist that are pinned know each other's names of tests."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@sources")


def test_every_variable_is_in_the_example() -> None:
    example = (PROJECT / ".env.example").read_text()
    settings = (PROJECT / "config" / "settings.py").read_text()
    read = re.findall(r"(?:env\.\w+|required|required_list)\(\s*\"([A-Z_]+)\"", settings)
    assert len(read) > 20
    missing = [name for name in read if not re.search(rf"^(?:# )?{name}=", example, re.MULTILINE)]
    assert not missing


@pytest.mark.soak
@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=1)


def test_make_lists_its_targets() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout
    for target in ("demo", "test", "lint", "check-demo"):
        assert re.search(rf"^  make {target}\b.+\w", said, re.MULTILINE), said
