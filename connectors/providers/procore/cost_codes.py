"""What money is spent on: cost codes, cost types, WBS codes and which of them a project budgets.

A WBS code (a budget code, on Procore's pages) is a cost code and a cost type of one project; lines
of commitments name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import changed_since, record_of
from connectors.providers.procore.caller import Caller
from connectors.providers.procore.sync import Result, Update

_WBS = "/rest/v1.0/projects/{project}/work_breakdown_structure"
_WBS_CODES = f"{_WBS}/wbs_codes"
_SEGMENTS = f"{_WBS}/segments"


class CostCodeCalls(Caller):
    """Cost codes and budgets."""

    def cost_codes(self, project_id: str) -> Iterator[Page[Raw]]:
        return self._list("/rest/v1.0/cost_codes", {"project_id": project_id})

    def create_cost_code(self, project_id: str, cost_code: Mapping[str, Any]) -> Raw:
        """``code`` is without its parent's part, which ``parent_id`` gives."""
        body = {"project_id": project_id, "cost_code": cost_code}
        return record_of(self._write("POST", "/rest/v1.0/cost_codes", body), written=True)

    def sync_cost_codes(self, project_id: str, updates: Sequence[Update]) -> list[Result]:
        """One result per update: the cost code, or why it was refused."""
        return self._sync("/rest/v1.0/cost_codes/sync", updates, {}, {"project_id": project_id})

    def line_item_types(self, project_id: str) -> Iterator[Page[Raw]]:
        """Cost types, by the name that the API has for them."""
        return self._list("/rest/v1.0/line_item_types", {"project_id": project_id})

    def wbs_codes(
        self, project_id: str, updated_since: str | None = None, *, query: str | None = None
    ) -> Iterator[Page[Raw]]:
        """WBS codes of a project changed since then (aware ISO text), or all; inactive ones too.

        ``query`` is a text that Procore looks for in them.
        """
        return self._list(
            _WBS_CODES,
            {
                "filters[status][]": ["active", "inactive"],
                "filters[updated_at]": changed_since(updated_since),
                "query": query,
            },
            {"project": project_id},
        )

    def wbs_code(self, project_id: str, wbs_code_id: str, flat_code: str = "") -> Raw | None:
        """One WBS code, which Procore only has in its lists; None where the project lacks it.

        Its flat code finds it sooner; where that finds nothing, the whole list is believed.
        """
        for query in (flat_code, None) if flat_code else (None,):
            for page in self.wbs_codes(project_id, query=query):
                for row in page.rows:
                    if str(row.get("id")) == wbs_code_id:
                        return row
        return None

    def wbs_segments(self, project_id: str) -> list[Raw]:
        """What a WBS code of this project is made of: a cost code, a cost type, perhaps more."""
        owner = {"project": project_id}
        return [row for page in self._list(_SEGMENTS, {}, owner) for row in page.rows]

    def segment_items(self, project_id: str, segment_id: str) -> Iterator[Page[Raw]]:
        """What can stand in one segment of this project's codes."""
        ids = {"project": project_id, "segment": segment_id}
        return self._list(f"{_SEGMENTS}/{{segment}}/segment_items", {}, ids)

    def create_wbs_code(self, project_id: str, segment_items: Sequence[Mapping[str, str]]) -> Raw:
        """The WBS code of these items, each ``segment_id`` and ``segment_item_id``.

        One that is there already is given back as it is, since no description is sent.
        """
        body = {"segment_items": list(segment_items)}
        return record_of(self._write("POST", _WBS_CODES, body, project=project_id), written=True)

    def update_wbs_code(self, project_id: str, wbs_code_id: str, changes: Mapping[str, Any]) -> Raw:
        """``description`` and ``status`` (active or inactive)."""
        reply = self._write(
            "PATCH", f"{_WBS_CODES}/{{code}}", changes, project=project_id, code=wbs_code_id
        )
        return record_of(reply, written=True)

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
