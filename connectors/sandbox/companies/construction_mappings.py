"""What the builder's tenant maps before the first run, and what a person would choose later.

Projects and vendors enter; rows of vendors, projects and cost codes leave. A cost code's source is
"{Zoho project}|{account or charge}" and its target a WBS code's id; with "*" for the project it is
a rule of the whole company and its target a flat code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.sandbox.companies.construction_codes import (
    ACCOUNTS,
    CHARGES,
    OWN_RULES,
    RESOLVED,
    wbs,
)
from connectors.sandbox.companies.construction_projects import (
    MORE_IN_ZOHO,
    NAMES,
    SECOND_NUMBER,
    SECOND_NUMBER_OF,
    procore_project_id,
    wbs_id,
    zoho_project_id,
)
from connectors.sandbox.companies.construction_vendors import Cast, Vendor

Row = dict[str, str]
ACCOUNT_NAMES = {account.code: account.name for account in ACCOUNTS}


def mappings(projects: int, cast: Cast) -> list[Row]:
    """What is mapped beforehand."""
    numbers = range(1, projects + 1)
    rows = [_vendor(vendor) for vendor in cast.confirmed]
    rows += [_project(n, NAMES[n - 1][0], n) for n in numbers]
    rows += [_rule(account.code, account.wbs) for account in ACCOUNTS if account.mapped]
    rows += [_own(n, charge) for n in numbers for charge in CHARGES]
    # The second number of a project is set up but for the project itself.
    if SECOND_NUMBER_OF in numbers:
        rows += [_own(SECOND_NUMBER_OF, charge, SECOND_NUMBER) for charge in CHARGES]
    own = [(n, code) for n, code in OWN_RULES if code not in CHARGES and n in numbers]
    return rows + [_own(n, code) for n, code in own]


def resolutions(projects: int, cast: Cast) -> list[Row]:
    """The choice for every name and code that is missing above, as far as there is one."""
    numbers = range(1, projects + 1)
    rows = [_vendor(vendor) for vendor in (*cast.lookalike, cast.twice_in_procore)]
    rows += [_vendor(vendor) for vendor in cast.twice_in_zoho]
    if SECOND_NUMBER_OF in numbers:
        rows.append(_project(SECOND_NUMBER, MORE_IN_ZOHO[SECOND_NUMBER], SECOND_NUMBER_OF))
    rows += _unmapped(numbers)
    return rows + [_own(project, code) for project, code in RESOLVED if project in numbers]


def _unmapped(projects: Iterable[int]) -> Iterator[Row]:
    """Of accounts without a rule, the choice for each project and the one for all of them."""
    for account in ACCOUNTS:
        if not account.mapped:
            yield _rule(account.code, account.wbs)
            yield from (_own(project, account.code) for project in projects)


def _vendor(vendor: Vendor) -> Row:
    target = str(vendor.procore_id)
    return _row("vendor", vendor.contact_id, vendor.name, vendor.procore_name, target)


def _project(zoho_project: int, label: str, procore_project: int) -> Row:
    name, target = NAMES[procore_project - 1][1], str(procore_project_id(procore_project))
    return _row("project", zoho_project_id(zoho_project), label, name, target)


def _rule(code: str, flat: str) -> Row:
    return _row("cost_code", f"*|{code}", ACCOUNT_NAMES[code], flat, flat)


def _own(project: int, code: str, zoho_project: int | None = None) -> Row:
    """A rule of one project, under its own Zoho number or another."""
    flat = wbs(project, code)
    key = f"{zoho_project_id(zoho_project or project)}|{code}"
    label = ACCOUNT_NAMES.get(code, code)
    return _row("cost_code", key, label, flat, str(wbs_id(project, flat)))


def _row(kind: str, key: str, label: str, name: str, target_id: str) -> Row:
    return {
        "kind": kind,
        "source_key": key,
        "source_label": label,
        "target_name": name,
        "target_id": target_id,
    }
