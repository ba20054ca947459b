"""Answers with odd rows: a list whose row has no id, no readable date, or is no object at all.

A finished answer and a script enter, the changed answer leaves. ``where`` chooses rows by members,
``set`` changes members, ``instead`` stands in a row's place, or in front of all with ``first``. The
record of a detail is a row too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

# What stands beside the rows in an answer's envelope.
_PAGING = ("Link", "Total", "Per-Page")
_ABOUT = frozenset({"page_context", "metadata", "pagination"})


def changed(response: web.StreamResponse, script: Mapping[str, Any]) -> web.StreamResponse:
    """The answer with the rows that the script means changed; one without rows as it was."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    body = json.loads(response.body)
    # Half an emoji and NUL travel escaped, as providers send them.
    text = json.dumps(_with_rows(body, script), ensure_ascii=True)
    kept = {
        name: response.headers[name]
        for name in ("Link", "Total", "Per-Page")
        if name in response.headers
    }
    return web.Response(
        text=text, status=response.status, headers=kept, content_type="application/json"
    )


def _with_rows(body: Any, script: Mapping[str, Any]) -> Any:
    if isinstance(body, list):
        return _list(body, script)
    if not isinstance(body, dict):
        return body
    members = {name: value for name, value in body.items() if name not in _ABOUT}
    for name, value in members.items():
        if isinstance(value, list):
            return {**body, name: _list(value, script)}
    for name, value in members.items():
        if isinstance(value, dict):
            return {**body, name: _row(value, script)}
    return _row(body, script)


def _list(rows: list[Any], script: Mapping[str, Any]) -> list[Any]:
    if script.get("first"):
        return [script["instead"], *rows]
    return [_row(row, script) for row in rows]


def _row(row: Any, script: Mapping[str, Any]) -> Any:
    where = script.get("where", {})
    if not isinstance(row, dict) or any(str(row.get(k)) != str(v) for k, v in where.items()):
        return row
    return script["instead"] if "instead" in script else {**row, **script.get("set", {})}
