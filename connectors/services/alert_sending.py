"""Sends messages to where they belong: a member's mail, a Slack-compatible webhook, a signed one.

Each is claimed, sent outside any transaction, and settled; what failed is tried again later.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused
from time import monotonic
from typing import Any

from django.conf import settings

from connectors.core import clock
from connectors.models import AlertChannel, AlertDelivery, SealError, open_sealed
from connectors.services import alert_mail, alert_outbox, alert_readers, alert_words
from connectors.services.alert_words import Reader, Section
from connectors.transport.egress import Egress, NotDeliveredError, RefusedAddressError
from connectors.transport.standard_webhooks import signed_headers
from tenants.models import Tenant
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
SEALED = "sealed_target"
_SECONDS = 60.0
_JSON = {"Content-Type": "application/json"}
# Slack cuts longer texts, and refuses very long ones.
_LONGEST_SLACK = 12_000
_MEANINGS = {
    401: "it wants a secret that it did not get",
    403: "it refuses us",
    404: "there is nothing at this address",
    410: "the address is gone for good",
    429: "it was sent too much",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. ``counts`` against the channel: the fault is not ours."""

    answer: int | None = None
    words: str = ""
    counts: bool = True

    @property
    def arrived(self) -> bool:
        return not self.words


def egress() -> Egress:
    """What the settings let us reach."""
    return Egress(ports=frozenset(settings.ALERT_PORTS), loopback=settings.ALERT_LOOPBACK)


def send_pending(tenant_id: int) -> int:
    """Send what is due, for a minute at most; returns how many arrived."""
    ends = monotonic() + _SECONDS
    arrived = tried = 0
    while monotonic() < ends and (row := alert_outbox.claim(tenant_id)) is not None:
        arrived += send(row).arrived
        tried += 1
    if tried:
        with tenant_scope(tenant_id):
            alert_outbox.forget_old()
    return arrived


def send(row: AlertDelivery) -> Outcome:
    """Send a claimed message once and write down what became of it; outside any scope."""
    keeps = _still_wanted(row)
    if keeps:
        with tenant_scope(row.tenant_id):
            alert_outbox.dropped(row, keeps)
        return Outcome(words=keeps)
    outcome = _by_mail(row) if row.kind == AlertChannel.Kind.EMAIL else _by_webhook(row)
    with tenant_scope(row.tenant_id):
        if outcome.arrived:
            alert_outbox.sent(row, outcome.answer)
        else:
            alert_outbox.failed(row, outcome.words, outcome.answer, counts=outcome.counts)
    return outcome


def _still_wanted(row: AlertDelivery) -> str:
    """Why it must not be sent any more; empty where it may be."""
    if row.by_default:
        with tenant_scope(row.tenant_id):
            reads = alert_readers.still_reads(row.tenant, row.to)
        return "" if reads else "Whoever reads there is no owner or admin any more."
    channel = row.channel
    if channel is None:
        return "The channel was removed."
    if channel.member is not None and not channel.member.user.is_active:
        return "The member cannot sign in any more."
    return "" if channel.enabled or row.test else "The channel is switched off."


def _by_mail(row: AlertDelivery) -> Outcome:
    reader = Reader.MEMBER
    if row.by_default:
        reader = Reader.STAFF if row.staff_pages else _reader_at(row)
    to = row.to if row.channel is None else alert_outbox.address_of(row.channel)
    with tenant_scope(row.tenant_id):
        written = alert_mail.write(row.groups, row.tenant, reader)
    try:
        alert_mail.send(row.subject, written, to, row.message_id)
    except SMTPRecipientsRefused:
        return Outcome(words="The mail server refused the address.")
    except (SMTPException, OSError):
        logger.exception("an alert could not be sent; it will be tried again")
        return Outcome(words="The mail server did not take the message.", counts=False)
    return Outcome()


def _reader_at(row: AlertDelivery) -> Reader:
    with tenant_scope(row.tenant_id):
        return alert_readers.pages_at(row.to)


def _by_webhook(row: AlertDelivery) -> Outcome:
    assert row.channel is not None  # noqa: S101 - looked at just now
    now = clock.now()
    try:
        with tenant_scope(row.tenant_id):
            target = open_sealed(row.channel, SEALED)
        if row.kind == AlertChannel.Kind.SLACK:
            body, headers = _as_json(slack_payload(row)), dict(_JSON)
        else:
            body = _as_json(webhook_payload(row))
            headers = _JSON | _signed(row, target["secret"], now, body)
        status = egress().post(target["url"], body, headers)
    except SealError as error:
        return Outcome(words=str(error), counts=False)
    except (RefusedAddressError, NotDeliveredError) as error:
        return Outcome(words=str(error))
    if 200 <= status < 300:
        return Outcome(answer=status)
    return Outcome(answer=status, words=_refused(row.to, status))


def _refused(host: str, status: int) -> str:
    if 300 <= status < 400:
        return f"{host} answered {status}: it leads elsewhere. Enter the final address."
    meaning = _MEANINGS.get(status, "")
    return f"{host} answered {status}{': ' if meaning else ''}{meaning}."


def _signed(row: AlertDelivery, secret: str, now: datetime, body: bytes) -> dict[str, str]:
    return signed_headers(secret, message_id=f"msg_{row.message_id.hex}", at=now, body=body)


def _as_json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def slack_payload(row: AlertDelivery) -> dict[str, Any]:
    """A text with links, as Slack and what is compatible with it read it."""
    sections = alert_words.sections(row.groups, row.tenant.name, Reader.MEMBER)
    text = "\n\n".join([f"*{_slack(row.subject)}*", *map(_slack_section, sections)])
    if len(text) > _LONGEST_SLACK:
        text = text[:_LONGEST_SLACK].rpartition("\n")[0] + "\n…"
    return {"text": f"{text}\n\n<{_review(row.tenant)}|All that waits for somebody>"}


def _slack_section(section: Section) -> str:
    lines = [_slack(section.title)]
    for line in section.lines:
        what = f"<{line.url}|{_slack(line.what)}>" if line.url else _slack(line.what)
        said = ", ".join(filter(None, (what, line.money)))
        lines.append(f"• {said}: {_slack(line.text)}" if line.text else f"• {said}")
    lines += [f"• and {section.more} more"] if section.more else []
    lines += [_slack(section.advice)] if section.advice else []
    return "\n".join(lines)


def _slack(text: str) -> str:
    """Without what Slack would take for a link or for a call to everybody."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(plain.replace("|", "¦").split())


def webhook_payload(row: AlertDelivery) -> dict[str, Any]:
    """What programs get; it says the same each time it is sent."""
    return {
        "type": "alert.test" if row.test else "alert.raised",
        "timestamp": row.at.isoformat(),
        "data": {
            "workspace": {"slug": row.tenant.slug, "name": row.tenant.name},
            "subject": row.subject,
            "url": _review(row.tenant),
            "groups": [
                {
                    "kind": group["kind"],
                    "title": alert_words.title(group, row.tenant.name),
                    "count": group["count"],
                    "amounts": group["amounts"],
                    "items": [
                        {
                            "title": line["title"],
                            "detail": line["detail"],
                            "text": line["text"],
                            "amounts": line["amounts"],
                            "url": alert_words.url_of(line, Reader.MEMBER),
                        }
                        for line in group["lines"]
                    ],
                }
                for group in row.groups
            ],
        },
    }


def _review(tenant: Tenant) -> str:
    return f"{settings.BASE_URL}/w/{tenant.slug}/review/"
