"""Ends sessions that rested too long, and any after a day's work, however busy it was."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse

from connectors.core import clock
from tenants.accounts import confirming, session_list
from tenants.models import User

_BEGAN, _SEEN = "session_began", "session_seen"
# Written at most so often, or each page would cost a write.
_PRECISION = 60.0


class SessionLimitsMiddleware:
    """Stands behind authentication. Whoever's session is over goes on as a stranger."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A request without the cookie has no session to look into.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or _BEGAN not in request.session:
            return self.get_response(request)
        _look(request, clock.now().timestamp())
        key = request.session.session_key
        response = self.get_response(request)
        if request.session.session_key != key and request.user.is_authenticated:
            # A changed password: under its new key nobody could find the session to end it.
            session_list.remember(request, request.user)
        return response


def _look(request: HttpRequest, now: float) -> None:
    session = request.session
    idle, age = now - session[_SEEN], now - session[_BEGAN]
    if idle > settings.SESSION_IDLE_MINUTES * 60 or age > settings.SESSION_HOURS * 3600:
        logout(request)
    elif idle > _PRECISION:
        session[_SEEN] = now


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    user_logged_in.connect(_begin)


def _begin(request: HttpRequest | None, user: User, **rest: object) -> None:
    """Note when somebody signed in, which takes the password as a confirmation does."""
    if request is not None:
        # Django keeps the key where the same person signs in again.
        request.session.cycle_key()
        request.session[_BEGAN] = request.session[_SEEN] = clock.now().timestamp()
        confirming.note(request)
        session_list.remember(request, user)
