"""Vendors of the company: the directory that projects pick theirs from.

Bodies and sync rows enter, vendor records leave. Names may repeat, as far as is known; inactive
vendors stand in a list of their own, which knows no filters, unless the option
procore_vendors_include_inactive says that the ordinary one has them too. What else is known of them
is an option: procore_inactive_hidden (true: only that list has them, and only its own call
activates them). Short texts end at procore_longest_text (255) characters.
"""

from __future__ import annotations

from aiohttp import web

from connectors.sandbox.procore import fields, sync
from connectors.sandbox.procore.answers import answer, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import Refusal, invalid, not_found
from connectors.sandbox.procore.filters import sort
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

KIND = "vendors"
TEXTS = (
    "name",
    "abbreviated_name",
    "trade_name",
    "address",
    "city",
    "zip",
    "state_code",
    "country_code",
    "business_phone",
    "mobile_phone",
    "fax_number",
    "email_address",
    "website",
    "license_number",
    "labor_union",
    "origin_id",
    "origin_code",
)
LONG = ("notes", "origin_data")
FLAGS = {
    "is_active": True,
    "union_member": False,
    "non_union_prevailing_wage": False,
    "authorized_bidder": False,
    "prequalified": False,
}
KEYS = ("vendor_group_id", "parent_id", "primary_contact_id")
COMPACT = ("id", "name")
EXTENDED_ONLY = ("children_count", "legal_name", "parent", "project_ids", "trades")
SEARCHED = ("name", "origin_code", "abbreviated_name", "trade_name")


def build(books: Books, sent: Record, old: Record | None) -> Record:
    """A vendor, new or changed."""
    record: Record = {"id": books.next_id()} if old is None else dict(old)
    record |= {name: fields.short(books.options, sent, name, record.get(name)) for name in TEXTS}
    record |= {name: fields.text(sent, name, record.get(name)) for name in LONG}
    record |= {name: fields.flag(sent, name, record.get(name, no)) for name, no in FLAGS.items()}
    record |= {name: fields.key(sent, name, record.get(name)) for name in KEYS}
    if not (record["name"] or "").strip():
        raise invalid(name="can't be blank")
    for name, length in (("state_code", 2), ("country_code", 2)):
        code = record[name]
        if code and not (len(code) <= length + 1 and code.isalnum() and code == code.upper()):
            raise invalid(**{name: "is invalid"})
    sync.refuse_taken_origin(books, KIND, record)
    return record


def show(books: Books, record: Record, view: str = "extended") -> Record:
    """A vendor as a view shows it."""
    if view == "compact":
        return {name: record[name] for name in COMPACT}
    shown = {
        **record,
        "company": record["name"],
        "contact_count": 0,
        "is_connected": False,
        "logo": None,
        "synced_to_erp": False,
        "business_id": None,
        "vendor_group": None,
        "primary_contact": None,
        "attachments": [],
    }
    if view == "extended":
        joined = [one for one in books["project_vendors"].records() if _is(one, record)]
        shown |= {
            "children_count": 0,
            "legal_name": record["name"],
            "parent": None,
            "project_ids": [one["project_id"] for one in joined],
            "trades": [],
            "standard_cost_codes": [],
            "company_vendor": None,
        }
    return shown


def _is(joined: Record, vendor: Record) -> bool:
    return bool(joined["vendor_id"] == vendor["id"])


def filtered(call: Call, rows: list[Record]) -> list[Record]:
    """What the vendor lists' own filters let through."""
    rows = call.filters.apply(rows, ("id", "parent_id", "origin_id"), ("created_at", "updated_at"))
    needle = call.filters.text("search").casefold()
    if needle:
        rows = [row for row in rows if any(needle in _folded(row[name]) for name in SEARCHED)]
    return sort(call.url, rows, ("name",))


def _folded(value: object) -> str:
    return str(value or "").casefold()


def listing(call: Call, rows: list[Record]) -> web.Response:
    """A page of vendors; the extended view is made for the page alone."""
    view = call.url.query.get("view", "extended")
    return page(call.url, filtered(call, rows), lambda row: show(call.books, row, view))


def list_vendors(call: Call) -> web.Response:
    rows = call.books[KIND].listed()
    if not call.options.get("procore_vendors_include_inactive"):
        rows = (row for row in rows if row["is_active"])
    return listing(call, list(rows))


def list_inactive(call: Call) -> web.Response:
    rows = [row for row in call.books[KIND].listed() if not row["is_active"]]
    view = call.url.query.get("view", "extended")
    return page(call.url, rows, lambda row: show(call.books, row, view))


