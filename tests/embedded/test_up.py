"""The supervisor's command: one at a time, clear words, and an end to everything on a signal."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config import up
from config.folders import FolderLock
from tests.embedded.conftest import PROJECT, all_gone
from tests.sampling import first_here


@pytest.fixture
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command works in this folder, and leaves the test's signal handlers alone."""
    monkeypatch.setattr(up, "local_folder", lambda *_: folder)
    monkeypatch.setattr(up, "_listen_for_the_end", lambda: None)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    return folder


def test_a_second_demo_says_that_one_runs(
    in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = FolderLock(in_folder)
    (in_folder / "environment.json").write_text(json.dumps({"BASE_URL": "http://127.0.0.1:8000"}))
    assert up.main(["demo"]) == 1
    lock.release()
    said = capsys.readouterr().err
    assert f"One runs already from {in_folder} (process {os.getpid()})" in said
    assert "It is at http://127.0.0.1:8000" in said


def test_exec_runs_a_command_beside_the_servers(in_folder: Path) -> None:
    ask = "psycopg.connect(os.environ['DATABASE_URL']).close()"
    code = f"import os, psycopg; {ask}; raise SystemExit(7)"
    before = signal.getsignal(signal.SIGINT)
    try:
        assert up.main(["exec", "--", sys.executable, "-c", code]) == 7
    finally:
        signal.signal(signal.SIGINT, before)


def test_exec_joins_a_running_demo(in_folder: Path) -> None:
    lock = FolderLock(in_folder)
    (in_folder / "environment.json").write_text(json.dumps({"WHERE": "the running demo"}))
    before = signal.getsignal(signal.SIGINT)
    code = "import os; raise SystemExit(0 if os.environ.get('WHERE') == 'the running demo' else 1)"
    try:
        assert up.main(["exec", sys.executable, "-c", code]) == 0
    finally:
        lock.release()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", first_here(signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_a_signal_ends_the_supervisor_and_its_servers(folder: Path, number: signal.Signals) -> None:
    # A stand-in for the demo that stops where it would look after its parts.
    code = (
        "import json, sys, time; from pathlib import Path; from config import up\n"
        "from config.embedded import embedded_services\n"
        "def demo(folder):\n"
        "    with embedded_services(folder, durable=False, given={}) as services:\n"
        "        print(json.dumps(services.pids()), flush=True)\n"
        "        time.sleep(600)\n"
        "up.demo = demo; up.local_folder = lambda *_: Path(sys.argv[1])\n"
        "sys.exit(up.main(['demo']))"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    pids: dict[str, int] = json.loads(supervisor.stdout.readline())
    supervisor.send_signal(number)
    said, _ = supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0
    assert "Stopped." in said
    assert all_gone(pids)
