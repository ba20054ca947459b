"""What the test of a connection asks where nothing published says how Procore behaves.

Harmless reads only. Each question has a finding in words; what code goes by is told to the client
as an answer, which is kept in the connection's profile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from connectors.core.answers import Answer
from connectors.core.errors import ConnectorError
from connectors.core.reading import is_true
from connectors.core.records import Page, Raw
from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.origins import COMMITMENTS, VENDORS, Read, is_plain, words
from connectors.transport.findings import why
from connectors.transport.provider import Finding

ERP, SEGMENTS = "erp_projects", "segments"
# A test answers a person who waits.
_PROJECTS_ASKED = 20
_PROJECTS_LOOKED_THROUGH = 5
_BASIC = ("cost_code", "line_item_type")


def ask(client: ProcoreClient, projects: Sequence[Raw]) -> list[Finding]:
    """Everything, by the projects that are used."""
    if not projects:
        return []
    questions: tuple[tuple[str, Callable[[], str]], ...] = (
        ("origin_lists", lambda: _origin_lists(client, projects)),
        ("erp", lambda: _erp(client, projects)),
        ("workflows", lambda: _workflows(client)),
        ("segments", lambda: _segments(client, projects)),
    )
    findings = []
    for name, question in questions:
        try:
            findings.append(Finding(name=name, ok=True, words=question()))
        except ConnectorError as error:
            # Whoever may not ask is right either way; only more calls are needed, or a look there.
            told = f"This could not be asked. {why(error)}"
            findings.append(Finding(name=name, ok=True, words=told))
    return findings


def _origin_lists(client: ProcoreClient, projects: Sequence[Raw]) -> str:
    """In which form several origin ids may be asked for at once, by ones that are there."""
    said = []
    found = _first_origin(_heads(client, projects))
    if found is not None:
        project_id, origin = found

        def contracts(filters: Mapping[str, Any]) -> Iterator[Page[Raw]]:
            return client.contracts_by(project_id, filters)

        said.append(_asked(client, COMMITMENTS, origin, contracts))
    vendor = _first_origin(("", page) for page in islice(client.vendors_by({}), 1))
    if vendor is not None:
        said.append(_asked(client, VENDORS, vendor[1], client.vendors_by))
    return " ".join(said) or (
        "No commitment or vendor carries an origin id yet: they are looked up one at a time until "
        "the first one shows whether Procore takes lists."
    )


def _asked(client: ProcoreClient, kind: str, origin: str, read: Read) -> str:
    return words(kind, client.origins.ask(kind, origin, read))


def _heads(client: ProcoreClient, projects: Sequence[Raw]) -> Iterator[tuple[str, Page[Raw]]]:
    for row in islice(projects, _PROJECTS_LOOKED_THROUGH):
        project_id = str(row.get("id", ""))
        for page in islice(client.purchase_order_contracts(project_id, view="compact"), 1):
            yield project_id, page


def _first_origin(pages: Iterator[tuple[str, Page[Raw]]]) -> tuple[str, str] | None:
    for place, page in pages:
        for row in page.rows:
            if is_plain(row.get("origin_id")):
                return place, str(row["origin_id"])
    return None


def _erp(client: ProcoreClient, projects: Sequence[Raw]) -> str:
    """Which projects another accounting system owns, by Procore's own connection to it."""
    asked = list(islice(projects, _PROJECTS_ASKED))
    said = [(row, client.is_erp_integrated(str(row.get("id", "")))) for row in asked]
    owned = [str(row.get("name")) for row, erp in said if erp]
    if owned:
        told = (
            "Procore's own ERP integration makes the commitments of "
            f"{', '.join(owned)}: orders for them are held."
        )
    elif any(erp is None for _, erp in said):
        told = "Procore does not say whether its own ERP integration makes commitments here."
    else:
        told = "No project is connected to an accounting system by Procore's own ERP integration."
    client.learn(Answer(name=ERP, value=", ".join(owned), words=told))
    return told


def _workflows(client: ProcoreClient) -> str:
    """Whether it is shown which commitments have a workflow."""
    shown = client.workflows_of("0")
    if shown is None:
        return (
            "Procore does not show workflows to the service account. Where one owns a "
            "commitment's status, that is learnt when it is not approved."
        )
    return "Workflows can be read: a commitment that one owns says whom it waits for."


def _segments(client: ProcoreClient, projects: Sequence[Raw]) -> str:
    """What budget codes are made of besides a cost code and a cost type."""
    project = next(iter(projects), {})
    rows = client.wbs_segments(str(project.get("id", "")))
    more = [
        str(row.get("name") or row.get("type"))
        for row in rows
        if row.get("type") not in _BASIC
        and is_true(row.get("required"), True)
        and is_true(row.get("is_included_in_project_pattern"), True)
    ]
    told = f"Budget codes of {project.get('name')} are made of a cost code and a cost type"
    told += f", and need {', '.join(more)} too: missing ones are made by hand." if more else "."
    client.learn(Answer(name=SEGMENTS, value=", ".join(more), words=told))
    return told
