"""The ASGI application: deliveries to the webhook door, everything else to Django's pages.

Whatever goes wrong with a body is answered here, in one place.
"""

import logging
from http import HTTPStatus

from django.conf import settings

from config.web.answers import answer_plainly
from config.web.bodies import Bodies, BodyError, Limits, Receive, Scope, Send
from config.web.door import WebhookDoor
from config.web.pages import Pages, Wsgi
from config.web.threads import Threads

logger = logging.getLogger(__name__)


class Application:
    """Made once per process. Neither door uses up the other's threads or its room for bodies."""

    def __init__(self, pages: Wsgi) -> None:
        limits = Limits(seconds=settings.BODY_SECONDS)
        self._pages = Pages(pages, Bodies(limits), Threads("page", settings.WEB_THREADS))
        self._door = WebhookDoor(Bodies(limits), Threads("webhook", settings.WEBHOOK_THREADS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is spoken here, not {scope['type']}.")
        place = self._door.place(scope)
        try:
            if place and _is_secure_enough(scope):
                await self._door.take(place, scope, receive, send)
            else:
                await self._pages(scope, receive, send)
        except BodyError as error:
            if error.status is not None:
                await answer_plainly(send, error.status)
        except TimeoutError:
            logger.warning("a client did not read its answer in time")
        except Exception:
            # Django answers its own errors; this is one of the code around it.
            logger.exception("a request met an error that nobody expected")
            await answer_plainly(send, HTTPStatus.INTERNAL_SERVER_ERROR)


def _is_secure_enough(scope: Scope) -> bool:
    """Without TLS where it is wanted, Django answers: it sends the client to the other address."""
    if not settings.SECURE_SSL_REDIRECT or scope["scheme"] == "https":
        return True
    told: tuple[str, str] | None = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    if told is None:
        return False
    name, value = told
    wanted = name.removeprefix("HTTP_").replace("_", "-").lower().encode()
    return (wanted, value.encode()) in [tuple(header) for header in scope["headers"]]
