"""Who and where: the service account, its companies and projects, and the vendors of each.

Every id enters as text. Vendors belong to the company; a project has a directory of its own, to
which a company vendor must be added before a commitment there can name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.days import parse_instant
from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import changed_since, record_of
from connectors.providers.procore.caller import Caller
from connectors.providers.procore.errors import is_already_there
from connectors.providers.procore.origins import VENDORS
from connectors.providers.procore.records import currency_of, names_no_currency
from connectors.providers.procore.sync import Result, Update

# What a service account meets where a company has no such page, or keeps it to itself.
_SAYS_NOTHING = frozenset({ErrorKind.PERMISSION, ErrorKind.NOT_FOUND, ErrorKind.REJECTED})
_SPELT = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_VENDOR = "/rest/v1.0/vendors/{id}"
_INACTIVE = "/rest/v1.0/companies/{company}/vendors/inactive"


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

    def is_erp_integrated(self, project_id: str) -> bool | None:
        """Whether Procore's own connection to an accounting system makes its commitments.

        Only a project's own page says so; None where the application may not see it.
        """
        try:
            found = self.project(project_id).get("is_erp_integrated")
        except ProviderError as error:
            if error.kind in _SAYS_NOTHING:
                return None
            raise
        return _SPELT.get(str(found).casefold())

    def company_currency(self) -> str | None:
        """The currency that the company is kept in; empty where Procore names none, None where
        it does not show its configuration, or in a shape that nobody knows.
        """
        return self._currency("/rest/v1.0/companies/{company}/currency_configuration")

    def project_currency(self, project_id: str) -> str | None:
        """The currency of a project's amounts, as above. None named is the company's."""
        path = "/rest/v1.0/companies/{company}/projects/{project}/currency_configuration"
        return self._currency(path, project=project_id)

    def _currency(self, path: str, **ids: str) -> str | None:
        try:
            found = self._get(path, {}, {"company": self.company, **ids}).body
        except ProviderError as error:
            if error.kind in _SAYS_NOTHING:
                return None
            raise
        code = currency_of(found)
        return code if code or names_no_currency(found) else None

    def uoms(self) -> Iterator[Page[Raw]]:
        """The company's list of units of measure."""
        return self._list("/rest/v1.0/companies/{company}/uoms", {}, {"company": self.company})

    def vendors(self, updated_since: str | None = None) -> Iterator[Page[Raw]]:
        """Vendors of the company changed since then (aware ISO text), or all.

        Procore lists inactive ones apart; without them a vendor that was switched off would look
        like one that has not changed.
        """
        yield from self.vendors_by({"filters[updated_at]": changed_since(updated_since)})
        for page in self._inactive_vendors():
            rows = [row for row in page.rows if _is_since(row, updated_since)]
            yield Page(rows=rows, number=page.number)

    def vendor(self, vendor_id: str) -> Raw:
        """A vendor, looked for among the inactive ones where Procore shows those nowhere else."""
        try:
            return self._one(_VENDOR, {"company_id": self.company}, id=vendor_id)
        except ProviderError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            inactive = (row for page in self._inactive_vendors() for row in page.rows)
            found = next((row for row in inactive if str(row.get("id")) == vendor_id), None)
            if found is None:
                raise
            return found

    def reactivate_vendor(self, vendor_id: str) -> Raw:
        """Set an inactive vendor active; one that is so already is given back as it is."""
        try:
            sent = self._write("PATCH", f"{_INACTIVE}/{{id}}", company=self.company, id=vendor_id)
        except ProviderError as error:
            if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.REJECTED):
                raise
            found = self.vendor(vendor_id)
            if found.get("is_active") is False:
                raise
            return found
        return record_of(sent, written=True)

    def vendors_by_origin(self, origin_ids: Sequence[str]) -> list[Raw]:
        """Vendors that carry one of these origin ids, inactive ones included.

        The list of the inactive ones knows no filter, so it is read whole.
        """
        if not origin_ids:
            return []
        pages = self.origins.find(VENDORS, "", origin_ids, self.vendors_by)
        found = {str(row.get("id")): row for page in pages for row in page.rows}
        for page in self._inactive_vendors():
            ours = (row for row in page.rows if row.get("origin_id") in origin_ids)
            found |= {str(row.get("id")): row for row in ours}
        return list(found.values())

    def create_vendor(self, vendor: Mapping[str, Any]) -> Raw:
        body = {"company_id": self.company, "vendor": vendor}
        return record_of(self._write("POST", "/rest/v1.0/vendors", body), written=True)

    def sync_vendors(self, updates: Sequence[Update]) -> list[Result]:
        """One result per update: the vendor, or why it was refused."""
        results = self._sync("/rest/v1.0/vendors/sync", updates, {"company_id": self.company})
        for result in results:
            if not isinstance(result, ProviderError) and result.get("is_active") is not False:
                self.origins.note(VENDORS, "", result)
        return results

    def vendors_by(self, filters: Mapping[str, Any]) -> Iterator[Page[Raw]]:
        """Active vendors by filters as Procore spells them."""
        params = {"company_id": self.company, "view": "extended", **filters}
        return self._list("/rest/v1.0/vendors", params)

    def _inactive_vendors(self) -> Iterator[Page[Raw]]:
        return self._list(_INACTIVE, {"view": "extended"}, {"company": self.company})

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
            if is_already_there(error.facts):
                return
            # A refusal whose words got lost may be that one, or another.
            if error.kind is not ErrorKind.REJECTED or not self._is_in_project(
                project_id, vendor_id
            ):
                raise

    def _is_in_project(self, project_id: str, vendor_id: str) -> bool:
        rows = (row for page in self.project_vendors(project_id) for row in page.rows)
        return any(str(row.get("id")) == vendor_id for row in rows)


def _is_since(row: Raw, moment: str | None) -> bool:
    """Whether it was changed since then; one whose time cannot be read is looked at."""
    try:
        return moment is None or parse_instant(str(row["updated_at"])) >= parse_instant(moment)
    except (KeyError, BadInputError):
        return True
