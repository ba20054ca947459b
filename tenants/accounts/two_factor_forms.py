"""The forms that take a code of an authenticator app, or a recovery code.

Tries count as wrong passwords do, per account and per address.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError

from tenants.accounts.sign_in import counted

NO_KEY = (
    "No key of the service opens your authenticator's secret. Its operator must put the key back "
    "into FIELD_ENCRYPTION_KEYS."
)


@contextmanager
def _counted_code(user: Any) -> Iterator[None]:
    """Say in the form what keeps the service from looking at a code."""
    try:
        with counted(context.request, user.email, at="code"):
            yield
    except InvalidToken as error:
        raise ValidationError(NO_KEY, code="no_key") from error


class CodeForm(AuthenticateForm):
    """Asks for a code of the app or a recovery code; ``user`` says whose.

    allauth's own would forget all wrong tries of a place with the first right code.
    """

    def clean_code(self) -> str:
        with _counted_code(self.user):
            kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
            found = Authenticator.objects.filter(user=self.user, type__in=kinds)
            factors = list(found.order_by("-type"))
            for factor in factors:
                if _fits(factor, self.cleaned_data["code"]):
                    self.authenticator = factor
                    return str(self.cleaned_data["code"])
            if factors:
                self._emit_authentication_failed(factors[0])
            raise get_adapter().validation_error("incorrect_code")


def _fits(factor: Authenticator, code: str) -> bool:
    try:
        return bool(factor.wrap().validate_code(code))
    except Authenticator.DoesNotExist:
        return False  # it was reset at this moment


class TurnOnForm(ActivateTOTPForm):
    """Asks for the first code of an app that was just set up; it does not sign in as well.

    Until then the app's secret waits in the session, sealed: sessions are rows like others.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if sealed := session.pop(SECRET_SESSION_KEY, ""):
            with suppress(InvalidToken):  # allauth makes another one then
                session[SECRET_SESSION_KEY] = decrypt(sealed)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = encrypt(self.secret)

    def clean_code(self) -> str:
        with _counted_code(self.user):
            app = TOTP(Authenticator(user=self.user, data={"secret": encrypt(self.secret)}))
            if not app.validate_code(self.cleaned_data["code"]):
                raise get_adapter().validation_error("incorrect_code")
            return str(self.cleaned_data["code"])
