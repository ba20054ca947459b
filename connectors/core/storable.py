"""Makes text storable, at the one place where a provider's JSON enters.

PostgreSQL takes neither NUL nor half a surrogate pair. NUL says nothing and goes; half a character
becomes the replacement character, so that everybody sees that something is missing there. What is
stored, compared and posted is this text.
"""

import re
from collections.abc import Mapping
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# In the text of a JSON document: as they are, or escaped.
_SUSPECT = re.compile(r"[\x00\ud800-\udfff]|\\u0000|\\u[dD][89a-fA-F]")


def may_be_unstorable(document: str) -> bool:
    """Whether a JSON document may hold such text; a pair of halves raises the suspicion too."""
    return _SUSPECT.search(document) is not None


def storable_text(text: str) -> str:
    """The text without NUL, with half characters replaced."""
    if _UNSTORABLE.search(text) is None:
        return text
    return _UNSTORABLE.sub("\ufffd", text.replace("\x00", ""))


def storable(value: Any) -> Any:
    """The same JSON value with every text made storable, names of members included."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(str(name)): storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value
