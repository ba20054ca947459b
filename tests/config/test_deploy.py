"""What README and the shipped units say is the same, and fits the pool of connections."""

import re
import shlex
from pathlib import Path

import pytest

from config.parts import WEB_OPTIONS

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
UNITS = sorted((PROJECT / "deploy").glob("*.service"))
# Where a process listens or keeps its file is one machine's matter.
OF_THE_MACHINE = {"--host", "--port", "--schedule"}


def _command(unit: Path) -> list[str]:
    line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    assert line is not None
    program, *words = shlex.split(line[1])
    kept = [Path(program).name]
    while words:
        word = words.pop(0)
        if word in OF_THE_MACHINE:
            words.pop(0)
        else:
            kept.append(word)
    return kept


def _numbers(unit: Path) -> dict[str, int]:
    """What the unit sets in its environment."""
    lines = re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE)
    pairs = (word.split("=") for line in lines for word in line.split())
    return {name: int(value) for name, value in pairs}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_what_the_readme_says(unit: Path) -> None:
    assert " ".join(_command(unit)) in README


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_has_more_connections_than_threads(unit: Path) -> None:
    command, numbers = _command(unit), _numbers(unit)
    threads = numbers.get("WEB_THREADS", 0) + numbers.get("WEBHOOK_THREADS", 0)
    if "--concurrency" in command:
        threads = int(command[command.index("--concurrency") + 1])
    if threads:
        assert threads < numbers["DATABASE_POOL"] <= 2 * threads


def test_the_web_unit_is_the_demos_web_process() -> None:
    unit = next(unit for unit in UNITS if "web" in unit.stem)
    assert _command(unit) == ["granian", *WEB_OPTIONS, "config.asgi:application"]
    assert set(_numbers(unit)) == {"DATABASE_POOL", "WEB_THREADS", "WEBHOOK_THREADS"}


def test_there_is_a_unit_for_each_kind_of_process() -> None:
    assert [unit.stem for unit in UNITS] == [
        "ml-connector-beat",
        "ml-connector-web",
        "ml-connector-worker",
    ]


def test_every_file_the_readme_names_in_deploy_exists() -> None:
    for name in re.findall(r"`(deploy/[\w.-]*)`", README):
        assert (PROJECT / name).exists()
