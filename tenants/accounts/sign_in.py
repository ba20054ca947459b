"""Signing in, for members and staff: the form, what comes after it, and how often one may try.

Tries are counted per account and per address before a password is looked at, so that guessing costs
no hash. Whoever is refused may know the right password: a longer wait is the price of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from redis import RedisError

from tenants.models import User

# In the session of who came by an invitation: its address.
INVITED = "invitation"


class SignInAdapter(DefaultAccountAdapter):
    """Says to allauth who may sign up, and counts an account under one way to write its address."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": (
            "Too many tries with this address or from this place. Wait a quarter of an hour, then "
            "try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # An invitation has been looked at before.
        return settings.SIGN_UP_OPEN or INVITED in request.session

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "")
        # Their address is confirmed by a code first, see addresses.py.
        user.signs_up = True
        return super().save_user(request, user, form, commit)

    def is_reauthentication_required(self, *, app: str, **rest: Any) -> bool:
        # Our own page asks, see confirming.py: allauth's keeps what was sent in the session.
        return False

    def post_login(
        self, request: HttpRequest, user: Any, *, redirect_url: str | None, **rest: Any
    ) -> HttpResponse:
        return HttpResponseRedirect(redirect_url or "/")

    def get_client_ip(self, request: HttpRequest) -> str:
        # IPv6 counts by network, and all of IPv4 as IPv6 writes it is in one.
        address = ip_address(super().get_client_ip(request))
        return str(getattr(address, "ipv4_mapped", None) or address)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Not by host as well: each name of the service would give as many tries again. And what
        # it was tried at comes first, so that no name at one door counts at the other.
        name = credentials.get("username") or credentials.get("email")
        return f"{credentials.get('at', 'password')} {User.objects.normalize_email(name)}"


@contextmanager
def counted_tries() -> Iterator[None]:
    """Say in a form why tries cannot be counted: without the count anybody could guess."""
    try:
        yield
    except RedisError as error:
        raise ValidationError(
            "Nobody can sign in at the moment. Try again in a minute.", code="away"
        ) from error
    except ImproperlyConfigured as error:
        raise ValidationError(
            "The proxy in front of the service does not say where you come from. Its operator "
            "must set TRUSTED_PROXIES.",
            code="proxy",
        ) from error


def tell_refused(request: HttpRequest | None, name: str, *, at: str = "password") -> None:
    """Send Django's signal of a failed sign-in for a try that nobody looked at."""
    credentials = {"username": name, "refused": "too many tries", "at": at}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


@contextmanager
def counted(request: HttpRequest | None, name: str, *, at: str = "password") -> Iterator[None]:
    """Let a password or code be looked at, unless there were too many tries; wrong ones count."""
    adapter = get_adapter(request)
    try:
        with counted_tries():
            adapter.pre_authenticate(request, username=name, at=at)
            yield
            # This try alone: whoever has an account must not forget the others of their place.
            adapter._rollback_login_failed_rl_usage()
    except ValidationError as error:
        if error.code == "too_many_login_attempts":
            tell_refused(request, name, at=at)
        raise


class SignInForm(AuthenticationForm):
    """Django's form behind a count of tries."""

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if not (name and self.cleaned_data.get("password")):
            return dict(super().clean())
        with counted(self.request, name):
            return dict(super().clean())

    def confirm_login_allowed(self, user: Any) -> None:
        """Tell of somebody who is not let in: Django tells of wrong passwords only."""
        try:
            super().confirm_login_allowed(user)
        except ValidationError:
            tried = {"username": user.email}
            user_login_failed.send(sender=__name__, credentials=tried, request=self.request)
            raise


class SignInView(LoginView):
    """Signs in whoever gave the right password; those with an authenticator app after a code."""

    authentication_form = SignInForm
    template_name = "account/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sign_up_open=settings.SIGN_UP_OPEN, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        # The code must come under the same password.
        state = {"password": user.get_session_auth_hash()}
        login = Login(user=user, redirect_url=self.get_success_url(), state=state)
        answer = perform_login(self.request, login)
        if not self.request.user.is_authenticated:
            # Whoever planted the session's key must not go on from here.
            self.request.session.cycle_key()
        return cast("HttpResponse", answer)
