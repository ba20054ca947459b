"""The pages of two-factor authentication: a person sets up an authenticator app, keeps recovery
codes, and gives a code after the password. Staff can be made to set it up before all else.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from allauth.mfa import app_settings
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.internal import flows
from allauth.mfa.totp.views import ActivateTOTPView
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from django.views.generic.edit import FormView

from tenants.accounts import session_list
from tenants.accounts.confirming import confirms
from tenants.accounts.two_factor_forms import NO_KEY, CodeForm, TurnOnForm
from tenants.models import User

_of_a_person = method_decorator([never_cache, login_required], name="dispatch")
# What staff without a factor still reach; the rest leads them to set one up.
_BEFORE = frozenset(
    {
        "mfa_activate_totp",
        "confirm",
        "login",
        "account_login",
        "logout",
        "sign-out",
        "healthz",
        "healthz-work",
    }
)

_MADE_CODES = "made_recovery_codes"


class TwoFactorMiddleware:
    """Leads staff without an authenticator app to the page that sets one up, where wanted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not settings.STAFF_NEEDS_TWO_FACTOR or match is None or match.url_name in _BEFORE:
            return None
        person = request.user
        if not (person.is_authenticated and person.is_staff) or turned_on_at(person) is not None:
            return None
        return HttpResponseRedirect(reverse("mfa_activate_totp"))


def turned_on_at(person: Any) -> datetime | None:
    """When the person set up their authenticator app; None where they have none."""
    app = Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP)
    return cast("datetime | None", app.values_list("created_at", flat=True).first())


def reset(person: User) -> None:
    """Forget app, recovery codes and passkeys, and end all sessions: the phone may be stolen."""
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        session_list.end_all(person)


@_of_a_person
class TwoFactorView(TemplateView):
    """Says whether it is on, and leads to what can be done."""

    template_name = "account/two_factor.html"
    http_method_names = ["get", "head"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.request.user
        return super().get_context_data(
            since=turned_on_at(person), codes_left=_codes_left(person), **kwargs
        )


@_of_a_person
class TurnOnView(ActivateTOTPView):
    """Shows the secret as a picture and in letters, and wants the app's first code."""

    template_name = "account/two_factor_on.html"
    form_class = TurnOnForm
    http_method_names = ["get", "post"]

    @confirms
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return cast("HttpResponse", super().dispatch(request, *args, **kwargs))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret = context["form"].secret
        letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return {**context, "letters": letters, "wanted": _is_wanted(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        codes = Authenticator.objects.filter(
            user_id=self.request.user.pk, type=Authenticator.Type.RECOVERY_CODES
        )
        try:
            with transaction.atomic():
                # None that somebody may know already, left behind by an earlier app.
                codes.delete()
                self.request.session[_MADE_CODES] = True
                return cast("HttpResponse", super().form_valid(form))
        except IntegrityError:
            # Sent twice at once: the other one set it up.
            return HttpResponseRedirect(reverse("mfa_index"))


class _WithCodeView(FormView):
    """Wants a code as well, so that a stolen session and password are not enough."""

    form_class = CodeForm
    http_method_names = ["get", "post"]

    @confirms
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if turned_on_at(request.user) is None:
            return HttpResponseRedirect(reverse("mfa_index"))
        return cast("HttpResponse", super().dispatch(request, *args, **kwargs))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}


@_of_a_person
class TurnOffView(_WithCodeView):
    """Forgets the app and the recovery codes."""

    template_name = "account/two_factor_off.html"
    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(wanted=_is_wanted(self.request), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        app = Authenticator.objects.filter(
            user_id=self.request.user.pk, type=Authenticator.Type.TOTP
        ).first()
        if app:
            flows.deactivate_totp(self.request, app)
            # allauth keeps them beside a passkey.
            Authenticator.objects.filter(
                user_id=self.request.user.pk, type=Authenticator.Type.RECOVERY_CODES
            ).delete()
        return super().form_valid(form)


@_of_a_person
class CodesView(ViewRecoveryCodesView):
    """Shows new recovery codes, once, to the session that made them."""

    template_name = "account/recovery_codes.html"
    # A HEAD would count as having seen them.
    http_method_names = ["get"]

    @confirms
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _MADE_CODES not in request.session:
            # Codes that nobody has seen yet are not for whoever holds another session.
            return HttpResponseRedirect(reverse("mfa_index"))
        try:
            # What does not open was not seen either.
            with transaction.atomic():
                return cast("HttpResponse", super().dispatch(request, *args, **kwargs))
        except InvalidToken:
            messages.error(request, NO_KEY)
            return HttpResponseRedirect(reverse("mfa_index"))


@_of_a_person
class NewCodesView(_WithCodeView):
    """Makes new recovery codes; the old ones end. Each of them would also turn the app off."""

    template_name = "account/new_recovery_codes.html"
    success_url = reverse_lazy("mfa_view_recovery_codes")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(codes_left=_codes_left(self.request.user), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        generate_recovery_codes(self.request)
        self.request.session[_MADE_CODES] = True
        return super().form_valid(form)


class CodeView(AuthenticateView):
    """Takes the code after the password. Until then nobody is signed in."""

    template_name = "account/two_factor_code.html"
    http_method_names = ["get", "post"]

    def _build_forms(self) -> CodeForm | None:
        # allauth's would take the answer of a security key as well, and fail over odd ones.
        sent = self.request.POST if self.request.method == "POST" else None
        self.auth_form, self.webauthn_form = CodeForm(sent, user=self.stage.login.user), None
        return None if sent is None else self.auth_form

    def form_valid(self, form: Any) -> HttpResponse:
        login = self.stage.login
        # Whoever gave an old password starts again.
        still = (
            login.user.is_active and login.state["password"] == login.user.get_session_auth_hash()
        )
        answer = self._signed_in(form) if still else self.stage.abort()
        return cast("HttpResponse", answer)

    def _signed_in(self, form: Any) -> Any:
        # A reset of this moment has taken the factor away, or waits and then ends this session.
        with transaction.atomic():
            kept = Authenticator.objects.select_for_update().filter(pk=form.authenticator.pk)
            return super().form_valid(form) if kept.first() else self.stage.abort()


def _codes_left(person: Any) -> int:
    """How many recovery codes are unused; no key is needed to tell."""
    kind = Authenticator.Type.RECOVERY_CODES
    codes = Authenticator.objects.filter(user_id=person.pk, type=kind).first()
    used: int = codes.data["used_mask"].bit_count() if codes else 0
    return app_settings.RECOVERY_CODE_COUNT - used if codes else 0


def _is_wanted(request: HttpRequest) -> bool:
    return settings.STAFF_NEEDS_TWO_FACTOR and getattr(request.user, "is_staff", False)
