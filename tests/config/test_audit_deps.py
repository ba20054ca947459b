"""The look for known vulnerabilities: what was not looked up is never reported as clean."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import audit_deps
from tests.architecture.source import PROJECT

CLEAN = {"name": "celery", "version": "5.7.0", "vulns": []}
HIT = {
    "name": "django",
    "version": "5.2.0",
    "vulns": [{"id": "CVE-2026-1", "fix_versions": ["5.2.1"], "aliases": [], "description": "…"}],
}
SKIPPED = {"name": "redis", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "code"),
    [
        ([CLEAN], audit_deps.NONE_FOUND),
        ([CLEAN, HIT], audit_deps.FOUND),
        ([CLEAN, SKIPPED], audit_deps.NOT_LOOKED),
        ([CLEAN, HIT, SKIPPED], audit_deps.FOUND),
        ([], audit_deps.NOT_LOOKED),
    ],
)
def test_each_outcome_has_an_exit_code(
    packages: list[dict[str, Any]],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = subprocess.CompletedProcess([], 0, stdout=json.dumps({"dependencies": packages}))
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: answer)
    assert audit_deps.main(["list.txt"]) == code
    said = capsys.readouterr().out
    assert ("django 5.2.0: CVE-2026-1, mended in 5.2.1" in said) is (HIT in packages)
    assert ("NOT LOOKED UP: redis" in said) is (SKIPPED in packages)


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    listed = tmp_path / "requirements.txt"
    listed.write_text(f"celery==5.7.0 --hash=sha256:{'0' * 64}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "config.audit_deps", str(listed)],
        env={**os.environ, **nowhere},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == audit_deps.NOT_LOOKED
    assert "NOT LOOKED UP: every package" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.soak
def test_the_sbom_lists_every_package_with_its_hashes(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    program = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run(
        [program, "requirements", "requirements.txt", "--output-file", written],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    listed = {
        f"{part['name']}=={part['version']}": sum(
            len(found["hashes"]) for found in part["externalReferences"]
        )
        for part in json.loads(written.read_text())["components"]
    }
    text = (PROJECT / "requirements.txt").read_text()
    blocks = [block for block in text.split("\n") if "==" in block]
    assert len(listed) == len(blocks) > 40
    assert {block.split(" ")[0].replace("[binary,pool]", "") for block in blocks} == set(listed)
    assert sum(listed.values()) == text.count("--hash=")
