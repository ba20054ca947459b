"""Answers whether this process can do its work, and whether anybody works in the background.

It says which part fails and nothing more, because anyone may ask.
"""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connectors.engine.dispatch import HEARTBEAT

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with both parts well, 503 otherwise: for whoever sends requests to this process."""
    return _answer(postgresql=_works(_ask_postgresql), redis=_works(_ask_redis))


@never_cache
@require_safe
def healthz_work(request: HttpRequest) -> JsonResponse:
    """200 while beat rings and a worker answers, 503 otherwise: for an alarm, not for a proxy."""
    return _answer(work=_works(_ask_for_work))


def parts() -> dict[str, bool]:
    """Each part of the service, and whether it works."""
    asked = {"postgresql": _ask_postgresql, "redis": _ask_redis, "work": _ask_for_work}
    return {name: _works(ask) for name, ask in asked.items()}


def _answer(**parts: bool) -> JsonResponse:
    well = all(parts.values())
    return JsonResponse({"ok": well, **parts}, status=200 if well else 503)


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:
        logger.warning("health check failed", exc_info=True)
        return False
    return True


def _ask_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    cache.get("healthz")


def _ask_for_work() -> None:
    if cache.get(HEARTBEAT) is None:
        raise RuntimeError("no dispatcher has worked lately: beat or every worker is down")
