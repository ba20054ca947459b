"""The simulator's switches, read from the sandbox's one dictionary of options.

Names there carry the prefix `procurify_` (`procurify_page_size`), because all simulators share it;
changes through the control door show at once.
"""

from __future__ import annotations

from typing import Any

PREFIX = "procurify_"


class Options:
    def __init__(self, shared: dict[str, Any]) -> None:
        self._shared = shared

    def get(self, name: str, default: Any = None) -> Any:
        return self._shared.get(PREFIX + name, default)

    def set(self, name: str, value: Any) -> None:
        self._shared[PREFIX + name] = value
