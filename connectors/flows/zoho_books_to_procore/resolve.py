"""Which vendor, project and budget codes of Procore an order leads to.

Lines and facts enter, a resolution leaves, naming everything that is missing at once. What is
posted already keeps the mappings that it was posted with, line by line, as long as the source
still says the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core.decisions import Facts, LinkState, MappedTarget
from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore.lines import Charge, Line
from connectors.flows.zoho_books_to_procore.words import (
    ANY_PROJECT,
    COST_CODE,
    PROJECT,
    VENDOR,
    cost_code_key,
    vendor_label,
)
from connectors.providers.zoho_books.records import SourceOrder

_REASONS = {
    VENDOR: Reason.VENDOR_MISSING,
    PROJECT: Reason.PROJECT_MISSING,
    COST_CODE: Reason.COST_CODE_MISSING,
}


@dataclass(frozen=True, slots=True)
class Code:
    """A budget code of one project; ``kept`` from what was posted, so not judged again."""

    id: str
    label: str
    budgeted: bool = True
    kept: bool = False


@dataclass(slots=True)
class Resolver:
    """Looks mappings up and notes what was used and what is missing, each once."""

    facts: Facts
    posted: Mapping[str, LinkState]
    missing: dict[MappingKey, MissingMapping] = field(default_factory=dict)
    used: dict[MappingKey, str] = field(default_factory=dict)
    unbudgeted: dict[str, None] = field(default_factory=dict)

    def vendor(self, order: SourceOrder) -> str:
        """The vendor's key in Procore, empty when it is missing."""
        key = MappingKey(VENDOR, order.vendor_id)
        for link in self.posted.values():
            if link.payload.get("source_vendor") == order.vendor_id:
                return self._note(key, str(link.payload["vendor_id"]))
        target = self._find(key, vendor_label(order.vendor_id, order.party))
        return target.key if target else ""

    def project(self, line: Line) -> str:
        """The project's key in Procore, empty when it is missing."""
        key = MappingKey(PROJECT, line.source_project)
        for part, link in self.posted.items():
            before = _posted_line(link, line.key)
            if before.get("source_project") == line.source_project:
                return self._note(key, part)
        target = self._find(key, line.project_label)
        return target.key if target else ""

    def code(self, line: Line, project_id: str) -> Code | None:
        """The budget code of a line in its project; None when it is missing."""
        own = MappingKey(COST_CODE, cost_code_key(line.source_project, line.source_code))
        rule = MappingKey(COST_CODE, cost_code_key(ANY_PROJECT, line.source_code))
        link = self.posted.get(project_id)
        before = _posted_line(link, line.key) if link else {}
        if _said(before) == (line.source_project, line.source_code):
            code_id = str(before["wbs_code_id"])
            return Code(self._note(own, code_id), line.code_label, kept=True)
        for key in (own, rule):
            target = self.facts.mappings.get(key)
            if target is not None:
                return self._of_project(target, key, own, line, project_id)
        self._miss(rule, line.code_label)
        return None

    def code_unknown(self, line: Line) -> None:
        """Name a code that nobody has linked anywhere, of a line whose project is missing too."""
        own = MappingKey(COST_CODE, cost_code_key(line.source_project, line.source_code))
        rule = MappingKey(COST_CODE, cost_code_key(ANY_PROJECT, line.source_code))
        if own not in self.facts.mappings and rule not in self.facts.mappings:
            self._miss(rule, line.code_label)

    def currency(self, line: Line) -> str:
        """The project's currency, as far as Procore says one."""
        target = self.facts.mappings.get(MappingKey(PROJECT, line.source_project))
        own = str(target.attributes.get("currency") or "") if target else ""
        return own or str(self.facts.target_profile.get("currency_code") or "")

    def in_directory(self, order: SourceOrder, vendor_id: str, project_id: str) -> bool:
        """Whether the project's directory is known to have the vendor."""
        target = self.facts.mappings.get(MappingKey(VENDOR, order.vendor_id))
        if target is None or target.key != vendor_id:
            return False
        return project_id in target.attributes.get("projects", ())

    def _find(self, key: MappingKey, label: str) -> MappedTarget | None:
        target = self.facts.mappings.get(key)
        if target is not None and target.active:
            self.used[key] = target.key
            return target
        self._miss(key, f"{label}: {target.name} is inactive in Procore" if target else label)
        return None

    def _of_project(
        self, target: MappedTarget, key: MappingKey, own: MappingKey, line: Line, project_id: str
    ) -> Code | None:
        """A rule of one project names its code; one for all names a flat code that it must have."""
        about = target.attributes
        if "projects" in about:
            about = about["projects"].get(project_id, {})
        elif about.get("project_id") != project_id:
            about = {}
        if not about:
            self._miss(own, f"{line.code_label} in {line.project_label}: no {target.name} there")
            return None
        if not about.get("active", target.active):
            label = f"{line.code_label} in {line.project_label}: {target.name} is inactive"
            self._miss(own, label)
            return None
        code_id = str(about.get("wbs_code_id") or target.key)
        budgeted = bool(about.get("budgeted"))
        if not budgeted:
            self.unbudgeted[f"{target.name} ({line.code_label}) in {line.project_label}"] = None
        return Code(self._note(key, code_id), target.name, budgeted)

    def _miss(self, key: MappingKey, label: str) -> None:
        self.missing[key] = MissingMapping(key=key, label=label, reason=_REASONS[key.kind])

    def _note(self, key: MappingKey, target_key: str) -> str:
        self.used[key] = target_key
        return target_key


def mapping_keys(
    order: SourceOrder, lines: Sequence[Line], charges: Iterable[Charge]
) -> frozenset[MappingKey]:
    """All mappings that the order will look at."""
    projects = {line.source_project for line in lines}
    pairs = {(line.source_project, line.source_code) for line in lines}
    pairs |= {(project, charge.key) for project in projects for charge in charges}
    codes = {cost_code_key(project, code) for project, code in pairs}
    codes |= {cost_code_key(ANY_PROJECT, code) for _, code in pairs}
    return frozenset(
        {MappingKey(VENDOR, order.vendor_id)}
        | {MappingKey(PROJECT, project) for project in projects}
        | {MappingKey(COST_CODE, code) for code in codes}
    )


def _posted_line(link: LinkState, key: str) -> Mapping[str, Any]:
    for line in link.payload.get("lines", ()):
        if line.get("key") == key:
            found: Mapping[str, Any] = line
            return found
    return {}


def _said(before: Mapping[str, Any]) -> tuple[str, str] | None:
    if "wbs_code_id" not in before:
        return None
    return str(before.get("source_project", "")), str(before.get("source_code", ""))
