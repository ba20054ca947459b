"""What deciding needs and what it says: frozen facts in, one decision out, both plain data.

``Needs`` names what must be loaded in bulk beforehand, ``Facts`` is the loaded answer, a
``Decision`` is what the engine then does. Nothing here asks a database or a provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.records import Raw, TargetState
from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason, State


@dataclass(frozen=True, slots=True, order=True)
class DocumentKey:
    """A source record's place in the ledger of one integration."""

    stream: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a record's decision will look at.

    ``twins`` are normalised numbers: other documents of the same stream, and target records of
    the stream's kind, that carry one of them are loaded as suspects; ``party_kind`` is the kind of
    mapping that says which party of the target each of those documents is for. ``dependants`` asks
    for the documents that named this one in their own ``documents``, ``neighbours`` for those of
    the same stream that named one of the same. ``rows`` are rows of the
    other side's master data by kind and key, ``alike`` normalised names whose rows are loaded by
    kind, and ``lists`` kinds of which every active row is.
    """

    mappings: frozenset[MappingKey] = frozenset()
    documents: frozenset[DocumentKey] = frozenset()
    twins: frozenset[str] = frozenset()
    party_kind: str = ""
    dependants: bool = False
    neighbours: bool = False
    rows: frozenset[tuple[str, str]] = frozenset()
    alike: frozenset[tuple[str, str]] = frozenset()
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedTarget:
    """The target item that a mapping leads to; ``shared`` when several lead to it."""

    key: str
    name: str
    number: str = ""
    active: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What we know to stand at the target for one part: as posted, with the mappings and options
    used then. ``renewed`` are mappings that a person has chosen for it since, by their targets;
    ``doubles`` the ids of other records that were seen to carry its mark.
    """

    part: str
    target_kind: str
    target_id: str
    target_number: str
    reference: str
    status: str
    payload: Mapping[str, Any]
    lines: Mapping[str, str]
    total: Decimal | None
    version: str
    currency: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[MappingKey, str] = field(default_factory=dict)
    renewed: Mapping[MappingKey, str] = field(default_factory=dict)
    doubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another document of the same integration, as far as decisions look at it.

    ``record`` is its source record as last read, for the flow to parse where it must; ``words``
    say why it is where it is.
    ``target_party`` is what its party is mapped to now, where that was asked for.
    """

    id: int
    stream: str
    key: str
    number: str
    state: State
    words: str = ""
    party_key: str = ""
    links: Mapping[str, LinkState] = field(default_factory=dict)
    record: Raw = field(default_factory=dict)
    target_party: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision may look at, loaded in bulk before it is asked for.

    ``target_suspects`` are cached target records whose number is one of ``Needs.twins``;
    ``live`` is this document's target records as read freshly, only where the flow asked.
    ``dependants`` are the documents of other streams that name this one (``Needs.dependants``),
    ``neighbours`` those of its own stream that name one that it names.
    ``locked_until`` is the last day of the target's closed period; ``gone`` says that the
    source no longer has the record, ``only_named`` that no list ever showed it: it was read because
    another document names it, and no person has asked for it. ``renumbered`` counts how often a
    person chose another number for it, since its own was used up. ``rows``, ``alike`` and ``lists``
    answer ``Needs.rows`` (by key), ``Needs.alike`` (those of any of the names) and ``Needs.lists``
    (by kind). ``lost`` are targets, by kind and key, that the links name and that are not in use
    any more: inactive, or (True) not listed at all. It is empty while nothing else has to be
    written.
    """

    mappings: Mapping[MappingKey, MappedTarget] = field(default_factory=dict)
    documents: Mapping[DocumentKey, Sibling] = field(default_factory=dict)
    twins: tuple[Sibling, ...] = ()
    target_suspects: tuple[TargetState, ...] = ()
    links: Mapping[str, LinkState] = field(default_factory=dict)
    dependants: tuple[Sibling, ...] = ()
    neighbours: tuple[Sibling, ...] = ()
    live: Mapping[str, TargetState] = field(default_factory=dict)
    source_profile: Mapping[str, Any] = field(default_factory=dict)
    target_profile: Mapping[str, Any] = field(default_factory=dict)
    locked_until: date | None = None
    gone: bool = False
    only_named: bool = False
    renumbered: int = 0
    rows: Mapping[str, MappedTarget] = field(default_factory=dict)
    alike: tuple[MappedTarget, ...] = ()
    lists: Mapping[str, tuple[MappedTarget, ...]] = field(default_factory=dict)
    lost: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def keeps(self, link: LinkState, key: MappingKey, before: str) -> bool:
        """Whether a target that was posted stays, wherever its mapping may lead by now.

        It gives way to the mapping where a person chose so, or where it is not in use any more;
        one that is merely inactive stays as long as the mapping knows no better.
        """
        now = self.mappings.get(key)
        better = now is not None and now.active and now.key != before
        if now is not None and link.renewed.get(key) == now.key:
            return not better
        lost = self.lost.get((key.kind, before))
        return lost is None or not (lost or better)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call at the target. ``action`` is a word that the flow's sink understands.

    ``body`` is JSON-ready; ``status`` is the target's status once it has happened; ``creates``
    marks the step that brings the target record into being, ``ends`` one that takes it back, which
    has happened as well where the record is gone; steps that share a non-empty ``batch`` may leave
    in one call.
    """

    action: str
    body: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""
    creates: bool = False
    ends: bool = False
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan:
    """What one target record shall become: its payload, and the steps that are left to do.

    ``total`` is what the target must report afterwards, to the cent; None for no check.
    ``vendor_key`` must agree too before a record found by our reference is adopted. ``options`` are
    those that the link keeps, filled in by the engine.
    """

    part: str
    target_kind: str
    reference: str
    payload: Mapping[str, Any]
    steps: tuple[Step, ...]
    total: Decimal | None
    currency: str
    number: str = ""
    vendor_key: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A target record that says what a part means already, though we never wrote to it: it is
    linked without a call, so that what somebody changes there from now on is noticed.
    """

    part: str
    target_kind: str
    target_id: str
    number: str
    reference: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a linked record was found to say: that it is at its end without a step of ours that we
    know of, since somebody ended it by hand, or a write that was given up came to pass. Or that
    somebody moved it on as we meant it, where it has not ``ended``.
    """

    part: str
    status: str
    payload: Mapping[str, Any]
    ended: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Do these steps; when they are done the document is in ``final``.

    ``words`` say what was left as it is, and why. ``nudges`` are documents to be decided anew once
    this one has settled; ``agreed`` and ``noted``
    parts need no step.
    """

    parts: tuple[PartPlan, ...]
    final: State = State.POSTED
    nudges: tuple[DocumentKey, ...] = ()
    mappings_used: tuple[MappingKey, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    noted: tuple[Noted, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """The target already says what we mean. ``nudges`` as in ``Deliver``: whoever found a lost
    write's record had nothing left to deliver, yet others may have waited for it.
    """

    final: State = State.POSTED
    nudges: tuple[DocumentKey, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    noted: tuple[Noted, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """This flow does not post it; ``words`` say why."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Everything that is missing, not the first thing only."""

    missing: tuple[MissingMapping, ...] = ()
    documents: tuple[DocumentKey, ...] = ()
    reason: Reason = Reason.VENDOR_MISSING
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A person must decide."""

    reason: Reason
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTarget:
    """The decision needs these parts as the target has them now; ask again with ``Facts.live``.

    ``ending`` are those that are to be taken back: one that is gone is told as deleted.
    """

    parts: tuple[str, ...]
    ending: tuple[str, ...] = ()


Decision = Deliver | Nothing | NotApplicable | Waiting | Held | ReadTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A probe's answer: the step has happened, and the target now says this.

    ``as_meant`` is false for a record that is ours by its mark but says something else than the
    step would have made it say: it is linked, and then brought up to date.
    """

    state: TargetState
    as_meant: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A probe's answer: no trace of it at the target, as far as one look can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A probe's answer: something stands there that is not what we meant.

    ``reason`` is what the document is then held for.
    """

    words: str
    state: TargetState | None = None
    reason: Reason = Reason.DUPLICATE_SUSPECTED


Probe = Found | Absent | Conflict
