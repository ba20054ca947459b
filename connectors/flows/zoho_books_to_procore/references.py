"""Master data of both sides, and the heads of Procore's own commitments: what is read, how often.

Clients enter, pages of reference rows leave. Cost codes of Zoho Books are keyed as rules for all
projects ("*|5010"); of Procore there is a row per budget code of a project, and one per flat code
that says which budget code it is in which project.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import SOURCE, TARGET, ReferenceStream, TargetIndex
from connectors.core.records import Page, Raw, TargetState
from connectors.core.references import ReferenceRow
from connectors.core.rows import typed_rows
from connectors.flows.zoho_books_to_procore.words import (
    ANY_PROJECT,
    CHARGES,
    COMMITMENTS,
    COST_CODE,
    COST_TYPE,
    CURRENCY,
    ERP,
    OWN_CODE,
    PROJECT,
    UNIT,
    VENDOR,
    code_label,
    cost_code_key,
)
from connectors.providers.procore import records as procore
from connectors.providers.zoho_books import records as zoho

_OFTEN = timedelta(minutes=5)
_HOURLY = timedelta(hours=1)
_DAILY = timedelta(days=1)
# What a project may refuse without standing in the way of the others.
_REFUSED = frozenset({ErrorKind.PERMISSION, ErrorKind.NOT_FOUND, ErrorKind.REJECTED})


# --- Zoho Books --------------------------------------------------------------------------------


def source_cost_code(raw: Raw) -> ReferenceRow:
    """An account as what a cost code's rule is looked up by."""
    account = zoho.account_row(raw)
    code = account.number or account.key
    return ReferenceRow(
        kind=COST_CODE,
        key=cost_code_key(ANY_PROJECT, code),
        name=account.name,
        number=account.number,
        active=account.active,
        attributes=account.attributes,
    )


