"""What people see when a page fails: a busy or absent database, or an error of ours."""

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from connectors.engine.away import DATABASE_AWAY

_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database is away or ended a statement that took too long, else 500.

    Django calls this while it handles the error, which it has logged before.
    """
    if isinstance(sys.exc_info()[1], DATABASE_AWAY):
        answer = render(request, "503.html", status=503)
        answer["Retry-After"] = str(_SECONDS)
        return answer
    return HttpResponseServerError(render_to_string("500.html"))
