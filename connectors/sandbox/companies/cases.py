"""Planted cases: what each is in words, its source document, and what must become of it.

Documents enter with the stage that they are in; plain rows leave, which a company serves beside its
expected books. A row names one document; a case may have several.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
# The document is written at the source in a later act.
ABSENT = "absent"
# It is at the source, and nobody has reason to read it.
UNREAD = "unread"


@dataclass(frozen=True)
class Case:
    """One document of a case; `kind` and `key` are its name at the source."""

    name: str
    kind: str
    key: str
    number: str

    def row(self, state: str, classes: Iterable[str] = (), records: Iterable[Row] = ()) -> Row:
        """What must be seen now: a state, for which reasons, and the records at the target."""
        return {
            "case": self.name,
            "kind": self.kind,
            "source_key": self.key,
            "number": self.number,
            "state": state,
            "classes": list(dict.fromkeys(classes)),
            "records": list(records),
        }
