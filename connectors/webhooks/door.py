"""Lets deliveries in: is anybody behind the address, is the delivery proved, is it stored.

Waits for the database, so it is called from a thread. Does none of the work that a delivery hints
at. The sender learns from the status, and nothing else, whether it was let in.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

from django.http import QueryDict

from connectors import registry
from connectors.engine.away import DATABASE_AWAY
from connectors.models import SealError
from connectors.services import webhooks
from connectors.transport.webhooks import Delivery, RefusedDeliveryError

logger = logging.getLogger(__name__)
MOST_BYTES = 1_000_000


def delivery(
    query: QueryDict, headers: Mapping[str, str], content_type: str, body: bytes
) -> Delivery:
    """The request as the providers' packages read it; ``headers`` by names of any case."""
    return Delivery(
        query=[(key, value) for key in query for value in query.getlist(key)],
        headers={name.lower(): value for name, value in headers.items()},
        content_type=content_type,
        body=body,
    )


def is_open(token: UUID) -> bool:
    """Whether an endpoint is behind the address; asked before a long body is waited for."""
    return webhooks.is_known(token)


def take(provider: str, token: UUID, given: Delivery) -> HTTPStatus:
    """Prove and store; after OK it is committed. Senders try again what is answered 503."""
    try:
        webhooks.take_in(token, given, registry.provider, provider)
    except webhooks.UnknownAddressError:
        return HTTPStatus.NOT_FOUND
    except RefusedDeliveryError:
        return HTTPStatus.UNAUTHORIZED
    except SealError as error:
        # The sender tries again; meanwhile somebody puts the key back or renews the secret.
        logger.error("webhook endpoint %s: %s", token, error)
        return HTTPStatus.SERVICE_UNAVAILABLE
    except DATABASE_AWAY:
        logger.exception("a delivery could not be stored")
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.OK
