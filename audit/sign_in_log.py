"""Notes in the platform's chain who signs in and out, and who tries to, from where.

Sends ``to_tell`` for what the person should hear of: a sign-in from where they have not signed in
lately, and tries with wrong codes by somebody who knows their password.
"""

from datetime import timedelta
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import truncate_ip
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.dispatch import Signal
from django.http import HttpRequest
from redis import RedisError

from audit import actors
from audit.chain import event_hash
from audit.models import PlatformEvent
from audit.platform import record
from connectors.core import clock
from tenants.accounts import confirming, session_list
from tenants.models import User

# Seconds in which further refusals of one place, or of one person's codes, are not noted.
_QUIET = 300
_LATELY = timedelta(days=90)
_NO_ADDRESS = "(no e-mail address)"
# Sent with ``event``, the PlatformEvent; its subject is the person.
to_tell = Signal()


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    user_logged_in.connect(_note_sign_in)
    user_logged_out.connect(_note_sign_out)
    user_login_failed.connect(_note_failed_sign_in)
    confirming.confirmed.connect(_note_confirmation)
    session_list.ended_elsewhere.connect(_note_end_elsewhere)


def _note_sign_in(request: HttpRequest | None, user: User, **rest: Any) -> None:
    name, place = actors.user(user), place_of(request)
    known = not place or _has_come_from(name, place)
    event = record("sign_in.done", name, actor=name, details=place)
    if not known:
        to_tell.send(sender=User, event=event)


def _note_sign_out(request: HttpRequest | None, user: User | None, **rest: Any) -> None:
    if user is not None:
        name = actors.user(user)
        record("sign_in.ended", name, actor=name, details=place_of(request))


def _note_confirmation(request: HttpRequest, **rest: Any) -> None:
    name = actors.user(cast("User", request.user))
    record("sign_in.confirmed", name, actor=name, details=place_of(request))


def _note_end_elsewhere(request: HttpRequest, session: UserSession, **rest: Any) -> None:
    name = actors.user(cast("User", request.user))
    there = {"address": session.ip, "agent": session.user_agent}
    record("sign_in.ended_elsewhere", name, actor=name, details=there)


def _note_failed_sign_in(
    credentials: dict[str, Any], request: HttpRequest | None = None, **rest: Any
) -> None:
    """Each wrong try, but of refused ones the first in a while: a flood must not fill the audit.

    What the client makes up, such as names and programs, makes no refusal another one.
    """
    tried, place = _shown_name(str(credentials.get("username", ""))), place_of(request)
    if "refused" not in credentials:
        record("sign_in.failed", tried, details=place)
    elif credentials["at"] == "code":
        _note_refused_code(tried, place)
    elif _is_first({"from": truncate_ip(place.get("address", ""))}):
        record("sign_in.refused", tried, details=place)


def _note_refused_code(email: str, place: dict[str, str]) -> None:
    """Whoever comes so far knows the password, and may come from many places at once."""
    person = User.objects.filter(email=email).first()
    if person and _is_first({"of": person.pk}):
        event = record("two_factor.refused", actors.user(person), details=place)
        to_tell.send(sender=User, event=event)


def _shown_name(tried: str) -> str:
    """Who types a password into the wrong field must not find it in the audit, for good."""
    try:
        validate_email(tried)
    except ValidationError:
        return _NO_ADDRESS
    return tried


def _has_come_from(name: str, place: dict[str, str]) -> bool:
    """Whether the same program at the same address signed in as this person within three months."""
    signed_in = PlatformEvent.objects.filter(action="sign_in.done", actor=name)
    return signed_in.filter(at__gt=clock.now() - _LATELY, details__contains=place).exists()


def _is_first(refused: dict[str, Any]) -> bool:
    try:
        return bool(cache.add(f"sign-in-refused:{event_hash(refused)}", True, _QUIET))
    except RedisError:
        return False


def place_of(request: HttpRequest | None) -> dict[str, str]:
    """Where a request came from, as far as it says."""
    if request is None or "REMOTE_ADDR" not in request.META:
        return {}
    agent = request.headers.get("User-Agent", "")[:200]
    try:
        address = get_adapter(request).get_client_ip(request)
    except (ImproperlyConfigured, PermissionDenied):
        # The proxy does not say; nobody is kept from leaving by that.
        address = request.META["REMOTE_ADDR"]
    return {"address": address, "agent": agent}
