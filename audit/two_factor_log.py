"""Notes in the platform's chain how second factors are set up, used, guessed at, forgotten.

It listens to the rows themselves, so that no page and no command can forget it.
"""

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from audit import actors
from audit.platform import record
from audit.sign_in_log import place_of, to_tell
from tenants.models import User

_APP, _CODES = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
_PASSKEY = Authenticator.Type.WEBAUTHN


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    post_save.connect(_note_row, sender=Authenticator)
    post_delete.connect(_note_forgotten, sender=Authenticator)
    signals.authenticator_reset.connect(_note_renewal)
    signals.authenticator_used.connect(_note_use)
    signals.authentication_failed.connect(_note_wrong_code)


def _note_row(instance: Authenticator, created: bool, **rest: Any) -> None:
    if not created:
        return
    if instance.type == _APP:
        _tell("two_factor.turned_on", instance.user)
    elif instance.type == _PASSKEY:
        _tell("passkey.added", instance.user)
    else:
        record("two_factor.codes_made", actors.user(instance.user))


def _note_forgotten(instance: Authenticator, **rest: Any) -> None:
    """Recovery codes go with the app, or make room for new ones."""
    if instance.type == _APP:
        _tell("two_factor.turned_off", instance.user)
    elif instance.type == _PASSKEY:
        _tell("passkey.removed", instance.user)


def _note_renewal(user: User, **rest: Any) -> None:
    _tell("two_factor.codes_renewed", user)


def _note_use(request: HttpRequest, user: User, authenticator: Authenticator, **rest: Any) -> None:
    """A code of the app is part of the sign-in that follows; recovery codes are few."""
    if authenticator.type == _CODES:
        _tell("two_factor.recovered", user, **place_of(request))
    elif authenticator.type == _PASSKEY:
        record("passkey.used", actors.user(user), details=place_of(request))


def _note_wrong_code(request: HttpRequest, user: User, **rest: Any) -> None:
    record("two_factor.wrong_code", actors.user(user), details=place_of(request))


def _tell(action: str, person: User, **details: str) -> None:
    event = record(action, actors.user(person), details=details)
    to_tell.send(sender=User, event=event)
