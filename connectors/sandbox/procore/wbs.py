"""The work breakdown structure of a project: patterns, segments, their items, and WBS codes.

Every project has a pattern of an optional sub job, a cost code and a cost type; the items of the
latter two are the codes and the types. A WBS code joins one of each. Options:
procore_extra_segments adds custom ones, each {"id", "name", "required", "included"}, whose items
stand nowhere here; procore_delimiter (".") stands between a code's parts; procore_item_ids, "own"
for items with other ids than the codes and types that they are.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connectors.sandbox.procore import fields
from connectors.sandbox.procore.answers import answer, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import Refusal, invalid, malformed, not_found
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

KIND = "wbs_codes"
PATTERN_ID = 598_000_001
STATUSES = ("active", "inactive")
SUB_JOB_ID = 598_000_002
NAMES = {"cost_code": "Cost Code", "line_item_type": "Cost Type"}
OWN_IDS = 100_000_000


def build(books: Books, project_id: int, sent: Record, old: Record | None) -> Record:
    """A WBS code of one cost code and one cost type."""
    record: Record = dict(old or {"id": sent.get("id") or books.next_id()})
    record.setdefault("project_id", project_id)
    record["cost_code_id"] = fields.key(sent, "cost_code_id", record.get("cost_code_id"))
    record["line_item_type_id"] = fields.key(
        sent, "line_item_type_id", record.get("line_item_type_id")
    )
    code, kind = parts(books, record)
    if code is None or code["project_id"] != record["project_id"] or kind is None:
        raise invalid(segment_items="do not exist")
    record["description"] = fields.text(sent, "description", record.get("description"))
    record["status"] = fields.choice(sent, "status", STATUSES, record.get("status", "active"))
    return record


def parts(books: Books, record: Record) -> tuple[Record | None, Record | None]:
    """The cost code and the cost type that a WBS code joins."""
    return (
        books["cost_codes"].get(record["cost_code_id"] or 0),
        books["line_item_types"].get(record["line_item_type_id"] or 0),
    )


def flat_code(books: Books, record: Record) -> str:
    code, kind = parts(books, record)
    parts_of_it = (code and code["full_code"], kind and kind["code"])
    return _delimiter(books).join(one for one in parts_of_it if one)


def _delimiter(books: Books) -> str:
    return str(books.options.get("procore_delimiter", "."))


def show(books: Books, record: Record) -> Record:
    code, kind = parts(books, record)
    flat_name = _delimiter(books).join(one["name"] for one in (code, kind) if one)
    return {
        "id": record["id"],
        "flat_code": flat_code(books, record),
        "flat_name": flat_name,
        "description": record["description"] or flat_name,
        "status": record["status"],
        "segment_items": [
            _item(books, "cost_code", code, path_code="full_code"),
            _item(books, "line_item_type", kind, path_code="code"),
        ],
        "wbs_pattern_id": PATTERN_ID,
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
    }


def _item(books: Books, segment: str, item: Record | None, path_code: str) -> Record:
    found: Record = item or {}
    own = OWN_IDS if books.options.get("procore_item_ids") == "own" else 0
    return {
        "id": found["id"] + own if found else None,
        "code": found.get("code"),
        "name": found.get("name"),
        "path_code": found.get(path_code),
        "parent_id": found.get("parent_id"),
        "in_use": True,
        "segment": {"id": books.segments[segment], "name": NAMES[segment], "type": segment},
        "status": "active",
        "created_at": found.get("created_at"),
        "updated_at": found.get("updated_at"),
    }


def matching(books: Books, project_id: int, cost_code_id: Any, type_id: Any) -> Record | None:
    """The WBS code of a combination."""
    wanted = (cost_code_id, type_id)
    codes = books[KIND].of(project_id)
    return next(
        (one for one in codes if (one["cost_code_id"], one["line_item_type_id"]) == wanted), None
    )


def list_patterns(call: Call) -> web.Response:
    segments = [one for one in _segments(call.books) if one["is_included_in_project_pattern"]]
    pattern = {"id": PATTERN_ID, "description": None, "is_project_level_ordered": False}
    return page(call.url, [{**pattern, "segments": segments}])


def list_segments(call: Call) -> web.Response:
    """All that a project's codes can have, whether its pattern uses them or not."""
    return page(call.url, _segments(call.books))


