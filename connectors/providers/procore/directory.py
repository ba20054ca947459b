"""Who and where: the service account, its companies and projects, and the vendors of each.

Every id enters as text. Vendors belong to the company; a project has a directory of its own, to
which a company vendor must be added before a commitment there can name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.errors import ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import changed_since, record_of
from connectors.providers.procore.caller import ORIGINS_AT_ONCE, Caller
from connectors.providers.procore.errors import is_already_there
from connectors.providers.procore.sync import Result, Update


class DirectoryCalls(Caller):
    """Companies, projects and vendors."""

    def me(self) -> Raw:
        """The directory user that the application acts as."""
        return record_of(self._get("/rest/v1.0/me", {"company_id": self._company or None}).body)

    def companies(self) -> list[Raw]:
        """The companies where the application is installed."""
        return [row for page in self._list("/rest/v1.0/companies", {}) for row in page.rows]

    def projects(self) -> Iterator[Page[Raw]]:
        """All projects that the application may see, inactive ones included."""
        params = {"company_id": self.company, "filters[by_status]": "All"}
        return self._list("/rest/v1.0/projects", params)

    def project(self, project_id: str) -> Raw:
        return self._one("/rest/v1.0/projects/{id}", {"company_id": self.company}, id=project_id)

    def vendors(self, updated_since: str | None = None) -> Iterator[Page[Raw]]:
        """Vendors of the company changed since then (aware ISO text), or all.

        Procore lists inactive ones apart; without them a vendor that was switched off would look
        like one that has not changed.
        """
        return self._vendors({"filters[updated_at]": changed_since(updated_since)})

    def vendor(self, vendor_id: str) -> Raw:
        return self._one("/rest/v1.0/vendors/{id}", {"company_id": self.company}, id=vendor_id)

    def vendors_by_origin(self, origin_ids: Sequence[str]) -> list[Raw]:
        """Vendors that carry one of these origin ids, inactive ones included.

        Compared locally, so that a filter that Procore ignores cannot lead to a wrong record.
        """
        found = []
        for start in range(0, len(origin_ids), ORIGINS_AT_ONCE):
            some = origin_ids[start : start + ORIGINS_AT_ONCE]
            for page in self._vendors({"filters[origin_id][]": some}):
                found += [row for row in page.rows if row.get("origin_id") in some]
        return found

    def create_vendor(self, vendor: Mapping[str, Any]) -> Raw:
        body = {"company_id": self.company, "vendor": vendor}
        return record_of(self._write("POST", "/rest/v1.0/vendors", body), written=True)

    def sync_vendors(self, updates: Sequence[Update]) -> list[Result]:
        """One result per update: the vendor, or why it was refused."""
        return self._sync("/rest/v1.0/vendors/sync", updates, {"company_id": self.company})

    def _vendors(self, filters: Mapping[str, Any]) -> Iterator[Page[Raw]]:
        params = {"view": "extended", **filters}
        yield from self._list("/rest/v1.0/vendors", {"company_id": self.company, **params})
        inactive = "/rest/v1.0/companies/{company}/vendors/inactive"
        yield from self._list(inactive, params, {"company": self.company})

    def project_vendors(self, project_id: str) -> Iterator[Page[Raw]]:
        return self._list("/rest/v1.0/projects/{project}/vendors", {}, {"project": project_id})

    def add_project_vendor(self, project_id: str, vendor_id: str) -> None:
        """Put a company vendor into a project's directory, where it may be already."""
        try:
            self._write(
                "POST",
                "/rest/v1.0/projects/{project}/vendors/{vendor}/actions/add",
                may_be_empty=True,
                project=project_id,
                vendor=vendor_id,
            )
        except ProviderError as error:
            if not is_already_there(error.facts):
                raise
