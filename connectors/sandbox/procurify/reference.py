"""Reference data and payments: account codes, accounts, departments, locations, currencies, users.

Stored records enter; the published shapes leave, nearly as stored. Payments name their bills by
group and carry no applied amount, as the public endpoint has it.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.answers import filtered, listing, not_found, single
from connectors.sandbox.procurify.filters import Filters
from connectors.sandbox.procurify.formats import scaled
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.table import Row

CODE_FILTERS = Filters(contains={"search": lambda row: row["code"]})
ACCOUNT_FILTERS = Filters(
    values={"account_code": lambda row: row["account_code"]},
    lists={"departments": lambda row: row["department"]},
)
NAMED = Filters(contains={"search": lambda row: row["name"]})
PAYMENT_FILTERS = Filters(
    lists={
        "status": lambda row: row["status"],
        "ids": lambda row: row["id"],
    },
    values={"currency": lambda row: row["currency"]},
)


async def list_account_codes(sim: Simulation, request: web.Request) -> web.Response:
    return _listing(sim, request, "account_codes", CODE_FILTERS)


async def list_accounts(sim: Simulation, request: web.Request) -> web.Response:
    listed = filtered(
        request,
        sim.store["accounts"],
        ACCOUNT_FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    return listing(
        request, listed, lambda row: sim.store.account(row["id"]) | _budget(), options=sim.options
    )


async def list_departments(sim: Simulation, request: web.Request) -> web.Response:
    return _listing(sim, request, "departments", NAMED)


async def list_locations(sim: Simulation, request: web.Request) -> web.Response:
    return _listing(sim, request, "locations", NAMED)


async def get_location(sim: Simulation, request: web.Request) -> web.Response:
    location = sim.store["locations"].get(request.match_info["key"])
    return not_found() if location is None else single(location)


async def list_currencies(sim: Simulation, request: web.Request) -> web.Response:
    listed = filtered(
        request,
        sim.store["currencies"],
        NAMED,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    return listing(
        request, listed, lambda row: row | {"rate": scaled(row["rate"], 6)}, options=sim.options
    )


async def list_users(sim: Simulation, request: web.Request) -> web.Response:
    return _listing(sim, request, "users", Filters())


async def me(sim: Simulation, request: web.Request) -> web.Response:
    """The user that the application acts as; the usual connection test."""
    users = sim.store["users"].rows
    return single(next(iter(users.values()))) if users else not_found()


async def list_payments(sim: Simulation, request: web.Request) -> web.Response:
    listed = filtered(
        request,
        sim.store["payments"],
        PAYMENT_FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    return listing(request, listed, lambda row: _payment(sim, row), options=sim.options)


def _listing(sim: Simulation, request: web.Request, name: str, filters: Filters) -> web.Response:
    listed = filtered(
        request,
        sim.store[name],
        filters,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    return listing(request, listed, lambda row: row, options=sim.options)


def _budget() -> dict[str, Any]:
    return {"budget": "0.00", "start_datetime": None, "end_datetime": None}


def _payment(sim: Simulation, payment: Row) -> dict[str, Any]:
    currency = sim.store.currency(payment["currency"])
    return payment | {
        "amount": scaled(payment["amount"], 2),
        "currency": {"id": currency["id"], "name": currency["name"]},
        "creator": 1,
        "payment_source_type": "external",
        "external_payment_source_id": None,
        "direct_debit_bank_account_mask": None,
        "vendor_payment_method_rail": None,
        "vendor_payment_method_country_code": None,
    }
