"""The author's notebook: every source document with what must become of it, act by act.

Stages enter as the stories write them; the expected books of each act leave, before and after the
mappings that people are asked for. It decides nothing: states and targets are given to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox.companies.cases import ABSENT, Case

# What a waiting document needs before it can post.
MAPPING = "mapping"  # a person maps an account or tax, or picks one of several vendors
VENDORS = "vendors"  # somebody adds the vendor in Zoho Books, in the second act
NEVER = "never"  # nothing in the script frees it
VENDORS_ADDED_IN_ACT = 2

Expected = dict[str, Any]
Reasons = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stage:
    """From one act on: a state, why, and the target record that must exist while it lasts.

    `reasons` are pairs of class and need. While one of them is open the document waits and has no
    target; once all are gone it is posted. `before` are records that it left behind.
    """

    act: int
    state: str
    target: Expected | None = None
    reasons: Reasons = ()
    held: str = ""
    before: tuple[Expected, ...] = ()


@dataclass
class Document:
    """One purchase order or bill of the source."""

    kind: str
    key: int
    number: str
    stages: list[Stage] = field(default_factory=list)

    def stage(self, act: int) -> Stage | None:
        fitting = [stage for stage in self.stages if stage.act <= act]
        return fitting[-1] if fitting else None

    @property
    def last(self) -> Stage:
        return self.stages[-1]

    def then(self, act: int, state: str, target: Expected | None = None, held: str = "") -> None:
        """What the document becomes in an act; without a target it keeps the one it has."""
        self.stages.append(Stage(act, state, target or self.last.target, (), held))


@dataclass
class Script:
    """All documents, and the edits of each act."""

    documents: list[Document] = field(default_factory=list)
    acts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    cases: list[tuple[Case, Document]] = field(default_factory=list)
    deeds: list[dict[str, Any]] = field(default_factory=list)

    def case(self, name: str, *documents: Document) -> None:
        """Name a case and the documents in which it shows."""
        for document in documents:
            case = Case(name, document.kind, str(document.key), document.number)
            self.cases.append((case, document))

    def posted(self, kind: str, key: int, number: str, target: Expected, act: int = 0) -> Document:
        return self._add(Document(kind, key, number, [Stage(act, "posted", target)]))

    def waiting(
        self, kind: str, key: int, number: str, target: Expected | None, *reasons: tuple[str, str]
    ) -> Document:
        return self._add(Document(kind, key, number, [Stage(0, "waiting", target, reasons)]))

    def held(self, kind: str, key: int, number: str, why: str) -> Document:
        return self._add(Document(kind, key, number, [Stage(0, "held", None, (), why)]))

    def not_applicable(self, kind: str, key: int, number: str) -> Document:
        return self._add(Document(kind, key, number, [Stage(0, "not_applicable")]))

    def deed(self, act: int, deed: str, document: Document, **more: str) -> None:
        """What a person does in the service itself with a document, in this act."""
        name = {"kind": document.kind, "source_key": str(document.key), "number": document.number}
        self.deeds.append({"act": act, "deed": deed} | name | more)

    def edit(self, act: int, edit: dict[str, Any]) -> None:
        self.acts.setdefault(act, []).append(edit)

    def expected(self, act: int) -> dict[str, Any]:
        """The books after an act, as they are, and as they are once people have mapped."""
        return self._books(act, mapped=False) | {"after_mapping": self._books(act, mapped=True)}

    def _add(self, document: Document) -> Document:
        self.documents.append(document)
        return document

    def _books(self, act: int, *, mapped: bool) -> dict[str, Any]:
        free = {MAPPING} if mapped else set()
        if act >= VENDORS_ADDED_IN_ACT:
            free.add(VENDORS)
        counts: dict[str, Counter[str]] = {"purchase_order": Counter(), "bill": Counter()}
        books: dict[str, Any] = {"waiting": [], "held": [], "purchase_orders": [], "bills": []}
        for document in self.documents:
            stage = document.stage(act)
            if stage is None:
                continue
            stage = _settled(stage, free)
            counts[document.kind][stage.state] += 1
            _write(books, document, stage)
        books["cases"] = [
            _case_row(case, document.stage(act), free) for case, document in self.cases
        ]
        return {"act": act, "documents": _counted(counts)} | books


def _settled(stage: Stage, free: set[str]) -> Stage:
    """A waiting stage with the reasons that are still open; posted when none is."""
    if stage.state != "waiting":
        return stage
    still_open = tuple(reason for reason in stage.reasons if reason[1] not in free)
    if not still_open:
        return replace(stage, state="posted", reasons=())
    return replace(stage, reasons=still_open, target=None)


def _write(books: dict[str, Any], document: Document, stage: Stage) -> None:
    name = {"kind": document.kind, "source_key": str(document.key), "number": document.number}
    if stage.state == "waiting":
        first, *others = dict.fromkeys(reason for reason, _ in stage.reasons)
        books["waiting"].append(name | {"class": first, "also": others})
    if stage.state == "held":
        books["held"].append(name | {"class": stage.held})
    books[f"{document.kind}s"] += [name | record for record in _records(stage)]


def _records(stage: Stage) -> list[Expected]:
    return [*stage.before, *([] if stage.target is None else [stage.target])]


def _case_row(case: Case, stage: Stage | None, free: set[str]) -> dict[str, Any]:
    if stage is None:
        return case.row(ABSENT)
    stage = _settled(stage, free)
    classes = [stage.held] if stage.held else [reason for reason, _ in stage.reasons]
    records = [{"number": case.number} | record for record in _records(stage)]
    return case.row(stage.state, classes, records)


def _counted(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {
        kind: dict(sorted(states.items())) | {"total": sum(states.values())}
        for kind, states in counts.items()
    }
