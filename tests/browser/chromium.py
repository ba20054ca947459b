"""Finds Debian's Chromium, or installs it where that is allowed; nothing is fetched elsewhere."""

import os
import shutil
import subprocess

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoChromiumError(Exception):
    """There is no browser, and none can be installed; the text says why."""


def chromium() -> str:
    """The path of the browser; NoChromiumError where it cannot be had."""
    if (found := _found()) is not None:
        return found
    if shutil.which("apt-get") is None:
        raise NoChromiumError("Chromium is not installed, and this is no Debian to install it on.")
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print("Installing Debian's chromium ...", flush=True)
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [*before, "apt-get", "-q", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise NoChromiumError(f"apt-get {arguments[0]} failed: {' '.join(last)}")
    if (found := _found()) is None:
        raise NoChromiumError("apt-get installed chromium, but it is not on the path.")
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
