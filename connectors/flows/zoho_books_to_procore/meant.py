"""What the commitment of one part shall be, and in what that differs from what was posted.

A payload with its identity, and a link, enter; the differences leave. Procore is not asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.core.decisions import LinkState
from connectors.flows.zoho_books_to_procore.payloads import (
    LOCKED_HEADER,
    changed_header,
    line_content,
)
from connectors.flows.zoho_books_to_procore.words import CLOSED, DRAFT, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the commitment of one part shall be."""

    project_id: str
    reference: Reference
    payload: Mapping[str, Any]
    total: Decimal
    currency: str
    in_directory: bool

    @property
    def number(self) -> str:
        return str(self.payload["number"])

    @property
    def vendor_id(self) -> str:
        return str(self.payload["vendor_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What Procore must be told, by the payload as posted and the lines that are known there."""

    header: Mapping[str, Any] = field(default_factory=dict)
    lines: bool = False

    def __bool__(self) -> bool:
        return bool(self.header) or self.lines

    @property
    def locked(self) -> bool:
        """Whether it is something that an approved commitment does not let happen."""
        return self.lines or any(name in self.header for name in LOCKED_HEADER)


def changes(meant: Meant, link: LinkState) -> Changes:
    """Compared with what was posted. A line without its id in Procore has not been posted yet."""
    ours, posted = line_content(meant.payload), line_content(link.payload)
    return Changes(
        header=changed_header(meant.payload, link.payload),
        lines=ours != posted or not ours.keys() <= link.lines.keys(),
    )


def settled(meant: Meant, link: LinkState) -> bool:
    """Whether the part needs nothing, without a look at Procore."""
    in_doubt = link.total is not None and (
        link.total != meant.total or link.currency not in ("", meant.currency)
    )
    return not changes(meant, link) and link.status not in (DRAFT, CLOSED) and not in_doubt
