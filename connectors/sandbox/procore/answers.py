"""What goes back over the wire: records as JSON, pages with their headers, amounts as text.

Rows and a call's query enter, aiohttp responses leave.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from aiohttp import web
from yarl import URL

from connectors.sandbox.procore.errors import malformed
from connectors.sandbox.procore.table import Record

PER_PAGE, MOST_PER_PAGE = 100, 2000


def money(value: Decimal | None) -> str | None:
    """An amount as Procore prints it: no trailing zeros, but one decimal at least."""
    if value is None:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if "." in text else f"{text}.0"


def answer(payload: Any, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(payload), status=status, content_type="application/json", charset="utf-8"
    )


def empty(status: int = 200) -> web.Response:
    return web.Response(status=status)


def page(
    url: URL,
    rows: Sequence[Record],
    show: Callable[[Record], Any] = lambda row: row,
    *,
    per_page: int = PER_PAGE,
    most: int = MOST_PER_PAGE,
) -> web.Response:
    """One page of a list, with Total, Per-Page and Link."""
    size = min(_number(url, "per_page", per_page), most)
    number = _number(url, "page", 1)
    last = max(1, -(-len(rows) // size))
    start = (number - 1) * size
    response = answer([show(row) for row in rows[start : start + size]])
    response.headers["Total"] = str(len(rows))
    response.headers["Per-Page"] = str(size)
    links = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
    if number == 1:
        del links["first"], links["prev"]
    if number >= last:
        del links["next"]
    response.headers["Link"] = ", ".join(
        f'<{url.update_query(page=str(to), per_page=str(size))}>; rel="{rel}"'
        for rel, to in links.items()
    )
    return response


def _number(url: URL, name: str, default: int) -> int:
    text = url.query.get(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise malformed(**{name: "is invalid"})
    return int(text)
