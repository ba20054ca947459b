"""What a provider's webhook is to us: a delivery comes in, hints about changed records go out.

A provider's package says how its deliveries are proved genuine and what they hint at. Hints are
never trusted for content: whoever follows one reads the record afresh.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.core.errors import ConnectorError


class RefusedDeliveryError(ConnectorError):
    """The delivery is not what it claims to be; the words are for our own pages, not its sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request at the door: query pairs in order, header names in lower case, the raw body."""

    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str] = field(repr=False)
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something has happened to a record. ``event_id`` is empty where the provider sends none.

    ``resource`` is the provider's word for the kind of record; ``within`` is what holds it (a
    project), where the provider says so.
    """

    resource: str
    key: str
    action: str = ""
    event_id: str = ""
    within: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)


# (delivery, secret, settings of the connection) -> hints; raises RefusedDeliveryError.
ReadDelivery = Callable[[Delivery, str, Mapping[str, Any]], tuple[Hint, ...]]

# (client, address, secret, what was remembered) -> what to remember; makes what is missing.
EnsureHooks = Callable[[Any, str, str, Mapping[str, Any]], dict[str, Any]]

# (client, what was remembered): takes our hooks away.
RemoveHooks = Callable[[Any, Mapping[str, Any]], None]


# (a hint's source, the connection's profile) -> when our own account made the change; None for
# other people's, and where the provider does not say.
OwnChange = Callable[[Mapping[str, Any], Mapping[str, Any]], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSpec:
    """How a provider's webhooks are read and kept.

    ``instructions`` tell a person how to set them up where the service cannot do it by itself
    (``ensure`` is None). ``own`` tells what our own account did from what others did.
    """

    read: ReadDelivery
    instructions: str = ""
    ensure: EnsureHooks | None = None
    remove: RemoveHooks | None = None
    own: OwnChange | None = None


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time; an empty expectation matches nothing."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
