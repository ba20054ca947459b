"""The arithmetic of the chain, without a database, and the auditor's script beside it."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from audit import verify_export
from audit.chain import (
    GENESIS,
    ChainBrokenError,
    Head,
    canonical,
    event_hash,
    moment,
    plain,
    verify,
)

SCRIPT = Path(verify_export.__file__)
ODD = 'Käse "x" \\ \u2028 \U0001f9c0 \x1f'


def events(count: int) -> list[dict]:
    made: list[dict] = []
    head = Head()
    for number in range(1, count + 1):
        content: dict = {
            "tenant": 7,
            "sequence": number,
            "at": moment(datetime(2026, 1, 1, tzinfo=UTC)),
            "action": "document.posted",
            "source_number": f"{ODD}{number}",
            "run_id": None,
            "details": {"total": "12.30", "lines": [1, 2, {"big": 10**30}]},
            "previous_hash": head.hash,
        }
        content["hash"] = event_hash(content)
        head = Head(number, content["hash"])
        made.append(content)
    return made


def test_a_whole_chain_leads_to_its_head():
    made = events(5)
    assert verify(made) == Head(5, made[-1]["hash"])
    assert verify([]) == Head(0, GENESIS)
    assert verify(made[3:], Head(3, made[2]["hash"])) == verify(made)


def change_text(made: list[dict]) -> None:
    made[2]["source_number"] = "other"


def change_deep(made: list[dict]) -> None:
    made[2]["details"]["lines"][2]["big"] += 1


def change_and_reseal(made: list[dict]) -> None:
    made[2]["action"] = "document.cancelled"
    made[2]["hash"] = event_hash(made[2])


def remove(made: list[dict]) -> None:
    del made[2]


def remove_first(made: list[dict]) -> None:
    del made[0]


def swap(made: list[dict]) -> None:
    made[2], made[3] = made[3], made[2]


def repeat(made: list[dict]) -> None:
    made.insert(3, dict(made[2]))


def add_name(made: list[dict]) -> None:
    made[2]["extra"] = 1


def other_tenant(made: list[dict]) -> None:
    made[2]["tenant"] = 8


DAMAGES = [
    (change_text, "event 3 was changed"),
    (change_deep, "event 3 was changed"),
    (change_and_reseal, "event 4 does not follow"),
    (remove, "event 3"),
    (remove_first, "event 1"),
    (swap, "event 3"),
    (repeat, "event 4"),
    (add_name, "event 3 was changed"),
    (other_tenant, "event 3"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_any_damage_is_named(damage: Callable[[list[dict]], None], says: str):
    made = events(5)
    damage(made)
    with pytest.raises(ChainBrokenError, match=says):
        verify(made)


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_the_auditors_script_names_it_too(damage, says, tmp_path, capsys):
    made = events(5)
    damage(made)
    assert verify_export.main([str(written(made, tmp_path))]) == 1
    said = capsys.readouterr().out
    assert said.startswith("BROKEN: ")
    assert says in said


def written(made: list[dict], folder: Path) -> Path:
    path = folder / "export.jsonl"
    path.write_bytes(b"".join(canonical(event) + b"\n" for event in made))
    return path


def test_the_script_runs_alone_and_sees_a_missing_tail(tmp_path):
    """Copied away from the project, without its packages on the path."""
    made = events(5)
    alone = tmp_path / "verify_export.py"
    alone.write_bytes(SCRIPT.read_bytes())

    def run(count: int, *options: str) -> subprocess.CompletedProcess[str]:
        path = written(made[:count], tmp_path)
        command = [sys.executable, "-I", str(alone), str(path), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    head = made[-1]["hash"]
    whole = run(5, "--head", head)
    assert (whole.returncode, whole.stdout) == (0, f"OK: 5 events, head {head}\n")
    assert run(4).returncode == 0, "a cut tail shows only against the head"
    cut = run(4, "--head", head)
    assert cut.returncode == 1
    assert "lines are missing" in cut.stdout


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"sequence": 1}', "{}"])
def test_the_script_survives_any_line(line, tmp_path, capsys):
    path = tmp_path / "export.jsonl"
    path.write_text(line + "\n")
    assert verify_export.main([str(path)]) == 1
    assert "line 1" in capsys.readouterr().out


def doubled_key(line: str) -> str:
    return line.replace('{"action":', '{"action":"document.cancelled","action":', 1)


OTHER_SPELLINGS = [
    doubled_key,
    lambda line: line.replace(":", ": ", 1),
    lambda line: " " + line,
    lambda line: line.replace("\n", "\r\n"),
    lambda line: line.replace("K\\u00e4se", "\\u004b\\u00e4se"),
    lambda line: line.replace('"run_id":null', '"run_id":NaN'),
    lambda line: line.replace("\n", "\n\n"),
    lambda line: line.replace("\n", ""),
    lambda line: line.replace('"run_id":null', '"run_id":' + "[" * 100_000),
]


@pytest.mark.parametrize("spell", OTHER_SPELLINGS)
def test_a_line_that_another_program_may_read_differently_is_refused(spell, tmp_path, capsys):
    path = written(events(1), tmp_path)
    line = path.read_text(encoding="ascii")
    assert verify_export.main([str(path)]) == 0
    assert spell(line) != line
    path.write_bytes(spell(line).encode())
    assert verify_export.main([str(path)]) == 1
    assert "BROKEN: line" in capsys.readouterr().out


def test_a_file_without_events_is_no_success(tmp_path, capsys):
    assert verify_export.main([str(written([], tmp_path))]) == 1
    assert "the file holds no event" in capsys.readouterr().out


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    content = events(1)[0]
    shuffled = list(content.items())
    random.Random(1).shuffle(shuffled)
    assert canonical(dict(shuffled)) == canonical(content)
    assert json.loads(canonical(content)) == content


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("12.30"), "12.30"),
        (Decimal("1E+3"), "1000"),
        (1.5, "1.5"),
        (True, True),
        (None, None),
        (10**30, 10**30),
        (date(2026, 1, 2), "2026-01-02"),
        (
            datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:00:00.000000Z",
        ),
        ("a\0b", "ab"),
        ("\ud800x", "?x"),
        ({1: (Decimal(1), {2: b"x"})}, {"1": ["1", {"2": "b'x'"}]}),
    ],
)
def test_details_become_what_survives_a_database(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
