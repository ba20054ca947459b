"""Answers whether this process can do its work: PostgreSQL and Redis reachable, yes or no.

It says which part fails and nothing more, because anyone may ask.
"""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with both parts well, 503 otherwise."""
    parts = {"postgresql": _works(_ask_postgresql), "redis": _works(_ask_redis)}
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
