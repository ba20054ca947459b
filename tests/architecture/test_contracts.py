"""Imports point down, and the contracts that say so do catch an import that does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, PROJECT
from tests.sampling import sample

# (module that would import, what it would import, the contract that must break)
WRONG = [
    ("connectors/core/money.py", "django.db", "The words need the standard library only"),
    ("connectors/models/run.py", "connectors.engine", "Imports point down"),
    ("connectors/transport/client.py", "connectors.models", "Imports point down"),
    ("tenants/scope.py", "audit.services", "Imports point down"),
    ("audit/services.py", "connectors.transport.client", "Imports point down"),
    ("connectors/engine/claims.py", "connectors.tasks", "Imports point down"),
    ("connectors/engine/claims.py", "connectors.providers", "The engine knows no provider"),
    ("connectors/engine/claims.py", "httpx", "Only the transport touches the network"),
    ("connectors/engine/claims.py", "config.settings", "Nobody imports how the service"),
    ("connectors/engine/claims.py", "connectors.sandbox.world", "Nobody imports the simulators"),
    ("connectors/sandbox/world.py", "connectors.core.money", "The simulators know nothing"),
    ("connectors/providers/zoho_books/__init__.py", "django.db", "Providers and flows know"),
    (
        "connectors/providers/zoho_books/__init__.py",
        "connectors.providers.procurify",
        "A provider knows no other provider",
    ),
]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--config", "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product's packages in a folder where a test may spoil them."""
    for package in PRODUCT:
        shutil.copytree(PROJECT / package, tmp_path / package)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("module", "imported", "contract"), sample(*WRONG, every=10))
def test_a_wrong_import_breaks_its_contract(
    copy: Path, module: str, imported: str, contract: str
) -> None:
    # Deferred into a function, where it would otherwise hide.
    with (copy / module).open("a") as file:
        file.write(f"\n\ndef _spoiled() -> None:\n    import {imported}\n")
    done = _lint(copy)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), done.stdout