def _contacts(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    def vendor(raw: Raw) -> ReferenceRow | None:
        return zoho.vendor_row(raw) if zoho.is_vendor(raw) else None

    return typed_rows(client.contacts(modified_since=since), vendor)


def _source_projects(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    del since
    return typed_rows(client.projects(), zoho.project_row)


def _source_cost_codes(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """The accounts, and beside them what stands for an order's tax, discount and adjustment."""
    del since
    yield from typed_rows(client.chart_of_accounts(), source_cost_code)
    rows = [
        ReferenceRow(kind=COST_CODE, key=cost_code_key(ANY_PROJECT, key), name=code_label(key, ""))
        for key in CHARGES
    ]
    yield Page(rows=rows, number=1)


# --- Procore -----------------------------------------------------------------------------------


def target_vendor(raw: Raw) -> ReferenceRow:
    """A company vendor, with the projects in whose directory it is."""
    row = procore.vendor_row(raw)
    projects = [str(project_id) for project_id in raw.get("project_ids") or ()]
    return replace(row, attributes={**row.attributes, "projects": projects})


def target_cost_code(raw: Raw, project_id: str, budgeted: frozenset[str]) -> ReferenceRow:
    """A budget code under Procore's own id, which no other project's code has."""
    row = procore.wbs_code_row(raw, project_id, budgeted)
    return replace(row, key=str(row.attributes["wbs_code_id"]))


def _target_units(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """The company's units; none, in words, where it keeps its list to itself."""
    del since
    try:
        yield from typed_rows(client.uoms(), procore.uom_row)
    except ProviderError as error:
        if error.kind not in _REFUSED:
            raise
        yield Page(rows=[], number=1, remarks=(f"The company shows no units. {error}",))


def _target_vendors(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    # Whole each time: being added to a project may not count as a change of the vendor.
    del since
    return typed_rows(client.vendors(), target_vendor)


def _target_projects(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """Permitted projects, each active one with its currency and whether it has another owner."""
    del since
    company: str | None = None
    for page in _usable_projects(client):
        rows = []
        for row in page.rows:
            code = client.project_currency(row.key) if row.active else None
            if code == "":
                company = client.company_currency() or "" if company is None else company
                code = company
            erp = row.active and client.is_erp_integrated(row.key) is True
            about = {CURRENCY: code or "", ERP: erp}
            rows.append(replace(row, attributes={**row.attributes, **about}))
        yield replace(page, rows=rows)


def _usable_projects(client: Any) -> Iterator[Page[ReferenceRow]]:
    for page in typed_rows(client.projects(), procore.project_row):
        yield replace(page, rows=[row for row in page.rows if client.may_use(row.key)])


def _target_cost_codes(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """Every permitted project's budget codes, and at the end the flat codes over all of them."""
    del since
    by_flat_code: dict[str, list[ReferenceRow]] = {}
    for project_id in _permitted(client):
        for page in _codes_of(client, project_id):
            for row in page.rows:
                by_flat_code.setdefault(row.number, []).append(row)
            yield page
    yield Page(rows=[flat_code(rows) for rows in by_flat_code.values()], number=1)


def flat_code(rows: list[ReferenceRow]) -> ReferenceRow:
    """One flat code of the whole company: which budget code it is in each project."""
    first = rows[0]
    projects = {
        str(row.attributes["project_id"]): {
            "wbs_code_id": row.key,
            "active": row.active,
            "budgeted": row.attributes["budgeted"],
        }
        for row in rows
    }
    return ReferenceRow(
        kind=COST_CODE,
        key=first.number,
        name=f"{first.name} (any project)",
        number=first.number,
        active=any(row.active for row in rows),
        attributes={"projects": projects, **_in_common(rows)},
    )


def _in_common(rows: list[ReferenceRow]) -> dict[str, str]:
    """What the flat code consists of, where every project says the same of it."""
    said = [{name: row.attributes.get(name) for name in (OWN_CODE, COST_TYPE)} for row in rows]
    first = said[0]
    if first[OWN_CODE] is None:
        return {}
    same = all(one == first for one in said)
    return {name: str(value) if same else "" for name, value in first.items()}


def _codes_of(client: Any, project_id: str) -> list[Page[ReferenceRow]]:
    """A project's budget codes; none, in words, where its tools are closed to us."""
    try:
        budgeted = client.budgeted_wbs_codes(project_id)
        pages = list(client.wbs_codes(project_id))
    except ProviderError as error:
        if error.kind in _REFUSED:
            said = f"Project {project_id} shows none of its budget codes. {error}"
            return [Page(rows=[], number=1, remarks=(said,))]
        raise
    return list(typed_rows(pages, lambda raw: target_cost_code(raw, project_id, budgeted)))


def _permitted(client: Any) -> list[str]:
    """The active projects that are to be used."""
    pages = _usable_projects(client)
    return [row.key for page in pages for row in page.rows if row.active]


def _heads(client: Any, since: str | None) -> Iterator[Page[TargetState]]:
    """Every permitted project's commitments. One that shows none takes none of ours either; where
    no project shows any, the list as a whole is refused.
    """
    projects = _permitted(client)
    refused = 0
    for project_id in projects:
        try:
            yield from _heads_of(client, project_id, since)
        except ProviderError as error:
            refused += 1
            if error.kind not in _REFUSED or refused == len(projects):
                raise
            said = f"Project {project_id} does not show its commitments. {error}"
            yield Page(rows=[], number=1, remarks=(said,))


def _heads_of(client: Any, project_id: str, since: str | None) -> Iterator[Page[TargetState]]:
    pages = client.purchase_order_contracts(project_id, view="compact", updated_since=since)
    for page in typed_rows(pages, procore.contract_state):
        # A commitment is read, and linked, as the part of its project.
        rows = [replace(s, content={**s.content, "part": project_id}) for s in page.rows]
        yield replace(page, rows=rows)


def _stream(
    side: str,
    kind: str,
    every: timedelta,
    fetch: Callable[[Any, str | None], Iterator[Page[ReferenceRow]]],
    *resources: str,
    incremental: bool = False,
) -> ReferenceStream:
    return ReferenceStream(
        side=side,
        kind=kind,
        every=every,
        fetch=fetch,
        incremental=incremental,
        resources=frozenset(resources),
    )


REFERENCES = (
    _stream(SOURCE, VENDOR, _OFTEN, _contacts, "contact", incremental=True),
    _stream(SOURCE, PROJECT, _HOURLY, _source_projects),
    _stream(SOURCE, COST_CODE, _HOURLY, _source_cost_codes),
    _stream(TARGET, VENDOR, _HOURLY, _target_vendors, "Company Vendors"),
    _stream(TARGET, PROJECT, _HOURLY, _target_projects, "Projects"),
    _stream(TARGET, UNIT, _DAILY, _target_units),
    _stream(TARGET, COST_CODE, _HOURLY, _target_cost_codes, "Cost Codes"),
)

# Every project costs a call, and webhooks tell of changes besides.
INDEXES = (TargetIndex(kind=COMMITMENTS, fetch=_heads, every=_HOURLY),)

MAPPING_KINDS = {VENDOR: "Vendor", PROJECT: "Project", COST_CODE: "Cost code", UNIT: "Unit"}
