"""Takes deliveries in: bounded body, proof, inbox, answer. Does none of the work they hint at."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connectors import registry
from connectors.services import webhooks
from connectors.transport.webhooks import Delivery, RefusedDeliveryError

_MOST_BYTES = 1_000_000
_OK, _REFUSED, _UNKNOWN, _TOO_LARGE = 200, 401, 404, 413


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def receive(request: HttpRequest, provider: str, token: UUID) -> HttpResponse:
    """Answer at once; the sender learns nothing but whether it was let in."""
    if int(request.headers.get("Content-Length") or 0) > _MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    body = request.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    delivery = Delivery(
        query=[(key, value) for key in request.GET for value in request.GET.getlist(key)],
        headers={name.lower(): value for name, value in request.headers.items()},
        content_type=request.content_type or "",
        body=body,
    )
    try:
        webhooks.take_in(token, delivery, registry.provider, provider)
    except webhooks.UnknownAddressError:
        return HttpResponse(status=_UNKNOWN)
    except RefusedDeliveryError:
        return HttpResponse(status=_REFUSED)
    return HttpResponse(status=_OK)