def activate(call: Call) -> web.Response:
    """The only call that is documented for it; a vendor that is active is not found by it."""
    record = call.books[KIND].get(call.number("id"))
    if record is None or record["is_active"]:
        raise not_found()
    return answer(show(call.books, call.books.save(KIND, {**record, "is_active": True})))


def is_hidden(books: Books, record: Record) -> bool:
    return not record["is_active"] and bool(books.options.get("procore_inactive_hidden", True))


def found(call: Call) -> Record:
    record = call.books[KIND].get(call.number("id"))
    if record is None or is_hidden(call.books, record):
        raise not_found()
    return record


def get_vendor(call: Call) -> web.Response:
    return answer(show(call.books, found(call)))


def add_vendor(call: Call) -> web.Response:
    saved = call.books.save(KIND, build(call.books, call.wrapped("vendor"), None))
    return answer(show(call.books, saved), 201)


def change_vendor(call: Call) -> web.Response:
    saved = call.books.save(KIND, build(call.books, call.wrapped("vendor"), found(call)))
    return answer(show(call.books, saved))


def sync_vendors(call: Call) -> web.Response:
    def write(row: Record, old: Record | None) -> Record:
        if old is not None and is_hidden(call.books, old):
            raise invalid(
                **({"id": sync.NOT_FOUND} if row.get("id") else {"origin_id": sync.TAKEN})
            )
        return call.books.save(KIND, build(call.books, row, old))

    return sync.run(call, KIND, write, lambda record: show(call.books, record))


# A project's own directory

PROJECT_KIND = "project_vendors"
ALREADY = "Vendor has already been added to this project"


def membership(books: Books, project_id: int, vendor_id: int) -> Record | None:
    """The entry of a vendor in a project's directory."""
    joined = books[PROJECT_KIND].of(project_id)
    return next((one for one in joined if one["vendor_id"] == vendor_id), None)


def join(books: Books, project_id: int, vendor_id: int) -> Record:
    """Put a vendor into a project's directory."""
    entry = {"id": books.next_id(), "project_id": project_id, "vendor_id": vendor_id}
    return books.save(PROJECT_KIND, entry)


def list_project_vendors(call: Call) -> web.Response:
    joined = call.books[PROJECT_KIND].listed(call.project_id)
    return listing(call, [call.books[KIND].need(one["vendor_id"]) for one in joined])


def add_project_vendor(call: Call) -> web.Response:
    """A new vendor that is at once in the project's directory."""
    saved = call.books.save(KIND, build(call.books, call.wrapped("vendor"), None))
    join(call.books, call.project_id, saved["id"])
    return answer(show(call.books, saved), 201)


def add_to_project(call: Call) -> web.Response:
    """What a second time gives is not published: option procore_vendor_already. 400 is declared."""
    vendor = found(call)
    if membership(call.books, call.project_id, vendor["id"]) is not None:
        status = int(call.options.get("procore_vendor_already", 400))
        if status == 422:
            raise invalid(vendor="has already been added to this project")
        if status >= 400:
            raise Refusal(status, ALREADY)
        return answer(show(call.books, vendor), status)
    join(call.books, call.project_id, vendor["id"])
    return answer(show(call.books, vendor), 201)


def remove_from_project(call: Call) -> web.Response:
    vendor = found(call)
    entry = membership(call.books, call.project_id, vendor["id"])
    if entry is None:
        raise not_found()
    contracts = call.books["purchase_order_contracts"].of(call.project_id)
    if any(one["vendor_id"] == vendor["id"] for one in contracts):
        raise invalid(vendor="is used by a commitment of this project")
    call.books.remove(PROJECT_KIND, entry["id"])
    return answer({})


PROJECT = "/projects/{project_id}/vendors"
INACTIVE = "/v1.0/companies/{company_id}/vendors/inactive"
ROUTES = [
    Route("GET", "/v1.0/vendors", list_vendors, "company"),
    Route("POST", "/v1.0/vendors", add_vendor, "company"),
    Route("PATCH", "/v1.0/vendors/sync", sync_vendors, "company"),
    Route("GET", "/v1.0/vendors/{id}", get_vendor, "company"),
    Route("PATCH", "/v1.0/vendors/{id}", change_vendor, "company"),
    Route("GET", INACTIVE, list_inactive, "company"),
    Route("PATCH", f"{INACTIVE}/{{id}}", activate, "company"),
    *(
        Route(method, f"/{version}{PROJECT}{tail}", handler)
        for version in ("v1.0", "v1.1")
        for method, tail, handler in (
            ("GET", "", list_project_vendors),
            ("POST", "", add_project_vendor),
            ("POST", "/{id}/actions/add", add_to_project),
            ("DELETE", "/{id}/actions/remove", remove_from_project),
        )
    ),
]
