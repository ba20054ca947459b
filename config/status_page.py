"""The public page that says whether the service works: by part, without a number of any tenant.

The parts are asked at most once in a few seconds per process, however many people look.
"""

import time
from threading import Lock

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import health

_SECONDS = 5.0


class _Kept:
    """The last answer and until when it holds. One thread asks while the others wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until = 0.0
        self._parts: dict[str, bool] = {}

    def parts(self) -> dict[str, bool]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._parts = health.parts()
                self._until = time.monotonic() + _SECONDS
            return self._parts

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


kept = _Kept()


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """200 also when a part is away: the page itself works, and says so."""
    parts = kept.parts()
    shown = {"parts": parts, "well": all(parts.values()), "sign_up_open": settings.SIGN_UP_OPEN}
    return render(request, "public/status.html", shown)
