"""Vendors: the list by group, and reading, adding and changing one.

Stored vendors and writable fields enter; the published shape leaves. The list has no modified
filter and shows active vendors only, so a reader must scan it in full.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.answers import (
    detail,
    filtered,
    invalid,
    listing,
    not_found,
    single,
)
from connectors.sandbox.procurify.filters import Filters
from connectors.sandbox.procurify.formats import utc_text
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.store import Store
from connectors.sandbox.procurify.table import Row

OTHER, AMAZON, PREFERRED, REGULAR, EMPLOYEE, CARD, CHECKOUT = range(1, 8)
GROUPS: dict[str, set[int]] = {
    "all": set(range(1, 8)),
    "default": {PREFERRED, REGULAR},
    "preferred": {PREFERRED},
    "requestable": {AMAZON, PREFERRED, REGULAR},
    "purchasable": {AMAZON, PREFERRED, REGULAR, CHECKOUT},
    "other": {OTHER},
    "credit_card_providers": {CARD},
}
TEXT_LIMITS = {
    "name": 150,
    "addressLineOne": 300,
    "addressLineTwo": 300,
    "postalCode": 20,
    "city": 50,
    "state_province": 40,
    "country": 80,
    "phoneOne": 0,
    "phoneTwo": 0,
    "fax": 20,
    "comments": 0,
    "contact": 50,
    "url": 200,
    "external_id": 100,
}
WRITABLE = {*TEXT_LIMITS, "active", "email", "currency", "type", "payment_term_ref"}
REQUIRED = ("name", "email", "type")
FILTERS = Filters(
    values={
        "name": lambda row: row["name"],
        "external_id": lambda row: row.get("external_id"),
        "type": lambda row: row.get("type", PREFERRED),
    },
    contains={"search": lambda row: row["name"]},
)


async def list_vendors(sim: Simulation, request: web.Request) -> web.Response:
    group = request.match_info.get("group", "all")
    if group not in GROUPS:
        return not_found()
    listed = filtered(
        request,
        sim.store["vendors"],
        FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
        extra=(group,),
        keep=lambda row: row.get("active", True) and row.get("type", PREFERRED) in GROUPS[group],
    )
    return listing(request, listed, lambda row: vendor_shape(sim.store, row), options=sim.options)


async def vendor_or_group(sim: Simulation, request: web.Request) -> web.Response:
    """One path serves both: a number is a vendor, a word is a group.

    By option ``vendor_groups`` a word is taken for an id and refused with that status.
    """
    if not request.match_info["group"].isdigit():
        status = int(sim.options.get("vendor_groups", 200))
        if status != 200:
            return detail(status, f"Invalid vendor {request.match_info['group']}.")
        return await list_vendors(sim, request)
    vendor = sim.store["vendors"].get(request.match_info["group"])
    return not_found() if vendor is None else single(vendor_shape(sim.store, vendor))


async def change_vendor(sim: Simulation, request: web.Request) -> web.Response:
    vendor = sim.store["vendors"].get(request.match_info["group"])
    if vendor is None:
        return not_found()
    changes = await _body(request)
    problem = _problem(sim.store, changes, REQUIRED if request.method == "PUT" else ())
    if problem is not None:
        return problem
    vendor |= _stored(changes) | {"dateModified": utc_text(sim.clock.now())}
    sim.store["vendors"].changed()
    return single(vendor_shape(sim.store, vendor))


async def add_vendor(sim: Simulation, request: web.Request) -> web.Response:
    fields = await _body(request)
    problem = _problem(sim.store, fields, REQUIRED)
    if problem is not None:
        return problem
    table = sim.store["vendors"]
    vendor = {"id": table.next_key(), "active": True, "currency": None} | _stored(fields)
    vendor["dateModified"] = utc_text(sim.clock.now())
    table.put(vendor)
    return single(vendor_shape(sim.store, vendor), status=201)


def vendor_shape(store: Store, vendor: Row) -> dict[str, Any]:
    currency = store["currencies"].get(vendor.get("currency"))
    term = vendor.get("payment_term_ref")
    return {
        "id": vendor["id"],
        "name": vendor["name"],
        "active": vendor.get("active", True),
        "addressLineOne": vendor.get("addressLineOne", ""),
        "addressLineTwo": vendor.get("addressLineTwo", ""),
        "postalCode": vendor.get("postalCode", ""),
        "city": vendor.get("city", ""),
        "state_province": vendor.get("state_province", ""),
        "country": vendor.get("country", ""),
        "phoneOne": vendor.get("phoneOne", ""),
        "phoneTwo": vendor.get("phoneTwo", ""),
        "fax": vendor.get("fax", ""),
        "email": vendor.get("email", []),
        "comments": vendor.get("comments", ""),
        "contact": vendor.get("contact", ""),
        "url": vendor.get("url", ""),
        "external_id": vendor.get("external_id"),
        "currency": currency["id"] if currency else None,
        "payment_term_ref": {"id": term, "name": f"Net {term}"} if term else None,
        "shipping_term_ref": None,
        "payment_method_ref": None,
        "shipping_method_ref": None,
        "tax": None,
        "type": vendor.get("type", PREFERRED),
        "is_1099_eligible": False,
        "dateModified": vendor["dateModified"],
        "payment_methods": [],
        "creditcards": [],
        "performance": None,
    }


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except json.JSONDecodeError:
        return {"": None}
    return body if isinstance(body, dict) else {"": None}


def _problem(
    store: Store, fields: dict[str, Any], required: tuple[str, ...]
) -> web.Response | None:
    """What DRF would refuse: unreadable bodies, missing or overlong fields, unknown relations."""
    if "" in fields:
        return web.json_response({"detail": "JSON parse error"}, status=400)
    for name in required:
        if name not in fields:
            return invalid(name, "This field is required.")
    for name, limit in TEXT_LIMITS.items():
        if limit and len(str(fields.get(name) or "")) > limit:
            return invalid(name, f"Ensure this field has no more than {limit} characters.")
    if "email" in fields and not isinstance(fields["email"], list):
        return invalid("email", 'Expected a list of items but got type "str".')
    if fields.get("currency") and store["currencies"].get(fields["currency"]) is None:
        return invalid("currency", f'Invalid pk "{fields["currency"]}" - object does not exist.')
    return None


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in WRITABLE}
