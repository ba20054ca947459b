"""Master data of both sides, and the heads of Procore's own commitments: what is read, how often.

Clients enter, pages of reference rows leave. Cost codes of Zoho Books are keyed as rules for all
projects ("*|5010"); of Procore there is a row per budget code of a project, and one per flat code
that says which budget code it is in which project.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.flow import SOURCE, TARGET, ReferenceStream, TargetIndex
from connectors.core.records import Page, Raw, TargetState
from connectors.core.references import ReferenceRow
from connectors.flows.zoho_books_to_procore.words import (
    ANY_PROJECT,
    CHARGES,
    COMMITMENTS,
    COST_CODE,
    PROJECT,
    VENDOR,
    code_label,
    cost_code_key,
)
from connectors.providers.procore import records as procore
from connectors.providers.zoho_books import records as zoho

_OFTEN = timedelta(minutes=5)
_HOURLY = timedelta(hours=1)
# What a project may refuse without standing in the way of the others.
_NOT_PERMITTED = frozenset({ErrorKind.PERMISSION, ErrorKind.NOT_FOUND})


def mapped(
    pages: Iterable[Page[Raw]], read: Callable[[Raw], ReferenceRow | None]
) -> Iterator[Page[ReferenceRow]]:
    """Rows as reference rows. One that cannot be read is left out: its orders then wait for a
    mapping and name it, while the others go on.
    """
    for page in pages:
        rows = []
        for raw in page.rows:
            try:
                row = read(raw)
            except BadInputError:
                continue
            if row is not None:
                rows.append(row)
        yield Page(rows=rows, number=page.number, count=page.count)


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

    return mapped(client.contacts(modified_since=since), vendor)


def _source_projects(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    del since
    return mapped(client.projects(), zoho.project_row)


def _source_cost_codes(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """The accounts, and beside them what stands for an order's tax, discount and adjustment."""
    del since
    yield from mapped(client.chart_of_accounts(), source_cost_code)
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


def _target_vendors(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    # Whole each time: being added to a project may not count as a change of the vendor.
    del since
    return mapped(client.vendors(), target_vendor)


def _target_projects(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    del since
    for page in mapped(client.projects(), procore.project_row):
        yield replace(page, rows=[row for row in page.rows if client.may_use(row.key)])


def _target_cost_codes(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    """Every permitted project's budget codes, and at the end the flat codes over all of them."""
    del since
    by_flat_code: dict[str, list[ReferenceRow]] = {}
    for project_id in _permitted(client):
        rows = _codes_of(client, project_id)
        for row in rows:
            by_flat_code.setdefault(row.number, []).append(row)
        yield Page(rows=rows, number=1)
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
        attributes={"projects": projects},
    )


def _codes_of(client: Any, project_id: str) -> list[ReferenceRow]:
    """A project's budget codes; none where its tools are closed to the service account."""
    try:
        budgeted = client.budgeted_wbs_codes(project_id)
        pages = list(client.wbs_codes(project_id))
    except ProviderError as error:
        if error.kind in _NOT_PERMITTED:
            return []
        raise
    read = mapped(pages, lambda raw: target_cost_code(raw, project_id, budgeted))
    return [row for page in read for row in page.rows]


def _permitted(client: Any) -> list[str]:
    """The active projects that are to be used."""
    pages = _target_projects(client, None)
    return [row.key for page in pages for row in page.rows if row.active]


def _heads(client: Any, since: str | None) -> Iterator[Page[TargetState]]:
    for project_id in _permitted(client):
        pages = client.purchase_order_contracts(project_id, view="compact", updated_since=since)
        for page in pages:
            rows = [procore.contract_state(raw) for raw in page.rows]
            yield Page(rows=rows, number=page.number)


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
    _stream(TARGET, COST_CODE, _HOURLY, _target_cost_codes, "Cost Codes"),
)

INDEXES = (TargetIndex(kind=COMMITMENTS, fetch=_heads),)

MAPPING_KINDS = {VENDOR: "Vendor", PROJECT: "Project", COST_CODE: "Cost code"}
