"""Who acts at the moment, for code that no request reaches, such as the signals of a saved row.

The web names the person of the request, a command itself; whatever else runs is the service.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from audit import actors

_SERVICE = actors.system("service")
_STRANGER = actors.system("web")
_acting: ContextVar[Callable[[], str] | None] = ContextVar("acting", default=None)


def current_actor() -> str:
    """Return the actor in the words of the audit."""
    who = _acting.get()
    return who() if who else _SERVICE


@contextmanager
def acting(who: Callable[[], str]) -> Iterator[None]:
    """Let ``who`` name the actor until the block ends; it is asked only when somebody records."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


class ActingMiddleware:
    """Names the person of each request. Stands behind authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The session is read only if something is recorded.
        with acting(lambda: _person_of(request)):
            return self.get_response(request)


def _person_of(request: HttpRequest) -> str:
    person = request.user
    return actors.user(person) if person.is_authenticated else _STRANGER
