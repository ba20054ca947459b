"""The forms that take a code of an authenticator app, or a recovery code.

Tries count as wrong passwords do, per account and per address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError

from tenants.staff.sign_in import counted_tries, tell_refused

NO_KEY = (
    "No key of the service opens your authenticator's secret. Its operator must put the key back "
    "into FIELD_ENCRYPTION_KEYS."
)


@contextmanager
def _answering(user: Any) -> Iterator[None]:
    """Say in the form what keeps the service from looking at a code."""
    try:
        with counted_tries():
            yield
    except InvalidToken as error:
        raise ValidationError(NO_KEY, code="no_key") from error
    except ValidationError as error:
        if error.code == "too_many_login_attempts":
            tell_refused(context.request, user.email, at="code")
        raise


class CodeForm(AuthenticateForm):
    """Asks for a code of the app or a recovery code; ``user`` says whose."""

    def clean_code(self) -> str:
        with _answering(self.user):
            return str(super().clean_code())


class TurnOnForm(ActivateTOTPForm):
    """Asks for the first code of an app that was just set up."""

    def clean_code(self) -> str:
        with _answering(self.user):
            return str(super().clean_code())
