"""Tries whether a company lets an approved commitment be set back to draft.

Procore has a setting for that and shows it to nobody, so the test of a connection makes an empty
commitment of its own, in the project that a person has named for it, approves it and sets it back.
Then it is deleted, or closed where it stays locked; the next test finds it by its number.
"""

from contextlib import suppress
from typing import Any

from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.providers.procore.bodies import record_of
from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.errors import is_locked

NUMBER = "ML-CONNECTOR-TEST"
TITLE = "Test of the connection: may be deleted"
_DRAFT, _APPROVED, _CLOSED = "Draft", "Approved", "Closed"


def can_reopen(client: ProcoreClient, project_id: str) -> bool | None:
    """Whether it can, None where a workflow owns the status of commitments.

    Any other refusal than that of the lock is raised.
    """
    contract_id = _left_over(client, project_id) or _made(client, project_id)
    if not _approved(client, project_id, contract_id):
        with suppress(ProviderError):
            client.delete_contract(project_id, contract_id)
        return None
    try:
        after = client.patch_contract(project_id, contract_id, {"status": _DRAFT})
        reopened = after.get("status") == _DRAFT
    except ProviderError as error:
        if not is_locked(error.facts) and error.kind is not ErrorKind.PERMISSION:
            raise
        reopened = False
    # What was found stands, whatever becomes of the empty commitment.
    with suppress(ProviderError):
        if reopened:
            client.delete_contract(project_id, contract_id)
        else:
            client.patch_contract(project_id, contract_id, {"status": _CLOSED})
    return reopened


def _approved(client: ProcoreClient, project_id: str, contract_id: str) -> bool:
    """Approve it, unless that is a workflow's to do."""
    try:
        after = client.patch_contract(project_id, contract_id, {"status": _APPROVED})
        if after.get("status") == _APPROVED:
            return True
        said = "workflow"
    except ProviderError as error:
        if error.kind is not ErrorKind.REJECTED:
            raise
        said = error.facts.message.casefold()
        if "workflow" not in said and client.workflow_of(contract_id) is None:
            raise
    if client.workflows_of(contract_id) is None and "workflow" in said:
        client.learn_of_workflows()
    return False


def _left_over(client: ProcoreClient, project_id: str) -> str:
    """The one of an earlier test, if it could not be deleted."""
    pages = client.purchase_order_contracts(project_id, view="compact")
    rows = (row for page in pages for row in page.rows)
    ours = (row for row in rows if (row.get("number"), row.get("title")) == (NUMBER, TITLE))
    return str(next(ours, {}).get("id", ""))


def _made(client: ProcoreClient, project_id: str) -> str:
    contract: dict[str, Any] = {
        "number": NUMBER,
        "title": TITLE,
        "status": _DRAFT,
        "private": True,
        "vendor_id": _any_vendor(client, project_id),
    }
    made = record_of(client.create_contract(project_id, contract), written=True)
    return str(made["id"])


def _any_vendor(client: ProcoreClient, project_id: str) -> str:
    """A commitment without a vendor may not be approved."""
    for page in client.project_vendors(project_id):
        for row in page.rows:
            return str(row.get("id", ""))
    raise BadInputError(
        f"Project {project_id} has no vendor in its directory, which the test needs. Name another "
        "project."
    )
