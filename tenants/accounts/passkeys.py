"""Passkeys: a person adds, names and removes them, and signs in with one in place of the password.

A passkey asks for a finger, a face or a PIN, so no code follows. It changes nothing for whoever
signs in with the password: their code comes from the authenticator app alone.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import LoginWebAuthnView
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.edit import FormView

from connectors.core.storable import storable_text
from tenants.accounts.confirming import confirm_first, confirms
from tenants.models import User

MOST = 10
_LONGEST_NAME = 60
# As much as any authenticator says of itself, certificates and all.
_LONGEST_ANSWER = 30_000
_WRONG = "That passkey does not fit, or it took too long. Try again."


@contextmanager
def _calmly() -> Iterator[None]:
    """Refuse what no authenticator would say; the libraries fail over it in many ways."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, InvalidSignature) as error:
        raise ValidationError(_WRONG) from error


class AnswerField(forms.JSONField):
    """What a device answered: an object, of a size and depth that one answers."""

    def to_python(self, value: Any) -> Any:
        if len(str(value or "")) > _LONGEST_ANSWER:
            raise ValidationError(_WRONG)
        try:
            answer = super().to_python(value)
        except RecursionError as error:
            raise ValidationError(_WRONG) from error
        # The libraries take a 0 for no answer yet, and would keep it as a passkey.
        if not isinstance(answer, dict) or not answer:
            raise ValidationError(_WRONG)
        return answer


class AddForm(AddWebAuthnForm):
    """The name that the person gives the passkey, and what their device answered."""

    passwordless = None
    credential = AnswerField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=_LONGEST_NAME, required=False)

    def clean_name(self) -> str:
        return storable_text(self.cleaned_data["name"]).strip() or "Passkey"

    def clean(self) -> dict[str, Any]:
        # One that does not ask for a finger, a face or a PIN is no passkey.
        self.cleaned_data["passwordless"] = True
        with _calmly():
            return dict(super().clean())


class SignInForm(LoginWebAuthnForm):
    """What a device answered to whoever wants to sign in."""

    credential = AnswerField(widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        with _calmly():
            return cast("Authenticator", super().clean_credential())


@require_safe
@never_cache
@login_required
def passkeys(request: HttpRequest) -> HttpResponse:
    """List the person's passkeys."""
    rows = _of(request).order_by("created_at", "pk")
    return render(request, "account/passkeys.html", {"rows": rows, "most": MOST})


@method_decorator([never_cache, login_required], name="dispatch")
class AddView(FormView):
    """Has the person's device make a passkey, and keeps its public half."""

    form_class = AddForm
    template_name = "account/passkey_add.html"
    success_url = reverse_lazy("mfa_list_webauthn")
    http_method_names = ["get", "post"]

    @confirms
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _of(request).count() >= MOST:
            messages.error(request, f"You have {MOST} passkeys. Remove one first.")
            return HttpResponseRedirect(str(self.success_url))
        return cast("HttpResponse", super().dispatch(request, *args, **kwargs))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "initial": {"name": ""}}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        options = auth.begin_registration(cast("User", self.request.user), True)
        return super().get_context_data(
            options=json.dumps(options, cls=DjangoJSONEncoder), **kwargs
        )

    def form_valid(self, form: AddForm) -> HttpResponse:
        # Not as allauth adds one: it would make recovery codes, which nobody asks for here.
        given = form.cleaned_data
        auth.WebAuthn.add(cast("User", self.request.user), given["name"], given["credential"])
        messages.success(self.request, "The passkey was added. You can sign in with it.")
        return super().form_valid(form)


@require_POST
@never_cache
@login_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a passkey another name."""
    row = _own(request, pk)
    row.wrap().name = (
        storable_text(request.POST.get("name", ""))[:_LONGEST_NAME].strip() or "Passkey"
    )
    row.save(update_fields=["data"])
    messages.success(request, "Saved.")
    return HttpResponseRedirect(reverse("mfa_list_webauthn"))


@require_POST
@never_cache
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a passkey: nobody signs in with it any more."""
    if (detour := confirm_first(request, reverse("mfa_list_webauthn"))) is not None:
        return detour
    _own(request, pk).delete()
    messages.success(request, "The passkey was removed. Delete it on your device, too.")
    return HttpResponseRedirect(reverse("mfa_list_webauthn"))


@method_decorator(never_cache, name="dispatch")
class SignInWithPasskeyView(LoginWebAuthnView):
    """Tells the page's script what to ask the device for, and signs in by the answer."""

    form_class = SignInForm
    http_method_names = ["get", "post"]

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        factor: Authenticator = form.cleaned_data["credential"]
        if not factor.user.is_active:
            form.add_error("credential", _WRONG)
            return cast("HttpResponse", self.form_invalid(form))
        onward = self.request.POST.get("next", "")
        fine = url_has_allowed_host_and_scheme(
            onward, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        state = {"password": factor.user.get_session_auth_hash()}
        login = Login(user=factor.user, redirect_url=onward if fine else "/", state=state)
        post_authentication(self.request, factor, passwordless=True)
        return cast("HttpResponse", perform_login(self.request, login))


def _of(request: HttpRequest) -> Any:
    kind = Authenticator.Type.WEBAUTHN
    return Authenticator.objects.filter(user_id=cast("User", request.user).pk, type=kind)


def _own(request: HttpRequest, pk: int) -> Authenticator:
    row = _of(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return cast("Authenticator", row)
