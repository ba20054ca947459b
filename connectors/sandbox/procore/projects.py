"""The company and its projects: who am I, where is the app installed, what may it see.

State records enter, the API's list rows leave; a project's name and status can be changed. Only
projects that an administrator picked for the app are shown.
"""

from __future__ import annotations

from aiohttp import web

from connectors.sandbox.procore import fields
from connectors.sandbox.procore.answers import answer, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import Refusal, invalid, not_found
from connectors.sandbox.procore.filters import sort
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.sync import refuse_taken_origin
from connectors.sandbox.procore.table import Record

KIND = "projects"
MOST_PER_PAGE = 300
COMPACT = ("id", "name", "display_name", "project_number")
# What a project has but neither its row nor its page shows.
IGNORED = ("accounting_method", "currency_iso_code")
# What its own page says and its row does not, and the other way round.
ONLY_ITS_PAGE, ONLY_ITS_ROW = ("is_erp_integrated",), ("stage",)
WRITABLE = ("name", "project_number", "origin_id", "origin_data", "address", "city", "zip")


def build(books: Books, sent: Record, old: Record | None) -> Record:
    """A project, new or changed."""
    before = old or {}
    record = {
        "id": sent.get("id") or books.next_id(),
        "name": "",
        "display_name": "",
        "project_number": None,
        "address": None,
        "city": None,
        "state_code": None,
        "country_code": "US",
        "zip": None,
        "stage": "Course of Construction",
        "active": True,
        "origin_id": None,
        "origin_data": None,
        "currency_iso_code": books.currency,
        "accounting_method": "amount",
        "is_erp_integrated": False,
        **before,
    }
    record |= {name: fields.text(sent, name, record[name]) for name in WRITABLE}
    for name in ("state_code", "country_code", "stage", "currency_iso_code", "accounting_method"):
        record[name] = fields.text(sent, name, record[name])
    for name in ("active", "is_erp_integrated"):
        record[name] = fields.flag(sent, name, record[name])
    if not record["name"]:
        raise invalid(name="can't be blank")
    number = record["project_number"]
    record["display_name"] = f"{number} - {record['name']}" if number else record["name"]
    refuse_taken_origin(books, KIND, record)
    return record


def show(books: Books, record: Record, *, alone: bool = False) -> Record:
    """A project as its row shows it, or its own page."""
    left_out = (*IGNORED, *(ONLY_ITS_ROW if alone else ONLY_ITS_PAGE))
    shown = {name: value for name, value in record.items() if name not in left_out}
    company = {"id": books.company["id"], "name": books.company["name"]}
    return {**shown, "company": company}


def me(call: Call) -> web.Response:
    return answer(call.books.user)


def companies(call: Call) -> web.Response:
    """Where the app is installed."""
    own = call.books.company
    rows = [own, *call.books.other_companies]
    return page(call.url, sorted((_company(row) for row in rows), key=lambda row: row["id"]))


def _company(record: Record) -> Record:
    return {
        "id": record["id"],
        "name": record["name"],
        "is_active": record.get("is_active", True),
        "logo_url": None,
        "pcn_business_experience": None,
        "my_company": False,
    }


def list_projects(call: Call) -> web.Response:
    books = call.books
    rows = [row for row in books[KIND].listed() if books.permits(row["id"])]
    status = call.filters.text("by_status").casefold() or "active"
    if status != "all":
        rows = [row for row in rows if row["active"] == (status == "active")]
    rows = call.filters.apply(
        rows, ("id", "origin_id", "name", "project_number"), ("created_at", "updated_at")
    )
    rows = sort(call.url, rows, ("name", "created_at", "updated_at"))
    view = call.url.query.get("view") or call.url.query.get("serializer_view", "normal")
    if view == "ids":
        return page(call.url, [{"id": row["id"]} for row in rows], most=MOST_PER_PAGE)
    if view == "compact":
        rows = [{name: row[name] for name in COMPACT} for row in rows]
        return page(call.url, rows, most=MOST_PER_PAGE)
    return page(call.url, rows, lambda row: show(books, row), most=MOST_PER_PAGE)


def found(call: Call) -> Record:
    record = call.books[KIND].get(call.project_id)
    if record is None:
        raise not_found()
    return record


def get_project(call: Call) -> web.Response:
    return answer(show(call.books, found(call), alone=True))


def change_project(call: Call) -> web.Response:
    sent = {**call.wrapped("project"), "id": call.project_id}
    saved = call.books.save(KIND, build(call.books, sent, found(call)))
    return answer(show(call.books, saved, alone=True))


def company_money(call: Call) -> web.Response:
    return _configuration(call, call.books.currency, ("told", "of_company"))


def project_money(call: Call) -> web.Response:
    return _configuration(call, found(call)["currency_iso_code"], ("told",))


def _configuration(call: Call, code: str, by: tuple[str, ...]) -> web.Response:
    """What is answered where nothing is configured is not published: option procore_currency may
    be "told" (the default), "of_company" (projects have no code), "silent" (nor has the company),
    "refused" (403), "missing" (404), "unprocessable" (422), or "odd" (projects answer in a shape
    of their own).
    """
    said = call.options.get("procore_currency", "told")
    if said == "missing":
        raise not_found()
    if said == "refused":
        raise Refusal(403, "You do not have permission to view this configuration.")
    if said == "unprocessable":
        raise Refusal(422, "Multiple currencies are not enabled.")
    if said == "odd":
        of_company = "of_company" in by
        return answer({"currency_iso_code": code} if of_company else {"currency": {"iso": code}})
    return answer({"currency_iso_code": code if said in by else None})


def list_uoms(call: Call) -> web.Response:
    rows = [
        {"id": place, "name": name, "description": name, "is_standard": True}
        for place, name in enumerate(call.books.uoms, start=1)
    ]
    return page(call.url, rows)


ROUTES = [
    Route("GET", "/v1.0/me", me, "none"),
    Route("GET", "/v1.0/companies", companies, "none"),
    Route("GET", "/v1.0/companies/{company_id}/currency_configuration", company_money, "company"),
    Route(
        "GET",
        "/v1.0/companies/{company_id}/projects/{project_id}/currency_configuration",
        project_money,
    ),
    Route("GET", "/v1.0/companies/{company_id}/uoms", list_uoms, "company"),
    Route("GET", "/v1.0/projects", list_projects, "company"),
    Route("GET", "/v1.1/projects", list_projects, "company"),
    Route("GET", "/v1.0/projects/{project_id}", get_project),
    Route("PATCH", "/v1.0/projects/{project_id}", change_project),
]
