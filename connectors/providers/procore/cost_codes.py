"""What money is spent on: cost codes, cost types, WBS codes and which of them a project budgets.

A WBS code (a budget code, on Procore's pages) is a cost code and a cost type of one project; lines
of commitments name it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import changed_since, record_of
from connectors.providers.procore.caller import Caller


class CostCodeCalls(Caller):
    """Cost codes and budgets."""

    def cost_codes(self, project_id: str) -> Iterator[Page[Raw]]:
        return self._list("/rest/v1.0/cost_codes", {"project_id": project_id})

    def create_cost_code(self, project_id: str, cost_code: Mapping[str, Any]) -> Raw:
        """``code`` is without its parent's part, which ``parent_id`` gives."""
        body = {"project_id": project_id, "cost_code": cost_code}
        return record_of(self._write("POST", "/rest/v1.0/cost_codes", body), written=True)

    def line_item_types(self, project_id: str) -> Iterator[Page[Raw]]:
        """Cost types, by the name that the API has for them."""
        return self._list("/rest/v1.0/line_item_types", {"project_id": project_id})

    def wbs_codes(self, project_id: str, updated_since: str | None = None) -> Iterator[Page[Raw]]:
        """WBS codes of a project changed since then (aware ISO text), or all; inactive ones too."""
        return self._list(
            "/rest/v1.0/projects/{project}/work_breakdown_structure/wbs_codes",
            {
                "filters[status][]": ["active", "inactive"],
                "filters[updated_at]": changed_since(updated_since),
            },
            {"project": project_id},
        )

    def budgeted_wbs_codes(self, project_id: str) -> frozenset[str]:
        """Ids of the WBS codes that the project's budget has a line for.

        Budget lines cannot be listed; any view of the budget shows them all. A project without a
        view has no budget.
        """
        owner = {"project_id": project_id}
        views = (row for page in self._list("/rest/v1.0/budget_views", owner) for row in page.rows)
        view = next(views, None)
        if view is None:
            return frozenset()
        rows = self._list(
            "/rest/v1.0/budget_views/{view}/detail_rows",
            {**owner, "budget_row_type": "budgeted"},
            {"view": str(view.get("id", ""))},
        )
        return frozenset(
            str(row["wbs_code_id"]) for page in rows for row in page.rows if _is_budgeted(row)
        )


def _is_budgeted(row: Raw) -> bool:
    """Filters are asked for, not trusted."""
    return bool(row.get("wbs_code_id")) and row.get("budget_row_type") != "unbudgeted"
