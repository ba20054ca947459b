"""Which vendor, project and budget codes of Procore an order leads to.

Lines and facts enter, a resolution leaves, naming everything that is missing at once. What is
posted already keeps the mappings that it was posted with, line by line, as long as the source
still says the same and the target is still in use there.
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
    CURRENCY,
    ERP,
    PROJECT,
    UNIT,
    VENDOR,
    cost_code_key,
    plain_unit,
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
            before = ""
            if link.payload.get("source_vendor") == order.vendor_id:
                before = str(link.payload["vendor_id"])
            elif not link.payload:
                before = link.mappings.get(key, "")
            if before and self.facts.keeps(link, key, before):
                return self._note(key, before)
        target = self._find(key, vendor_label(order.vendor_id, order.party))
        return target.key if target else ""

    def project(self, line: Line) -> str:
        """The project's key in Procore, empty when it is missing."""
        key = MappingKey(PROJECT, line.source_project)
        for part, link in self.posted.items():
            # Of what is to be restored only the mappings are known.
            here = link.mappings.get(key) == part
            if link.payload:
                here = _posted_line(link, line.key).get("source_project") == line.source_project
            if here and self.facts.keeps(link, key, part):
                return self._note(key, part)
        target = self._find(key, line.project_label)
        return target.key if target else ""

    def code(self, line: Line, project_id: str) -> Code | None:
        """The budget code of a line in its project; None when it is missing."""
        own = MappingKey(COST_CODE, cost_code_key(line.source_project, line.source_code))
        rule = MappingKey(COST_CODE, cost_code_key(ANY_PROJECT, line.source_code))
        link = self.posted.get(project_id)
        before = _posted_code(link, line, own, rule) if link else ""
        key = own if own in self.facts.mappings else rule
        if link and before:
            kept = Code(before, line.code_label, kept=True)
            # Under the key that it was posted by, so that its rule finds it again.
            under = rule if rule in link.mappings and own not in link.mappings else own
            if self.facts.keeps(link, key, before):
                return self._keep(under, kept)
            return self._better(key, own, line, project_id) or self._keep(under, kept)
        target = self.facts.mappings.get(key)
        if target is not None:
            return self._of_project(target, key, own, line, project_id)
        self._miss(rule, line.code_label)
        return None

    def _better(self, key: MappingKey, own: MappingKey, line: Line, project_id: str) -> Code | None:
        """What the mapping leads to now, where that is in use; nothing is noted as missing."""
        missing = dict(self.missing)
        target = self.facts.mappings.get(key)
        code = self._of_project(target, key, own, line, project_id) if target else None
        self.missing = missing
        return code

    def _keep(self, key: MappingKey, code: Code) -> Code:
        self._note(key, code.id)
        return code

    def code_unknown(self, line: Line) -> None:
        """Name a code that nobody has linked anywhere, of a line whose project is missing too."""
        own = MappingKey(COST_CODE, cost_code_key(line.source_project, line.source_code))
        rule = MappingKey(COST_CODE, cost_code_key(ANY_PROJECT, line.source_code))
        if own not in self.facts.mappings and rule not in self.facts.mappings:
            self._miss(rule, line.code_label)

    def currency(self, line: Line, project_id: str) -> str:
        """The project's currency, as far as Procore says one.

        Of a project that the line keeps, but is not mapped to any more, the currency as posted.
        """
        target = self.facts.mappings.get(MappingKey(PROJECT, line.source_project))
        if target is not None and target.key == project_id:
            return str(target.attributes.get(CURRENCY) or "")
        link = self.posted.get(project_id)
        return str(link.payload.get("currency") or "") if link else ""

    def has_other_owner(self, line: Line, project_id: str) -> bool:
        """Whether Procore's own connection to an accounting system makes its commitments."""
        target = self.facts.mappings.get(MappingKey(PROJECT, line.source_project))
        return target is not None and target.key == project_id and bool(target.attributes.get(ERP))

    def unit(self, line: Line, project_id: str, otherwise: str) -> str:
        """The line's unit as Procore lists it; empty where it does not.

        ``otherwise`` is for lines without a unit. What is posted keeps its unit as long as the
        source says the same, or said none of its own then.
        """
        link = self.posted.get(project_id)
        before = _posted_line(link, line.key) if link else {}
        if before and before.get("source_unit", line.unit) == line.unit:
            return str(before.get("uom", ""))
        named = line.unit or otherwise
        mapped = self.facts.mappings.get(MappingKey(UNIT, plain_unit(named)))
        if mapped is not None and mapped.active:
            return mapped.key
        listed = [row.key for row in self.facts.lists.get(UNIT, ())]
        alike = [key for key in listed if plain_unit(key) == plain_unit(named)]
        if named in listed:
            return named
        return alike[0] if len(alike) == 1 else ""

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
        | {MappingKey(UNIT, plain_unit(line.unit)) for line in lines if line.unit}
    )


def _posted_line(link: LinkState, key: str) -> Mapping[str, Any]:
    for line in link.payload.get("lines", ()):
        if line.get("key") == key:
            found: Mapping[str, Any] = line
            return found
    return {}


def _posted_code(link: LinkState, line: Line, own: MappingKey, rule: MappingKey) -> str:
    """The budget code that the line was posted on, while it says the same; empty for none."""
    if not link.payload:
        return link.mappings.get(own, "") or link.mappings.get(rule, "")
    before = _posted_line(link, line.key)
    said = (str(before.get("source_project", "")), str(before.get("source_code", "")))
    same = said == (line.source_project, line.source_code)
    return str(before.get("wbs_code_id", "")) if same else ""
