"""Places the third integration in a copy of the project, exactly as the guide says.

The project's files enter, a copy with two packages and four more lines leaves, and what is
different about it. Subprocesses run there as further workers of this test run.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parent / "package"
REGISTRY = "connectors/registry.py"
PLACED = ("connectors/providers/parcelbook/", "connectors/flows/parcelbook_to_parcelbook/")
# Each line, and the one of the registry that it goes in front of.
LINES = (
    (
        "from connectors.flows.parcelbook_to_parcelbook import flow as parcelbook_to_parcelbook",
        "from connectors.flows.procurify_to_zoho_books import flow as procurify_to_zoho_books",
    ),
    (
        "from connectors.providers.parcelbook import spec as parcelbook",
        "from connectors.providers.procore import spec as procore",
    ),
    ("    parcelbook.SPEC,", "    procurify.SPEC,"),
    ("    parcelbook_to_parcelbook.FLOW,", "    procurify_to_zoho_books.FLOW,"),
)
_SECONDS = 240


@dataclass(frozen=True)
class Copy:
    """The project with Parcelbook, and without it: contents by path."""

    folder: Path
    before: dict[str, bytes]

    def after(self) -> dict[str, bytes]:
        """What stands there now, without what running Python leaves behind."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Python with these arguments, in the copy."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**_inherited(), **env},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


def place(folder: Path) -> Copy:
    """Copy the project to this folder, then add the packages and register them."""
    before = {}
    for name in _own_files():
        before[name] = (PROJECT / name).read_bytes()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(before[name])
    for place_of in PLACED:
        _place_package(folder, place_of)
    _register(folder / REGISTRY)
    return Copy(folder, before)


def further_worker() -> dict[str, str]:
    """What makes a pytest in the copy one more worker of this run: its own databases and port."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    url = urlsplit(os.environ["DATABASE_URL"])
    return {
        "PYTEST_XDIST_WORKER": f"gw{number}",
        "DATABASE_URL": urlunsplit(url._replace(path=f"{url.path}_third")),
    }


def _own_files() -> list[str]:
    """What belongs to the project: whatever git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    return [name for name in names if (PROJECT / name).is_file()]


def _place_package(folder: Path, place_of: str) -> None:
    source = PACKAGE / Path(place_of).relative_to("connectors")
    for path in sorted(source.rglob("*.py")):
        target = folder / place_of / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text().replace("tests.third.package.", "connectors."))


def _register(registry: Path) -> None:
    text = registry.read_text()
    for line, before in LINES:
        assert text.count(f"{before}\n") == 1, f"the registry has no such line any more: {before}"
        text = text.replace(f"{before}\n", f"{line}\n{before}\n")
    registry.write_text(text)


def _inherited() -> dict[str, str]:
    """This run's environment, without what would lead Python or pytest back to the original."""
    hidden = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST")
    return {name: value for name, value in os.environ.items() if name not in hidden}
