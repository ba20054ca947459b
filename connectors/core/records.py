"""What a provider is seen to hold: sightings from lists, records from details, windows to ask for.

Lists enter page by page as sightings (key and version); details leave as typed frozen records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

Row = TypeVar("Row")

# In front of what stands for the version of a row without a readable time.
UNDATED = "undated:"
# In front of the key of a row that does not say which record it is.
UNNAMED = "row:"

# A provider's JSON as it came, unknown fields and all.
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A row of a source list: enough to tell whether its record must be read again.

    ``facet`` names what the version speaks of (a purchase order has a header time and item
    times); versions of one facet compare as texts, later ones greater. ``locator`` is what the
    detail is asked for by, where that is not the key. ``problem`` says why the row cannot be read;
    then it names no record, and there is no detail to ask for.
    """

    key: str
    facet: str
    version: str
    number: str = ""
    locator: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A range of modification times to read; ``since`` None means from the beginning."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """One page of a list; ``count`` is the list's total where the provider states one.

    ``unreadable`` says in words what is wrong with rows that could not be read; ``remarks`` what
    else people should know of the list, such as a part of it that is closed to us.
    """

    rows: Sequence[Row]
    number: int
    count: int | None = None
    unreadable: Sequence[str] = ()
    remarks: Sequence[str] = ()


class Record(Protocol):
    """What the engine needs of any typed record; the flow knows the rest."""

    @property
    def key(self) -> str: ...

    @property
    def number(self) -> str: ...

    @property
    def version(self) -> str:
        """The source's own version text, for people and for the audit trail."""

    @property
    def total(self) -> Decimal | None: ...

    @property
    def currency(self) -> str: ...

    @property
    def day(self) -> date | None: ...

    @property
    def party(self) -> str:
        """The vendor's name, for lists that people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """A target record as the target itself reports it.

    ``lines`` gives our line key -> the target's line id; ``content`` is what a later probe or
    drift check compares with (the fields that we post, in the payload's spelling). ``remark`` is
    what the target did of its own accord and people should read, such as withholding tax.
    """

    target_id: str
    number: str
    status: str
    total: Decimal | None
    currency: str
    reference: str = ""
    vendor_key: str = ""
    modified: str = ""
    lines: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    remark: str = ""
