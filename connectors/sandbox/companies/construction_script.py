"""The author's notebook: every Zoho order with what must become of it, act by act.

Stages enter as they are written; the expected commitments of each act leave, before and after the
mappings that people are asked for. It decides nothing: states and commitments are given to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox.companies.cases import ABSENT, UNREAD, Case

# What a waiting order needs before it can post.
MAPPING = "mapping"  # a person maps a vendor, a project or a cost code
NEVER = "never"  # nothing in the script frees it
KIND = "purchase_order"

Commitments = list[dict[str, Any]]
Reasons = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stage:
    """From one act on: a state, why, and the commitments that must exist while it lasts.

    `reasons` are pairs of class and need. While one of them is open the order waits and Procore
    holds `meanwhile`, what it held before; once all are gone it is posted.
    """

    act: int
    state: str
    commitments: Commitments = field(default_factory=list)
    reasons: Reasons = ()
    held: str = ""
    meanwhile: Commitments = field(default_factory=list)


@dataclass
class Document:
    """One purchase order of Zoho Books."""

    key: str
    number: str
    stages: list[Stage]

    def stage(self, act: int) -> Stage | None:
        """Nothing before the order is written."""
        fitting = [stage for stage in self.stages if stage.act <= act]
        return fitting[-1] if fitting else None


@dataclass
class Script:
    """All orders, and the edits of each act."""

    documents: list[Document] = field(default_factory=list)
    acts: list[list[dict[str, Any]]] = field(default_factory=list)
    cases: list[tuple[Case, Document]] = field(default_factory=list)
    deeds: list[dict[str, Any]] = field(default_factory=list)
    # What the planted cases add to the acts.
    edits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def edit(self, act: int, edit: dict[str, Any]) -> None:
        """What people do at one of both systems in this act."""
        self.edits.setdefault(act, []).append(edit)

    def deed(self, act: int, deed: str, document: Document, **more: Any) -> None:
        """What a person does in the service itself with an order, in this act."""
        name = {"kind": KIND, "source_key": document.key, "number": document.number}
        self.deeds.append({"act": act, "deed": deed} | name | more)

    def case(self, name: str, *documents: Document) -> None:
        """Name a case and the orders in which it shows."""
        for document in documents:
            self.cases.append((Case(name, KIND, document.key, document.number), document))

    def add(self, key: str, number: str, stage: Stage) -> Document:
        document = Document(key, number, [stage])
        self.documents.append(document)
        return document

    def expected(self, act: int) -> dict[str, Any]:
        """The books after an act, as they are, and as they are once people have mapped."""
        return self._books(act, mapped=False) | {"after_mapping": self._books(act, mapped=True)}

    def _books(self, act: int, *, mapped: bool) -> dict[str, Any]:
        free = {MAPPING} if mapped else set()
        counts: Counter[str] = Counter()
        books: dict[str, Any] = {"waiting": [], "held": [], "commitments": []}
        for document in self.documents:
            stage = document.stage(act)
            if stage is None or stage.state == UNREAD:
                continue
            stage = _settled(stage, free)
            counts[stage.state] += 1
            _write(books, document, stage)
        books["cases"] = [
            _case_row(case, document.stage(act), free) for case, document in self.cases
        ]
        documents = {KIND: dict(sorted(counts.items())) | {"total": counts.total()}}
        return {"act": act, "documents": documents} | books


def _settled(stage: Stage, free: set[str]) -> Stage:
    """A waiting stage with the reasons that are still open; posted when none is."""
    if stage.state != "waiting":
        return stage
    still_open = tuple(reason for reason in stage.reasons if reason[1] not in free)
    if still_open:
        return replace(stage, reasons=still_open, commitments=stage.meanwhile)
    return replace(stage, state="posted", reasons=())


def _case_row(case: Case, stage: Stage | None, free: set[str]) -> dict[str, Any]:
    if stage is None:
        return case.row(ABSENT)
    stage = _settled(stage, free)
    classes = [stage.held] if stage.held else [reason for reason, _ in stage.reasons]
    return case.row(stage.state, classes, stage.commitments)


def _write(books: dict[str, Any], document: Document, stage: Stage) -> None:
    name = {"kind": KIND, "source_key": document.key, "number": document.number}
    if stage.state == "waiting":
        first, *others = dict.fromkeys(reason for reason, _ in stage.reasons)
        books["waiting"].append(name | {"class": first, "also": others})
    if stage.state == "held":
        books["held"].append(name | {"class": stage.held})
    # A commitment has a number of its own, beside the order's.
    books["commitments"] += [
        {"source_key": document.key, "order": document.number} | one for one in stage.commitments
    ]
