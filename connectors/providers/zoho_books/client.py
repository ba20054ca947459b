"""Zoho Books' API as methods: one per call that a flow needs, rows as Zoho sends them.

Every call carries the organisation. Lists are read to their end or fail; look-ups compare locally
what Zoho's filters found, so that a filter that Zoho ignores cannot lead to a wrong record.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from connectors.core.answers import Answer, said, told
from connectors.core.errors import BadInputError, ProviderError
from connectors.core.names import spelt_number
from connectors.core.records import Page, Raw
from connectors.providers.zoho_books.bodies import exact_numbers, list_of, object_of, record_of
from connectors.providers.zoho_books.errors import KEY, TABLE, perhaps_for
from connectors.providers.zoho_books.limits import limits, quota_subject, read_quota
from connectors.providers.zoho_books.lists import modified_after, newest_first, row_id
from connectors.transport.client import ApiClient, Dialect
from connectors.transport.pagination import PageGuard, flagged_pages
from connectors.transport.provider import ClientContext, not_chosen

PER_PAGE = 200
ORDER_STATUSES = frozenset({"open", "billed", "cancelled"})
# Which status new bills get here, by approvals that Zoho does not tell of.
BILL_STATUS = "bill_status"
# How many reporting tags are mandatory, as the connection's test has found out.
MANDATORY_TAGS = "mandatory_tags"
PROJECT_STATUSES = frozenset({"active", "inactive"})

DIALECT = Dialect(token_scheme="Zoho-oauthtoken", errors=TABLE, read_quota=read_quota)  # noqa: S106


class ZohoBooksClient:
    """One organisation's API."""

    def __init__(self, context: ClientContext) -> None:
        settings = context.settings
        account = context.account(quota_subject(settings), limits(settings, context.profile))
        self.api = ApiClient(DIALECT, account)
        self._organization = str(settings.get("organization_id") or "")
        self._account_codes: Mapping[str, str] | None = None
        self._locations: list[Raw] | None = None
        self.learn = context.learn
        self.told = partial(told, context.profile)
        self._tags_wanted = tags_wanted(context.profile)
        self._bill_status = told(context.profile, BILL_STATUS)

    # --- organisation and master data --------------------------------------------------------

    def organizations(self) -> list[Raw]:
        """All organisations that the connected user belongs to; the one call without its id."""
        return list_of(self.api.get("/organizations").body, "organizations")

    def contacts(self, modified_since: str | None = None) -> Iterator[Page[Raw]]:
        """Vendors, inactive ones included, last modified first.

        There is no filter by time here: reading stops at the first vendor that is older, as long
        as the answers really are in that order.
        """
        pages = self._list(
            "/contacts",
            "contacts",
            "contact_id",
            contact_type="vendor",
            filter_by="Status.All",
            sort_column="last_modified_time",
            sort_order="D",
        )
        return newest_first(pages, modified_since)

    def contact(self, contact_id: str) -> Raw:
        return self._one("/contacts/{id}", "contact", contact_id)

    def find_contacts(self, name: str) -> list[Raw]:
        """Vendors of this very name, inactive ones included; the filter is not believed."""
        pages = self._list(
            "/contacts",
            "contacts",
            "contact_id",
            contact_type="vendor",
            filter_by="Status.All",
            contact_name=name,
        )
        rows = (row for page in pages for row in page.rows)
        return [row for row in rows if str(row.get("contact_name") or "").strip() == name.strip()]

    def create_contact(self, body: Mapping[str, Any]) -> Raw:
        """Make a contact; Zoho takes a second one of the same name unless a preference says no."""
        return self._write("POST", "/contacts", "contact", body)

    def chart_of_accounts(self) -> Iterator[Page[Raw]]:
        return self._list(
            "/chartofaccounts", "chartofaccounts", "account_id", filter_by="AccountType.All"
        )

    def account_codes(self) -> Mapping[str, str]:
        """Account id -> the code that people gave the account; read once per client."""
        if self._account_codes is None:
            self._account_codes = {
                str(row.get("account_id", "")): str(row.get("account_code") or "")
                for page in self.chart_of_accounts()
                for row in page.rows
            }
        return self._account_codes

    def projects(self) -> Iterator[Page[Raw]]:
        """Projects, inactive ones included."""
        return self._list("/projects", "projects", "project_id", filter_by="Status.All")

    def project(self, project_id: str) -> Raw:
        return self._one("/projects/{id}", "project", project_id)

    def create_project(self, body: Mapping[str, Any]) -> Raw:
        """Make a project; whether Zoho refuses a second one of its name is not known."""
        return self._write("POST", "/projects", "project", body)

    def update_project(self, project_id: str, body: Mapping[str, Any]) -> Raw:
        return self._write("PUT", "/projects/{id}", "project", body, record_id=project_id)

    def set_project_status(self, project_id: str, status: str) -> None:
        """``active`` or ``inactive``."""
        if status not in PROJECT_STATUSES:
            raise BadInputError(f"{status!r} is no status that a project can be set to")
        path = f"/projects/{{id}}/{status}"
        self.api.write("POST", path, parts={"id": project_id}, params=self._params())

    def taxes(self) -> Iterator[Page[Raw]]:
        return self._list("/settings/taxes", "taxes", "tax_id")

    def currencies(self) -> Iterator[Page[Raw]]:
        return self._list("/settings/currencies", "currencies", "currency_id")

    def locations(self) -> list[Raw]:
        """The organisation's locations; read once per client."""
        if self._locations is None:
            self._locations = self._unpaged("/locations", "locations")
        return self._locations

    def reporting_tags(self) -> list[Raw]:
        return self._unpaged("/reportingtags", "reporting_tags")

    def users(self) -> Iterator[Page[Raw]]:
        return self._list("/users", "users", "user_id")

    def transaction_locks(self) -> Raw:
        """``{"transaction_locks": […]}``: up to which day each part of the books is closed."""
        pages = self._list("/transactionlocks", "transaction_locks", "transaction_lock_id")
        return {"transaction_locks": [row for page in pages for row in page.rows]}

    # --- purchase orders ---------------------------------------------------------------------

    def purchase_orders(
        self, modified_since: str | None = None, **filters: Any
    ) -> Iterator[Page[Raw]]:
        """Orders modified since then (aware ISO text), or all; in no promised order."""
        return self._list(
            "/purchaseorders",
            "purchaseorders",
            "purchaseorder_id",
            last_modified_time=modified_after(modified_since),
            **filters,
        )

    def purchase_order(self, purchase_order_id: str) -> Raw:
        return self._one("/purchaseorders/{id}", "purchaseorder", purchase_order_id)

    def create_purchase_order(self, body: Mapping[str, Any]) -> Raw:
        """Make an order with the number in the body; Zoho refuses a number that exists."""
        return self._write(
            "POST",
            "/purchaseorders",
            "purchaseorder",
            body,
            params={"ignore_auto_number_generation": True},
        )

    def update_purchase_order(self, purchase_order_id: str, body: Mapping[str, Any]) -> Raw:
        return self._write(
            "PUT",
            "/purchaseorders/{id}",
            "purchaseorder",
            body,
            record_id=purchase_order_id,
            params={"ignore_auto_number_generation": True},
        )

    def set_purchase_order_status(self, purchase_order_id: str, status: str) -> None:
        """``open``, ``billed`` or ``cancelled``."""
        if status not in ORDER_STATUSES:
            raise BadInputError(f"{status!r} is no status that an order can be set to")
        path = f"/purchaseorders/{{id}}/status/{status}"
        self.api.write("POST", path, parts={"id": purchase_order_id}, params=self._params())

    def find_purchase_orders(self, *, number: str = "", reference: str = "") -> list[Raw]:
        """List rows of orders with this number and reference, as far as given."""
        return self._find(
            self.purchase_orders(
                purchaseorder_number=number or None, reference_number=reference or None
            ),
            number=("purchaseorder_number", number),
            reference=reference,
        )

    # --- bills -------------------------------------------------------------------------------

    def bills(self, modified_since: str | None = None, **filters: Any) -> Iterator[Page[Raw]]:
        """Bills modified since then (aware ISO text), or all; in no promised order."""
        return self._list(
            "/bills",
            "bills",
            "bill_id",
            last_modified_time=modified_after(modified_since),
            **filters,
        )

    def bill(self, bill_id: str) -> Raw:
        return self._one("/bills/{id}", "bill", bill_id)

    def create_bill(self, body: Mapping[str, Any]) -> Raw:
        made = self._write("POST", "/bills", "bill", body)
        status = str(made.get("status") or "").casefold()
        if status and status != self._bill_status:
            self._bill_status = status
            self.learn(Answer(name=BILL_STATUS, value=status, words=_of_new_bills(status)))
        return made

    def update_bill(self, bill_id: str, body: Mapping[str, Any]) -> Raw:
        return self._write("PUT", "/bills/{id}", "bill", body, record_id=bill_id)

    def void_bill(self, bill_id: str) -> None:
        self.api.write(
            "POST", "/bills/{id}/status/void", parts={"id": bill_id}, params=self._params()
        )

    def find_bills(
        self, *, number: str = "", reference: str = "", vendor_id: str = ""
    ) -> list[Raw]:
        """List rows of bills with this number, reference and vendor, as far as given."""
        rows = self._find(
            self.bills(
                bill_number=number or None,
                reference_number=reference or None,
                vendor_id=vendor_id or None,
            ),
            number=("bill_number", number),
            reference=reference,
        )
        return [row for row in rows if not vendor_id or row.get("vendor_id") == vendor_id]

    # --- how ---------------------------------------------------------------------------------

    def _params(self, **more: Any) -> dict[str, Any]:
        if not self._organization:
            raise not_chosen(KEY, "organisation")
        return {"organization_id": self._organization, **more}

    def _list(self, path: str, key: str, id_name: str, **params: Any) -> Iterator[Page[Raw]]:
        def fetch(page: int) -> Mapping[str, Any]:
            asked = self._params(page=page, per_page=PER_PAGE, **params)
            return object_of(self.api.get(path, asked).body)

        return flagged_pages(fetch, key, PageGuard(KEY, row_id(id_name)))

    def _unpaged(self, path: str, key: str) -> list[Raw]:
        """A list for which Zoho documents no pages."""
        return list_of(self.api.get(path, self._params()).body, key)

    def _one(self, path: str, key: str, record_id: str) -> Raw:
        body = self.api.get(path, self._params(), parts={"id": record_id}).body
        return record_of(body, key)

    def _write(
        self,
        method: str,
        path: str,
        key: str,
        body: Mapping[str, Any],
        *,
        record_id: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> Raw:
        try:
            reply = self.api.write(
                method,
                path,
                parts={"id": record_id} if record_id else None,
                params=self._params(**(params or {})),
                json=exact_numbers(body),
            )
        except ProviderError as error:
            explained = perhaps_for(error, self._tags_wanted if "line_items" in body else "")
            raise explained from error.__cause__
        return record_of(reply.body, key, written=True)

    @staticmethod
    def _find(pages: Iterator[Page[Raw]], *, number: tuple[str, str], reference: str) -> list[Raw]:
        field, wanted = number
        return [
            row
            for page in pages
            for row in page.rows
            if (not wanted or spelt_number(str(row.get(field, ""))) == spelt_number(wanted))
            and (not reference or str(row.get("reference_number", "")) == reference)
        ]


def tags_wanted(profile: Mapping[str, Any]) -> str:
    """Which reporting tags are mandatory, in words; nothing where none is, or nobody has asked."""
    return said(profile, MANDATORY_TAGS) if told(profile, MANDATORY_TAGS) else ""


def _of_new_bills(status: str) -> str:
    """What people read of the status that a new bill gets, which approvals decide."""
    if status in ("open", "overdue"):
        return "New bills are open in Zoho Books at once."
    shown = status.replace("_", " ")
    return f"New bills are {shown} in Zoho Books until somebody there approves or opens them."


def open_client(context: ClientContext) -> ZohoBooksClient:
    return ZohoBooksClient(context)
