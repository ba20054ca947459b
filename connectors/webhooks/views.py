"""The webhook door as a Django view, for servers that do not speak ASGI."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connectors.webhooks import door

_TOO_LARGE = 413


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def receive(request: HttpRequest, provider: str, token: UUID) -> HttpResponse:
    """Answer at once; the sender learns nothing but whether it was let in."""
    if int(request.headers.get("Content-Length") or 0) > door.MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    body = request.read(door.MOST_BYTES + 1)
    if len(body) > door.MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    given = door.delivery(request.GET, request.headers, request.content_type or "", body)
    return HttpResponse(status=door.take(provider, token, given))
