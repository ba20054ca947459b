"""Answers every page with 503 while the service is being worked on.

Deliveries of webhooks and health checks go on: providers give up on an address that refuses them.
Static files go on too, so that the page has its looks. Nothing here asks PostgreSQL or Redis.
"""

import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

_GOES_ON = re.compile(r"/(?:healthz(?:/work)?|webhooks/.*)", re.ASCII | re.DOTALL)
_SECONDS = 120


class MaintenanceMiddleware:
    """On while ``MAINTENANCE`` says so, or while the file ``MAINTENANCE_FILE`` is there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_on() or _GOES_ON.fullmatch(request.path):
            return self._get_response(request)
        answer = HttpResponse(render_to_string("maintenance.html"), status=503)
        answer["Retry-After"] = str(_SECONDS)
        answer["Cache-Control"] = "no-store"
        return answer


def _is_on() -> bool:
    path = settings.MAINTENANCE_FILE
    return settings.MAINTENANCE or bool(path and Path(path).exists())
