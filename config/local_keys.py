"""Keys that one machine's demo made for itself, kept in a file that only its user can read.

They survive a restart, because the demo's stored credentials are encrypted with them.
"""

import json
import os
from pathlib import Path

from config.keys import demo_encryption_key, demo_secret_key


def local_keys(folder: Path) -> dict[str, str]:
    """The keys as environment variables; made and stored at the first call."""
    path = folder / "keys.json"
    if not path.exists():
        _write(
            path, {"SECRET_KEY": demo_secret_key(), "FIELD_ENCRYPTION_KEYS": demo_encryption_key()}
        )
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def _write(path: Path, keys: dict[str, str]) -> None:
    """Readable by nobody else at any time, and never half there."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(keys, file)
    fresh.rename(path)