def _segments(books: Books) -> list[Record]:
    kinds = [(SUB_JOB_ID, "Sub Job", "sub_job", False, True)]
    kinds += [(books.segments[kind], name, kind, True, True) for kind, name in NAMES.items()]
    kinds += [
        (one["id"], one["name"], "custom", one.get("required", False), one.get("included", True))
        for one in books.options.get("procore_extra_segments", ())
    ]
    return [
        {
            "id": key,
            "type": kind,
            "name": name,
            "position": place,
            "required": required,
            "delimiter": _delimiter(books),
            "structure": "tiered" if kind == "cost_code" else "flat",
            "is_included_in_project_pattern": included,
            "wbs_pattern_id": PATTERN_ID,
        }
        for place, (key, name, kind, required, included) in enumerate(kinds, start=1)
    ]


def list_items(call: Call) -> web.Response:
    books, segment_id = call.books, call.number("segment_id")
    if segment_id == books.segments["cost_code"]:
        rows = list(books["cost_codes"].listed(call.project_id or None))
        return page(call.url, rows, lambda row: _item(books, "cost_code", row, "full_code"))
    if segment_id == books.segments["line_item_type"]:
        rows = list(books["line_item_types"].listed())
        return page(call.url, rows, lambda row: _item(books, "line_item_type", row, "code"))
    raise not_found()


def list_codes(call: Call) -> web.Response:
    books = call.books
    rows = call.filters.apply(books[KIND].listed(call.project_id), ("id", "status"), TIMES)
    needle = call.url.query.get("query", "").casefold()
    if needle:
        rows = [row for row in rows if needle in flat_code(books, row).casefold()]
    return page(call.url, rows, lambda row: show(books, row))


TIMES = ("created_at", "updated_at")


def upsert(call: Call, sent: Record) -> Record:
    """An existing combination is given back with its description updated."""
    books = call.books
    chosen = _chosen(books, sent)
    old = matching(books, call.project_id, chosen["cost_code_id"], chosen["line_item_type_id"])
    described = {"description": sent["description"]} if "description" in sent else {}
    return books.save(KIND, build(books, call.project_id, {**chosen, **described}, old))


def _chosen(books: Books, sent: Record) -> Record:
    """The cost code and cost type that the body's segment items are."""
    items = sent.get("segment_items")
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise invalid(segment_items="are missing")
    by_segment = {one.get("segment_id"): one.get("segment_item_id") for one in items}
    known = _segments(books)
    needed = {
        one["id"] for one in known if one["required"] and one["is_included_in_project_pattern"]
    }
    unknown = by_segment.keys() - {one["id"] for one in known}
    if unknown or not needed <= by_segment.keys() or by_segment.keys() - _with_items(books):
        raise invalid(segment_items="must name one item of each required segment")
    own = OWN_IDS if books.options.get("procore_item_ids") == "own" else 0
    chosen = {f"{name}_id": by_segment[books.segments[name]] for name in NAMES}
    return {name: item - own if isinstance(item, int) else item for name, item in chosen.items()}


def _with_items(books: Books) -> set[int]:
    """Sub jobs and custom segments have no items here."""
    return {books.segments[name] for name in NAMES}


def add_code(call: Call) -> web.Response:
    return answer(show(call.books, upsert(call, call.body)), 201)


def add_many(call: Call) -> web.Response:
    rows = call.body.get("bulk")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed(bulk="must be a list of objects")
    entities, errors = [], []
    for row in rows:
        try:
            entities.append(show(call.books, upsert(call, row)))
        except Refusal as refusal:
            errors.append({**row, "errors": refusal.fields})
    return answer({"entities": entities, "errors": errors}, 201)


def change_code(call: Call) -> web.Response:
    old = call.books[KIND].get(call.number("id"))
    if old is None or old["project_id"] != call.project_id:
        raise not_found()
    sent: Record = {n: call.body[n] for n in ("description", "status") if n in call.body}
    saved = call.books.save(KIND, build(call.books, call.project_id, sent, old))
    return answer(show(call.books, saved))


PROJECT = "/v1.0/projects/{project_id}/work_breakdown_structure"
COMPANY = "/v1.0/companies/{company_id}/work_breakdown_structure"
ROUTES = [
    Route("GET", f"{PROJECT}/patterns", list_patterns),
    Route("GET", f"{PROJECT}/segments", list_segments),
    Route("GET", f"{PROJECT}/segments/{{segment_id}}/segment_items", list_items),
    Route("GET", f"{COMPANY}/patterns", list_patterns, "company"),
    Route("GET", f"{COMPANY}/segments", list_segments, "company"),
    Route("GET", f"{PROJECT}/wbs_codes", list_codes),
    Route("POST", f"{PROJECT}/wbs_codes", add_code),
    Route("PATCH", f"{PROJECT}/wbs_codes/bulk_create", add_many),
    Route("PATCH", f"{PROJECT}/wbs_codes/{{id}}", change_code),
]
