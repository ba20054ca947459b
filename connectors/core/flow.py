"""What a flow is to the engine: its streams, its decision, its sink, its options.

A flow package builds one ``Flow`` value out of these; the engine runs it and knows no provider.
Clients are opaque here: the engine opens them and hands them through.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from connectors.core.decisions import Decision, Facts, LinkState, Needs, Probe, Step
from connectors.core.errors import ProviderError
from connectors.core.outlines import Outlines
from connectors.core.records import Page, Raw, Record, Sighting, TargetState, Window
from connectors.core.references import AutomaticLink, ReferenceRow, Suggestion

SOURCE = "source"
TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting of an integration, as its form shows it. ``kind``: bool, text, choice, number.

    ``kept`` says that it shapes what is posted: a posted document keeps the one it was posted with.
    """

    name: str
    label: str
    help: str
    default: Any
    kind: str = "bool"
    choices: tuple[tuple[str, str], ...] = ()
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a decision may know of its integration: options by name, and stable identities.

    For a posted document ``options`` are those that it was posted with, where they are kept;
    ``current`` are then the integration's own.
    """

    options: Mapping[str, Any]
    source_settings: Mapping[str, Any]
    target_settings: Mapping[str, Any]
    current: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One source list of a stream. ``pages`` yields sightings of everything in the window.

    ``windowed`` lists are asked by modification time; the others are read whole.
    """

    name: str
    facet: str
    pages: Callable[[Any, Window], Iterator[Page[Sighting]]]
    windowed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What a stream says besides when it keeps linked master data of a kind as its owner has it.

    There is no list to read: its records are the owner's cached rows (``core.upkeep``), those that
    are linked and those that are to be created. ``owner`` is the side whose word counts; the other
    side is written to. ``enabled`` (whether what is linked is followed) and ``creates`` (one of
    ``core.upkeep.Creates``) read the options. ``state_of`` reads a cached row of the other side as
    the sink would report it, so that a change made there is noticed; ``serves`` says whether a
    missing mapping's key is about a row. Where mappings are rules rather than pairs of rows,
    ``leads`` gets all of them, (source, target) keys, with the other side's rows that they name,
    and says which rows of the other side each of the owner's rows leads to.
    """

    kind: str
    enabled: Callable[[Context], bool]
    creates: Callable[[Context], str]
    state_of: Callable[[ReferenceRow, LinkState], TargetState]
    serves: Callable[[str, str], bool] = str.__eq__
    leads: (
        Callable[[Sequence[tuple[str, str]], Iterable[ReferenceRow]], Mapping[str, Sequence[str]]]
        | None
    ) = None
    owner: str = SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A readable collection at the source whose records become documents.

    ``rank`` is the order of delivery: lower ranks first. ``read`` fetches one record's full
    JSON by key and locator and raises ProviderError(NOT_FOUND) when it is gone.
    ``sweep`` lists every id there is since the history start. ``resource`` is the provider's word
    for these records in its webhooks, empty where it sends none.
    """

    name: str
    title: str
    rank: int
    target_kind: str
    listings: tuple[Listing, ...]
    sweep: tuple[Listing, ...]
    read: Callable[[Any, str, str], Raw]
    parse: Callable[[Raw], Record]
    content: Callable[[Record], Any]
    twin_number: Callable[[Record], str]
    party_key: Callable[[Record], str]
    path: str = ""
    resource: str = ""
    upkeep: Upkeep | None = None

    @property
    def owner(self) -> str:
        """The side whose records these are."""
        return self.upkeep.owner if self.upkeep else SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStream:
    """Master data of one side, cached. ``fetch`` yields pages of rows, changed ones first if
    ``since`` (an aware ISO text) is given and the provider can tell.

    ``incremental`` lists stop at known rows; the others are read whole every ``every``.
    ``resources`` are the provider's words for what its webhooks say of this kind.
    """

    side: str
    kind: str
    every: timedelta
    fetch: Callable[[Any, str | None], Iterator[Page[ReferenceRow]]]
    incremental: bool = False
    resources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field of a posted record that somebody changed at the target, in words for people.

    ``kind`` is that of the target record which ``ours`` is the id of, where the field names one.
    """

    field: str
    ours: str
    theirs: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetIndex:
    """Cached heads of the target's own records of a kind: who holds a number already.

    ``fetch`` yields records modified since the given ISO text, or all of them. While nothing is to
    be posted it is read every ``every``, to notice what somebody changes there.
    """

    kind: str
    fetch: Callable[[Any, str | None], Iterator[Page[TargetState]]]
    every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRef:
    """Which target record a step or a probe is about; ids are empty before it exists.

    ``total`` is the payload's total as text, empty where none is checked; ``part`` is the name of
    the document's part, as the flow planned it; ``lines`` are the target's line ids of a linked
    record, as posted.
    """

    target_kind: str
    reference: str
    target_id: str
    number: str
    vendor_key: str
    total: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""
    lines: Mapping[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """The target side of a flow: does one step, or tells whether it has happened.

    ``perform`` raises ProviderError (UnknownOutcomeError when its fate is unknown). A state without
    a target id is that of a step that only prepared something beside the record: nothing is linked.
    ``web_url`` gets the target's profile and, as ``part``, the name of the document's part.
    ``probe`` only reads; it never raises for an absent record.
    """

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState: ...

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]: ...

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe: ...

    def read(self, client: Any, part: PartRef) -> TargetState | None: ...

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A kind of integration, in code.

    ``source`` and ``target`` are provider keys; ``mapping_kinds`` gives each kind of mapping its
    name for people. ``refuses_second`` names the target kinds of which the target itself refuses
    a second one under our reference or number: only those are ever sent again by themselves.
    ``watched`` maps the words of the target's webhooks to target kinds whose records may drift, and
    ``differences`` compares a payload as posted with what the target says now, in the fields that
    we posted only; ``doubted`` is what is left of a payload that does not stand there any more, so
    that all of it is written anew. ``autolink`` gets both sides' rows of one kind and the (source,
    target) key pairs that are linked already, and returns only links that need no person.
    ``exact`` gets the same and returns what a person may link all at once: rows whose name or code
    is the same, and alone on either side. It is ``autolink`` where a flow says nothing else.
    ``source_sink`` writes to the source what the target owns, where a stream's upkeep says so.
    ``problem`` says in words what is wrong with chosen options that do not go together, and nothing
    where they do.
    ``unproved`` gets chosen options and the target's profile, and says what of them the test of
    that connection has not shown to be possible. Of records that people typed in before,
    ``linking_options`` are the options under which a document is compared with one, ``unlinkable``
    says why one of a kind cannot be linked under our mark, and ``linked_lines`` gives our line key
    -> the target's line id. ``outlines`` reads both sides for people to compare. ``stands`` says
    of a kind's record that it is not void or cancelled.
    """

    key: str
    title: str
    source: str
    target: str
    streams: tuple[Stream, ...]
    references: tuple[ReferenceStream, ...]
    indexes: tuple[TargetIndex, ...]
    options: tuple[Option, ...]
    needs: Callable[[str, Record, Context], Needs]
    decide: Callable[[str, Record, Facts, Context], Decision]
    sink: Sink
    autolink: Callable[
        [Iterable[ReferenceRow], Iterable[ReferenceRow], frozenset[tuple[str, str]]],
        list[AutomaticLink],
    ]
    suggest: Callable[[str, ReferenceRow, Iterable[ReferenceRow]], list[Suggestion]]
    mapping_kinds: Mapping[str, str]
    exact: (
        Callable[
            [Iterable[ReferenceRow], Iterable[ReferenceRow], frozenset[tuple[str, str]]],
            list[AutomaticLink],
        ]
        | None
    ) = None
    refuses_second: frozenset[str] = frozenset()
    source_sink: Sink | None = None
    problem: Callable[[Mapping[str, Any]], str] = lambda _: ""
    unproved: Callable[[Mapping[str, Any], Mapping[str, Any]], str] = lambda *_: ""
    watched: Mapping[str, str] = field(default_factory=dict)
    differences: (
        Callable[[str, Mapping[str, Any], TargetState], Sequence[FieldDifference]] | None
    ) = None
    doubted: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _: {}
    linking_options: Mapping[str, Any] = field(default_factory=dict)
    unlinkable: Callable[[str, TargetState, str], str] = lambda *_: ""
    stands: Callable[[str, TargetState], bool] = lambda *_: True
    linked_lines: Callable[[Mapping[str, Any], TargetState], Mapping[str, str]] = lambda _, state: (
        state.lines
    )
    outlines: Outlines | None = None

    def stream(self, name: str) -> Stream:
        """The stream of that name; KeyError for a name this flow does not have."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(name)

    def default_options(self) -> dict[str, Any]:
        return {option.name: option.default for option in self.options}

    def kept_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the options that a posted document keeps."""
        kept = {option.name for option in self.options if option.kept}
        return {name: value for name, value in options.items() if name in kept}
