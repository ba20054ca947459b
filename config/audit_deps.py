"""Asks pip-audit whether a pinned package has a known vulnerability, or whether it cannot tell.

pip-audit itself reports “none found” also for packages that it could not look up.

    python -m config.audit_deps requirements.txt requirements-dev.txt
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

NONE_FOUND, FOUND, NOT_LOOKED = 0, 1, 3
# pip-audit waits for each of its answers for 15 seconds; this is for all of them.
_PATIENCE = 600


@dataclass
class Findings:
    """What was said of the packages: how many are clean, and the others by name."""

    clean: int = 0
    found: list[str] = field(default_factory=list)
    not_looked: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        if self.found:
            return FOUND
        return NOT_LOOKED if self.not_looked or not self.clean else NONE_FOUND


def read(report: dict[str, Any]) -> Findings:
    """Sort what pip-audit's JSON says: ``{"dependencies": [{"name", "version", "vulns": [..]}]}``.

    A package that it skipped has ``skip_reason`` in place of the other two.
    """
    findings = Findings()
    for package in report["dependencies"]:
        if "skip_reason" in package:
            findings.not_looked.append(package["name"])
        for found in package.get("vulns", ()):
            fixed = ", ".join(found["fix_versions"]) or "no release yet"
            name = f"{package['name']} {package['version']}"
            findings.found.append(f"{name}: {found['id']}, mended in {fixed}")
        if package.get("vulns") == []:
            findings.clean += 1
    return findings


def ask(requirements: str) -> Findings:
    """Run pip-audit over a list with hashes. Where it fails, nothing was looked up."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", requirements]
    command += ["--require-hashes", "--disable-pip", "--format", "json"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own words, and a file of the project
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        return read(json.loads(ran.stdout))
    except (ValueError, subprocess.TimeoutExpired):
        return Findings(not_looked=["every package"])


def main(paths: list[str]) -> int:
    """Print what was found in each list; the exit code is the worst of them."""
    codes = []
    for path in paths:
        findings = ask(path)
        codes.append(findings.exit_code)
        for line in findings.found:
            print(f"{path}: VULNERABLE: {line}")
        if findings.not_looked:
            names = ", ".join(findings.not_looked)
            print(f"{path}: NOT LOOKED UP: {names}. Try again where the package index answers.")
        print(f"{path}: {findings.clean} packages without a known vulnerability.")
    return FOUND if FOUND in codes else max(codes, default=NOT_LOOKED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
