"""Folders of one machine's embedded servers: where data and sockets live, and who may look.

Takes the project's folder or a wish; gives folders that only the right user can enter. Knows the
limits that unusual paths run into, and nothing of the servers.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
from pathlib import Path

# 107 bytes is what the kernel takes; PostgreSQL appends ".s.PGSQL.5432.lock". Redis cuts a longer
# path off without a word, so that two folders would share one socket.
_SOCKET_FOLDER_LIMIT = 85
_NAME = "ml-connector"


class FolderError(RuntimeError):
    """A folder cannot be used; the text says which, why, and what to do."""


class AlreadyRunningError(RuntimeError):
    """Somebody else holds the folder's lock."""

    def __init__(self, folder: Path, holder: str) -> None:
        """Name the folder and the process that holds it."""
        super().__init__(
            f"One runs already from {folder} (process {holder or 'unknown'}). "
            "Stop it with Ctrl-C in its terminal before starting another."
        )


class FolderLock:
    """A lock that the kernel drops when its holder ends, so that it is never stale."""

    def __init__(self, folder: Path) -> None:
        """Take the lock or raise AlreadyRunningError at once."""
        self._file = (folder / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise AlreadyRunningError(folder, holder) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


def local_folder(project: Path, purpose: str) -> Path:
    """`.local/<purpose>-<uid>` in the project. The uid keeps root's data and a user's apart."""
    parent = project / ".local"
    try:
        if not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)
            if os.geteuid() == 0:
                owner = project.stat()
                os.chown(parent, owner.st_uid, owner.st_gid)
        return private_folder(parent / f"{purpose}-{os.geteuid()}", mode=0o711)
    except PermissionError as error:
        raise FolderError(
            f"{parent} cannot be written by this user (uid {os.geteuid()}). Give it to this user "
            "with chown, or delete it: it holds only demo data."
        ) from error


def socket_folder(data: Path) -> Path:
    """A short folder for sockets, the same one for the same data; outside, for deep paths' sake."""
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - made private below
        folder = outside_folder(parent, data)
        plain = not set(" ,\"'") & set(os.fspath(folder))
        if plain and len(os.fsencode(folder)) <= _SOCKET_FOLDER_LIMIT:
            return private_folder(folder, mode=0o711)
    raise FolderError(f"No short folder for sockets: set TMPDIR to one instead of {parent}.")


def outside_folder(parent: Path, data: Path) -> Path:
    """The name of the folder in `parent` that belongs to `data` and this user."""
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    return parent / f"{_NAME}-{os.geteuid()}-{digest}"


def private_folder(folder: Path, *, mode: int = 0o700, owner: int | None = None) -> Path:
    """Make the folder, or refuse one that is a link or somebody else's.

    0711 lets a server's own user pass through to its part and shows nothing on the way.
    """
    wanted = os.geteuid() if owner is None else owner
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {wanted, os.geteuid()}:
        raise FolderError(
            f"{folder} belongs to uid {found.st_uid} and not to uid {wanted}, or is no folder. "
            "Delete it and start again."
        )
    if found.st_uid != wanted:
        os.chown(folder, wanted, -1)
    folder.chmod(mode)
    return folder


def may_enter(path: Path, uid: int, gid: int) -> bool:
    """Whether that user can reach `path` through all folders above it."""
    return all(_may_pass(folder, uid, gid) for folder in (path, *path.resolve().parents))


def _may_pass(folder: Path, uid: int, gid: int) -> bool:
    found = folder.stat()
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
