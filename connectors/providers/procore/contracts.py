"""Purchase order contracts (commitments) and their lines.

Ids enter as text, records as Procore has them leave. Look-ups by origin id compare locally what the
filter found, so that a filter that Procore ignores cannot lead to a wrong record.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.errors import ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import changed_since, record_of
from connectors.providers.procore.caller import Caller
from connectors.providers.procore.origins import COMMITMENTS
from connectors.providers.procore.sync import Result, Update

_PATH = "/rest/v1.0/purchase_order_contracts"
_ONE = f"{_PATH}/{{contract}}"
_LINES = f"{_ONE}/line_items"


class ContractCalls(Caller):
    """Purchase order contracts of a project."""

    def purchase_order_contracts(
        self,
        project_id: str,
        *,
        view: str = "extended",
        origin_ids: Sequence[str] | None = None,
        updated_since: str | None = None,
        include_deleted: str | None = None,
    ) -> Iterator[Page[Raw]]:
        """Contracts changed since then (aware ISO text) or with one of these origin ids, or all.

        ``include_deleted`` is ``with`` or ``only``. The extended view has the lines.
        """
        params = {
            "project_id": project_id,
            "view": view,
            "filters[updated_at]": changed_since(updated_since),
            "filters[include_deleted]": include_deleted,
        }
        if origin_ids is None:
            return self._list(_PATH, params)

        def read(filters: Mapping[str, Any]) -> Iterator[Page[Raw]]:
            return self.contracts_by(project_id, {**params, **filters})

        return self.origins.find(COMMITMENTS, project_id, origin_ids, read)

    def contracts_by(self, project_id: str, filters: Mapping[str, Any]) -> Iterator[Page[Raw]]:
        """Contracts by filters as Procore spells them."""
        return self._list(_PATH, {"project_id": project_id, **filters})

    def purchase_order_contract(self, project_id: str, contract_id: str) -> Raw:
        """One contract with its lines."""
        return self._one(_ONE, {"project_id": project_id}, contract=contract_id)

    def create_contract(self, project_id: str, contract: Mapping[str, Any]) -> Raw:
        body = {"project_id": project_id, "purchase_order_contract": contract}
        return record_of(self._write("POST", _PATH, body), written=True)

    def patch_contract(self, project_id: str, contract_id: str, changes: Mapping[str, Any]) -> Raw:
        body = {"project_id": project_id, "purchase_order_contract": changes}
        return record_of(self._write("PATCH", _ONE, body, contract=contract_id), written=True)

    def delete_contract(self, project_id: str, contract_id: str) -> None:
        owner = {"project_id": project_id}
        self._write("DELETE", _ONE, params=owner, may_be_empty=True, contract=contract_id)

    def sync_contracts(self, project_id: str, updates: Sequence[Update]) -> list[Result]:
        """One result per update: the contract, or why it was refused."""
        results = self._sync(f"{_PATH}/sync", updates, {"project_id": project_id})
        for result in results:
            if not isinstance(result, ProviderError):
                self.origins.note(COMMITMENTS, project_id, result)
        return results

    # --- lines -------------------------------------------------------------------------------

    def contract_lines(self, project_id: str, contract_id: str) -> Iterator[Page[Raw]]:
        return self._list(_LINES, {"project_id": project_id}, {"contract": contract_id})

    def sync_lines(
        self, project_id: str, contract_id: str, updates: Sequence[Update]
    ) -> list[Result]:
        """One result per update: the line, or why it was refused. Absent lines stay as they are."""
        owner = {"project_id": project_id}
        return self._sync(f"{_LINES}/sync", updates, {}, owner, contract=contract_id)

    def delete_line(self, project_id: str, contract_id: str, line_id: str) -> None:
        self._write(
            "DELETE",
            f"{_LINES}/{{line}}",
            params={"project_id": project_id},
            may_be_empty=True,
            contract=contract_id,
            line=line_id,
        )
