"""Zoho's envelope: how bodies come in and how answers, pages and errors go out.

Amounts leave as JSON numbers although they are Decimal inside; absent values are empty texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books.errors import ZohoError, invalid

CONTENT_TYPE = "application/json"
SUCCESS = {"code": 0, "message": "success"}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def as_json(payload: Mapping[str, Any]) -> str:
    """A payload as JSON text."""
    return json.dumps(payload, default=_plain)


def respond(
    payload: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer as it stands."""
    return web.Response(
        text=as_json(payload),
        status=status,
        headers=headers,
        content_type=CONTENT_TYPE,
        charset="UTF-8",
    )


def success(message: str = "success", **resource: Any) -> web.Response:
    """Code 0, a message, and the resource under its key."""
    return respond({"code": 0, "message": message, **resource})


def created(message: str, location: str, **resource: Any) -> web.Response:
    """The answer to a create: 201 and where the record is."""
    return respond({"code": 0, "message": message, **resource}, 201, {"Location": location})


def failure(error: ZohoError, options: Mapping[str, Any]) -> web.Response:
    """The answer to a refusal."""
    return respond(error.body(options), error.status)


async def read_body(request: web.Request) -> dict[str, Any]:
    """The request's record: a JSON body, or JSON in the form or query field ``JSONString``."""
    if request.content_type == CONTENT_TYPE:
        return parse(await request.text())
    form = await request.post() if request.body_exists else {}
    raw = form.get("JSONString", request.query.get("JSONString", ""))
    return parse(raw if isinstance(raw, str) else "")


def parse(raw: str) -> dict[str, Any]:
    """JSON text to an object, numbers exact."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        raise invalid("JSONString") from error
    if not isinstance(body, dict):
        raise invalid("JSONString")
    return body
