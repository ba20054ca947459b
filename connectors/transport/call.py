"""Turns a path, values and a body into the request of one call.

Ids and values enter as they are, a full address and exact bytes leave. The path itself, without ids
and query, stays beside it: that is what statistics and logs may show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connectors.core.errors import BadInputError
from connectors.transport.json_body import dump_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, all but its token; ``path`` still has its placeholders."""

    method: str
    path: str
    url: str
    write: bool
    params: Mapping[str, str | Sequence[str]]
    headers: Mapping[str, str]
    content: bytes | None
    may_be_empty: bool = False


def build_call(
    method: str,
    base_url: str,
    path: str,
    *,
    parts: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    write: bool = False,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
) -> Call:
    """``parts`` fill the path, ``params`` become the query (None is left out, lists repeat).

    ``may_be_empty`` says that a good answer without a body is to be expected.
    """
    kind, content = _encoded(json, form)
    return Call(
        method=method,
        path=path,
        url=base_url + _filled(path, parts or {}),
        write=write,
        params={name: _text(value) for name, value in (params or {}).items() if value is not None},
        headers={**kind, **(headers or {})},
        content=content,
        may_be_empty=may_be_empty,
    )


def _filled(path: str, parts: Mapping[str, str]) -> str:
    """Put ids into a path; one that could lead to another path is refused."""
    for name, value in parts.items():
        text = str(value).strip()
        if text in ("", ".", ".."):
            raise BadInputError(f"{text!r} is no id that a call can be made with ({name})")
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path


def _encoded(json: Any, form: Mapping[str, str] | None) -> tuple[dict[str, str], bytes | None]:
    if json is not None:
        return {"Content-Type": "application/json"}, dump_json(json).encode()
    if form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode()
    return {}, None


def _text(value: Any) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
