"""Notes the heads of all audit chains outside the database, once a day, where the settings say.

Whoever owns the database can cut a chain and write a fitting head; a head that stands elsewhere
shows it. `verify_audit --anchors` reads the lines back.
"""

import json
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

from audit import platform
from audit.chain import Head
from audit.models import PlatformEvent
from audit.services import read_head
from connectors.core import clock
from connectors.core.errors import ConnectorError
from connectors.transport.deadline import Deadline
from connectors.transport.wire import Outgoing, origin, shared_wire
from tenants.models import Tenant
from tenants.scope import platform_scope

logger = logging.getLogger(__name__)

SENT, NOT_SENT = "audit.heads_sent", "audit.heads_not_sent"
_EVERY = timedelta(hours=23)
_SECONDS = 20.0


def send_due() -> list[str]:
    """Send to each place that has had no heads for a day; returns those that failed.

    What fails is logged as an error, noted in the platform's chain, and tried again an hour later.
    """
    failed = []
    for place, send_to in places().items():
        if not _sent_lately(place) and not _sent(place, send_to):
            failed.append(place)
    return failed


def send_now() -> list[str]:
    """Send to every place of the settings; returns those that failed."""
    return [place for place, send_to in places().items() if not _sent(place, send_to)]


def lines() -> str:
    """A line of JSON for each chain, the platform's first: ``{at, tenant, slug, sequence, hash}``.

    ``tenant`` is null for the platform's own.
    """
    with platform_scope():
        tenants = list(Tenant.objects.order_by("pk").values_list("pk", "slug"))
    at = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    heads: list[tuple[int | None, str, Head]] = [(None, "", platform.read_head())]
    heads += [(pk, slug, read_head(pk)) for pk, slug in tenants]
    return "".join(
        json.dumps(
            {
                "at": at,
                "tenant": pk,
                "slug": slug,
                "sequence": head.sequence,
                "hash": head.hash,
            }
        )
        + "\n"
        for pk, slug, head in heads
    )


def places() -> dict[str, Callable[[str], None]]:
    """The places that the settings name, and how lines get there."""
    known = {
        "file": (settings.AUDIT_HEADS_FILE, _to_file),
        "webhook": (settings.AUDIT_HEADS_WEBHOOK, _to_webhook),
        "e-mail": (settings.AUDIT_HEADS_EMAIL, _to_mail),
    }
    return {place: send_to for place, (address, send_to) in known.items() if address}


def _sent_lately(place: str) -> bool:
    since = clock.now() - _EVERY
    return PlatformEvent.objects.filter(action=SENT, subject=place, at__gt=since).exists()


def _sent(place: str, send_to: Callable[[str], None]) -> bool:
    try:
        send_to(lines())
    except (OSError, ConnectorError) as error:
        # smtplib's errors are OSErrors too.
        logger.error("heads of the audit were not sent by %s: %s", place, error)
        platform.record(NOT_SENT, place, details={"error": str(error)[:200]})
        return False
    platform.record(SENT, place)
    return True


def _to_file(text: str) -> None:
    """Append at one stroke: two workers' lines do not mix."""
    handle = os.open(Path(settings.AUDIT_HEADS_FILE), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _to_webhook(text: str) -> None:
    address = settings.AUDIT_HEADS_WEBHOOK
    outgoing = Outgoing(
        method="POST",
        url=address,
        allowed=frozenset({origin(address)}),
        headers={"Content-Type": "application/x-ndjson"},
        content=text.encode(),
        may_be_empty=True,
    )
    reply = shared_wire().send(outgoing, Deadline.within(_SECONDS))
    if not reply.ok:
        raise ConnectorError(f"{origin(address)} answered {reply.status}")


def _to_mail(text: str) -> None:
    send_mail(
        subject="Heads of the audit",
        message="Keep this. `manage.py verify_audit --anchors FILE` checks these lines.\n\n" + text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=settings.AUDIT_HEADS_EMAIL,
    )
