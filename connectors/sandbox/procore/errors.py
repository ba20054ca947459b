"""Procore's refusals, and the many shapes that their bodies come in.

A refusal has a status, a sentence and perhaps fields; which shape it is told in follows what has
been seen for that status, or the option ``procore_error_shape``: a name below for all refusals, or
"rotate" to use one after the other, so that a client has to read them all.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

Fields = Mapping[str, list[str]]
TOKEN_INVALID = "The access token is invalid"  # noqa: S105


class Refusal(Exception):  # noqa: N818
    """The API says no. Without fields the sentence stands alone."""

    def __init__(self, status: int, message: str, fields: Fields | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = dict(fields or {})


def invalid(**fields: str) -> Refusal:
    """A business rule is broken, field by field."""
    told = {name: [text] for name, text in fields.items()}
    sentence = "; ".join(f"{name} {text}" for name, text in fields.items())
    return Refusal(422, sentence, told)


def malformed(**fields: str) -> Refusal:
    """Something is missing or cannot be read."""
    refusal = invalid(**fields)
    refusal.status = 400
    return refusal


def not_found() -> Refusal:
    return Refusal(404, "The requested resource was not found.")


def _by_field(refusal: Refusal) -> Any:
    return {"errors": refusal.fields or {"base": [refusal.message]}}


def _coded(refusal: Refusal) -> Any:
    phrase = HTTPStatus(refusal.status).phrase
    return {
        "code": refusal.status,
        "message": refusal.message,
        "fields": ", ".join(refusal.fields),
        "reason": refusal.message,
        "error": phrase,
    }


def _detailed(refusal: Refusal, code: str) -> Any:
    phrase = HTTPStatus(refusal.status).phrase
    told = refusal.fields or {"base": [refusal.message]}
    return {
        "error": {
            "code": phrase.upper().replace(" ", "_"),
            "message": phrase,
            "details": [
                {code: "INVALID_PROPERTY", "message": text, "source": name}
                for name, texts in told.items()
                for text in texts
            ],
        }
    }


SHAPES: dict[str, Callable[[Refusal], Any]] = {
    "fields": _by_field,
    "list": lambda refusal: {"errors": [refusal.message]},
    "text": lambda refusal: {"errors": refusal.message},
    "coded": _coded,
    "message": lambda refusal: {"message": refusal.message},
    "detailed": lambda refusal: _detailed(refusal, "reason_code"),
    "older_detailed": lambda refusal: _detailed(refusal, "code"),
    "reason": lambda refusal: {"error": {"reason": refusal.message}},
}
USUAL = {401: "coded", 403: "list", 404: "text", 409: "message", 429: "message"}


class Shaper:
    """Chooses the body of each refusal."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._turns = itertools.cycle(SHAPES)

    def response(self, refusal: Refusal) -> web.Response:
        body = SHAPES[self._shape(refusal)](refusal)
        return web.Response(
            text=json.dumps(body), status=refusal.status, content_type="application/json"
        )

    def _shape(self, refusal: Refusal) -> str:
        wanted = str(self._options.get("procore_error_shape", ""))
        if wanted == "rotate":
            return next(self._turns)
        if wanted in SHAPES:
            return wanted
        return USUAL.get(refusal.status, "fields" if refusal.fields else "text")
