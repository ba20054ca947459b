"""What people see when a page fails: something it needs is away, or an error of ours."""

import sys
from smtplib import SMTPException

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from redis import RedisError

from connectors.engine.away import DATABASE_AWAY

_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database, Redis or the mail server is away, else 500.

    Django calls this while it handles the error, which it has logged before.
    """
    if isinstance(sys.exc_info()[1], (*DATABASE_AWAY, RedisError, SMTPException, ConnectionError)):
        answer = render(request, "503.html", status=503)
        answer["Retry-After"] = str(_SECONDS)
        return answer
    return HttpResponseServerError(render_to_string("500.html"))
