"""Starts child processes that cannot outlive the one that started them, and ends them.

Takes a command; gives a running process in its own session, so that Ctrl-C reaches only the
supervisor. Knows nothing of what the children are. Linux only, as the servers' wheels are.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_STARTER_DIED = 99
_SUPERVISED = "SUPERVISED"
# Loaded here because nothing should be looked up between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    argv: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    user: pwd.struct_passwd | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    output: IO[bytes] | int | None = None,
    interactive: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `argv`; the kernel sends `death_signal` to it when this process ends, however it ends.

    Call it from a thread that lives as long as the process: the kernel watches the *thread*.
    An interactive child shares our terminal, and with it our session.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands, no shell
        [os.fspath(part) for part in argv],
        stdin=None if interactive else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if env is None else {**env, _SUPERVISED: "1"},
        cwd=cwd,
        # Safe here: it only makes system calls, and nothing else can drop rights and then ask for
        # the death signal in one go.
        preexec_fn=_before_exec(death_signal, user, own_session=not interactive),  # noqa: PLW1509
    )


def stop(child: subprocess.Popen[bytes], how: signal.Signals, *, patience: float) -> int:
    """Ask the child to end with `how`; after `patience` seconds end its whole session."""
    if child.poll() is None:
        child.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    kill_session(child)
    return child.wait()


def kill_session(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started itself, at once."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody left in it; or the number belongs to somebody else by now.
        return


def is_running(pid: int, mentioning: str) -> bool:
    """Whether `pid` is a live process, no zombie, with `mentioning` in its command line.

    A number alone proves nothing: it may have been given to another process since.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"} and os.fsencode(mentioning) in command


def die_with_parent_if_supervised() -> None:
    """For a process whose parent was spawned here, but forked it by other means."""
    if os.environ.get(_SUPERVISED):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _before_exec(
    death_signal: signal.Signals, user: pwd.struct_passwd | None, *, own_session: bool
) -> Callable[[], None]:
    starter = os.getpid()

    def prepare() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        # After setuid: a change of credentials clears the setting.
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if own_session:
            os.setsid()
        if os.getppid() != starter:
            os._exit(_STARTER_DIED)

    return prepare


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours under the Python that runs now."""
    return [sys.executable, "-m", module, *arguments]
