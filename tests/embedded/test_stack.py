"""The supervisor's children: started, paused, killed, and never left behind."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config import parts
from config.processes import is_running
from config.stack import PartError, Stack, running_stack, web_port
from tests.embedded.conftest import PROJECT, all_gone

# Holds a stack until it is killed, and names every process in its tree.
_HOLDER = """
import json, sys, time
from pathlib import Path
from config import parts
from config.stack import running_stack, web_port
with running_stack(Path(sys.argv[1])) as stack:
    stack.start(parts.web(web_port(stack)))
    stack.start(parts.worker())
    stack.start(parts.beat(stack.folder / "beat-schedule"))
    print(json.dumps(stack.pids()), flush=True)
    time.sleep(600)
"""


def _sleeper(name: str = "sleeper", seconds: float = 600) -> parts.Part:
    code = f"print('I am ready', flush=True); import time; time.sleep({seconds})"
    return parts.Part(name=name, argv=[sys.executable, "-c", code], ready_text="I am ready")


@pytest.fixture
def stack(folder: Path) -> Iterator[Stack]:
    made = Stack(folder, dict(os.environ))
    yield made
    made.stop()


@pytest.mark.crash
def test_the_whole_service_comes_up_and_goes_down(folder: Path) -> None:
    with running_stack(folder) as stack:
        port = web_port(stack)
        stack.start(parts.web(port))
        stack.start(parts.worker())
        stack.start(parts.beat(folder / "beat-schedule"))
        pids = stack.pids()
        assert set(pids) == {"web", "worker", "beat"}
        assert _healthz(port) == {"ok": True, "postgresql": True, "redis": True}
        stack.raise_if_one_ended()
    assert all_gone(pids)
    shutil.rmtree(folder)  # whoever started it can delete all that it left


@pytest.mark.crash
def test_all_end_when_the_supervisor_is_killed(folder: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stdout is not None
    pids: dict[str, int] = json.loads(supervisor.stdout.readline())
    tree = {str(pid): pid for pid in _descendants(supervisor.pid)}
    # Servers, parts, and the process that the web server forks by itself.
    assert len(tree) >= len(pids) + 3
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    assert all_gone(tree)


def test_a_killed_part_is_reported_with_its_last_words(stack: Stack) -> None:
    stack.start(_sleeper())
    stack.raise_if_one_ended()
    stack.kill("sleeper")
    with pytest.raises(PartError, match=r"sleeper ended with exit code -9(.|\n)*I am ready"):
        stack.raise_if_one_ended()


def test_a_killed_part_starts_again_under_its_name(stack: Stack) -> None:
    first = stack.start(_sleeper())
    stack.kill("sleeper")
    second = stack.restart("sleeper")
    assert first != second
    assert stack.pids() == {"sleeper": second}


def test_a_paused_part_ends_with_the_others(stack: Stack) -> None:
    pid = stack.start(_sleeper())
    stack.signal("sleeper", signal.SIGSTOP)
    process = stack._running["sleeper"].process
    stack.stop()
    assert not is_running(pid, "")
    assert process.returncode == -signal.SIGTERM, "it was woken up and asked, not killed in the end"


def test_a_part_that_cannot_start_says_why(stack: Stack) -> None:
    broken = parts.Part(
        name="broken", argv=[sys.executable, "-c", "raise SystemExit('no luck')"], ready_text="x"
    )
    with pytest.raises(PartError, match="no luck"):
        stack.start(broken)


def test_a_failing_command_says_why(stack: Stack) -> None:
    with pytest.raises(PartError, match="Unknown command"):
        stack.run("no_such_command")


def _healthz(port: int) -> object:
    line = http.client.HTTPConnection(parts.LOOPBACK, port, timeout=60)
    line.request("GET", urlsplit("/healthz").path)
    answer = json.loads(line.getresponse().read())
    line.close()
    return answer


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found
