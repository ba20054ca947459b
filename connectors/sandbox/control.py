"""The control door: what tests, the demo and the comparer may ask of the sandbox itself.

JSON in, JSON out, under /control/. A bad question gets status 400 or 404 and a sentence; money
leaves as text so that no comparer rounds it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)
Action = Callable[[World, web.Request, dict[str, Any]], Any]


def to_json(value: Any) -> Any:
    """Values that plain JSON lacks: money and dates as text, data classes as objects."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} cannot leave through the control door")


def answer(payload: Any, status: int = 200) -> web.Response:
    """A JSON answer of the control door."""
    return web.Response(
        text=json.dumps(payload, default=to_json), status=status, content_type="application/json"
    )


def door(action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Wrap an action: read its JSON, run it, turn errors into sentences."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = await _body(request)
            result = action(request.app[WORLD], request, body)
            if asyncio.iscoroutine(result):
                result = await result
        except LookupError as error:
            return answer({"error": _sentence(error)}, status=404)
        except (ValueError, TypeError) as error:
            return answer({"error": _sentence(error)}, status=400)
        return answer(result)

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    body = json.loads(text, parse_float=Decimal) if text.strip() else {}
    if not isinstance(body, dict):
        raise TypeError("The control door takes a JSON object.")
    return body


def _sentence(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"Missing or unknown: {error.args[0]}"
    return str(error)


def _health(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "ok": True,
        "now": world.clock.now(),
        "company": world.company.name if world.company else None,
        "companies": list(world.loaded),
        "providers": sorted(world.simulators),
    }


def _books(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.simulator(request.match_info["provider"]).books()


def _expected(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.expected(request.query.get("company", ""))


def _company(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    loaded = world.find(request.query.get("company", ""))
    company = loaded.company
    return {
        **company.connect,
        "name": company.name,
        "acts": len(company.acts),
        "played": loaded.played,
        "options": world.options,
        "urls": {
            "procurify": f"{request.url.origin()}/procurify/",
            "zoho": f"{request.url.origin()}/zoho/",
            "procore": f"{request.url.origin()}/procore/",
        },
    }


def _reset(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    if "options" in body:
        world.options.clear()
        world.options.update(body["options"])
    world.load_companies(_wishes(world, body))
    names = list(world.loaded)
    return {"company": names[0], "companies": names, "options": world.options}


def _wishes(world: World, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What to load: ``companies``, each as below, or one ``company`` with its seed and counts."""
    if body.get("companies"):
        return list(body["companies"])
    name = body.get("company") or (world.company.name if world.company else None)
    if name is None:
        raise ValueError('Name the company to load: {"company": "..."}.')
    return [{"company": name, "seed": body.get("seed", 1), "counts": body.get("counts")}]


def _save(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.save(request.match_info["name"])
    return {"saves": sorted(world.saves)}


def _restore(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.restore(request.match_info["name"])
    return {"companies": list(world.loaded), "options": world.options}


def _act(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    most = request.query.get("most")
    return world.play_next_act(request.query.get("company", ""), most=int(most) if most else None)


def _edit(world: World, request: web.Request, body: dict[str, Any]) -> Any:
    where = request.match_info
    return world.simulator(where["provider"]).edit(where["kind"], where["id"], body)


def _add(world: World, request: web.Request, body: dict[str, Any]) -> Any:
    where = request.match_info
    return world.simulator(where["provider"]).add(where["kind"], body)


def _delete(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    where = request.match_info
    world.simulator(where["provider"]).delete(where["kind"], where["id"])
    return {"deleted": where["id"]}


def _call(world: World, request: web.Request, body: dict[str, Any]) -> Any:
    where = request.match_info
    return {"result": world.call(where["provider"], where["action"], body)}


def _clock(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    now = world.clock.advance(float(body.get("advance_seconds", 0)))
    return {"now": now, "offset_seconds": world.clock.offset_seconds}


def _add_faults(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.faults.add(body["rules"])
    return world.faults.summary()


def _faults(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.faults.summary()


def _clear_faults(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.faults.clear(counts=request.query.get("counts") == "1")
    return world.faults.summary()


def _options(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.options.update(body)
    return world.options


def _requests(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    rows = world.log.rows(request.query.get("provider"), int(request.query.get("since", "0")))
    return {"requests": rows, "totals": world.log.totals(), "last": world.log.last}


def _totals(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return {"totals": world.log.totals(), "last": world.log.last}


def _clear_requests(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.log.clear()
    return {"last": world.log.last}


def _deliveries(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.deliveries.summary()


def _script(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.deliveries.script(body)


def _delivery_rows(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    since = int(request.query.get("since", "0"))
    return {"rows": world.deliveries.rows(request.query.get("provider"), since)}


async def _idle(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    idle = await world.deliveries.idle(float(request.query.get("timeout", "10")))
    return {"idle": idle} | world.deliveries.summary()


def _clear_deliveries(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.deliveries.clear()
    return world.deliveries.summary()


def _add_gate(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.gates.add(body).summary()


def _gates(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return {"gates": world.gates.all()}


def _gate(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return world.gates.get(request.match_info["id"]).summary()


async def _wait_gate(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    gate = world.gates.get(request.match_info["id"])
    try:
        await asyncio.wait_for(gate.hit.wait(), float(request.query.get("timeout", "10")))
    except TimeoutError:
        return gate.summary()
    return gate.summary()


def _release_gate(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    gate = world.gates.get(request.match_info["id"])
    gate.release(body.get("action", "continue"))
    return gate.summary()


def _clear_gates(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    world.gates.clear()
    return {"gates": 0}


def routes() -> list[web.RouteDef]:
    """Every URL of the control door."""
    return [
        web.get("/control/health", door(_health)),
        web.get("/control/books/{provider}", door(_books)),
        web.get("/control/expected", door(_expected)),
        web.get("/control/company", door(_company)),
        web.post("/control/reset", door(_reset)),
        web.post("/control/saves/{name}", door(_save)),
        web.post("/control/saves/{name}/restore", door(_restore)),
        web.post("/control/act", door(_act)),
        web.post("/control/edit/{provider}/{kind}/{id}", door(_edit)),
        web.post("/control/add/{provider}/{kind}", door(_add)),
        web.post("/control/delete/{provider}/{kind}/{id}", door(_delete)),
        web.post("/control/call/{provider}/{action}", door(_call)),
        web.post("/control/clock", door(_clock)),
        web.get("/control/faults", door(_faults)),
        web.post("/control/faults", door(_add_faults)),
        web.delete("/control/faults", door(_clear_faults)),
        web.get("/control/options", door(_options)),
        web.post("/control/options", door(_options)),
        web.get("/control/requests", door(_requests)),
        web.delete("/control/requests", door(_clear_requests)),
        web.get("/control/totals", door(_totals)),
        web.get("/control/deliveries", door(_deliveries)),
        web.post("/control/deliveries", door(_script)),
        web.delete("/control/deliveries", door(_clear_deliveries)),
        web.get("/control/deliveries/rows", door(_delivery_rows)),
        web.get("/control/deliveries/idle", door(_idle)),
        web.get("/control/gates", door(_gates)),
        web.post("/control/gates", door(_add_gate)),
        web.delete("/control/gates", door(_clear_gates)),
        web.get("/control/gates/{id}", door(_gate)),
        web.get("/control/gates/{id}/wait", door(_wait_gate)),
        web.post("/control/gates/{id}/release", door(_release_gate)),
    ]
