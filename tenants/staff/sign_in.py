"""The sign-in form of the staff site, and how often somebody may try.

Tries are counted per account and per address before a password is looked at, so that guessing costs
no hash. Whoever is refused may know the right password: a longer wait is the price of that.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest
from redis import RedisError
from unfold.forms import AuthenticationForm

from tenants.models import User


class SignInAdapter(DefaultAccountAdapter):
    """Nobody signs up here; an account counts under the one way to write its address."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": (
            "Too many tries with this address or from this place. Wait a quarter of an hour, then "
            "try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Not by host as well: each name of the service would give as many tries again.
        return User.objects.normalize_email(credentials.get("username"))


class SignInForm(AuthenticationForm):
    """Django's form behind a count of tries."""

    def clean(self) -> dict[str, Any]:
        adapter = get_adapter(self.request)
        name = self.cleaned_data.get("username")
        if not (name and self.cleaned_data.get("password")):
            return dict(super().clean())
        try:
            adapter.pre_authenticate(self.request, username=name)
            cleaned = dict(super().clean())
            # Only wrong tries count.
            adapter._rollback_login_failed_rl_usage()
        except RedisError as error:
            # Without the count anybody could guess.
            raise ValidationError(
                "Nobody can sign in at the moment. Try again in a minute.", code="away"
            ) from error
        except ImproperlyConfigured as error:
            raise ValidationError(
                "The proxy in front of the service does not say where you come from. Its operator "
                "must set TRUSTED_PROXIES.",
                code="proxy",
            ) from error
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                self._tell_refused(name)
            raise
        return cleaned

    def _tell_refused(self, name: str) -> None:
        user_login_failed.send(
            sender=__name__,
            credentials={"username": name, "refused": "too many tries"},
            request=self.request,
        )
