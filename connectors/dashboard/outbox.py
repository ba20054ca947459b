"""The demo's mail, which goes nowhere: a page that shows what would have been sent, newest first.

There is such a page only where a demo's settings write mail into files of this machine.
"""

import re
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_MOST = 50
# Django's line between the messages of a file.
_BETWEEN = b"-" * 79
_LINK = re.compile(r"(https?://[^\s<>\"']{1,2000})")


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The last messages, with their links to follow."""
    folder = getattr(settings, "EMAIL_FILE_PATH", "")
    if not (settings.DEBUG and folder):
        raise Http404
    files = sorted(Path(folder).glob("*.log"), key=_written, reverse=True)[:_MOST]
    messages = [message for file in files for message in _read(file)]
    return render(request, "account/outbox.html", {"messages_sent": messages[:_MOST]})


def _written(file: Path) -> int:
    """Django's names tell the second only."""
    return file.stat().st_mtime_ns


def _read(file: Path) -> list[dict[str, object]]:
    texts = file.read_bytes().split(_BETWEEN)
    return [_shown(text.lstrip()) for text in reversed(texts) if text.strip()]


def _shown(text: bytes) -> dict[str, object]:
    message = message_from_bytes(text, policy=policy.default)
    body = message.get_body(("plain",))
    return {
        "to": message["To"],
        "subject": message["Subject"],
        "date": message["Date"],
        "body": _with_links(body.get_content() if body else ""),
    }


def _with_links(text: str) -> SafeString:
    parts = [
        format_html('<a href="{}">{}</a>', part, part) if place % 2 else format_html("{}", part)
        for place, part in enumerate(_LINK.split(text))
    ]
    return SafeString("".join(parts))
