"""Asks for the password once more before secrets or rights change, unless it was given just now.

A browser that was left open, or a stolen session, then changes neither.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from connectors.core import clock
from tenants.accounts.sign_in import SignInForm
from tenants.models import User

Method = TypeVar("Method", bound=Callable[..., HttpResponse])
_AT = "session_confirmed"
# Sent with ``request`` when somebody gave their password once more.
confirmed = Signal()


def note(request: HttpRequest) -> None:
    """Remember that the person of this session gave their password now."""
    request.session[_AT] = clock.now().timestamp()


def confirm_first(request: HttpRequest, onward: str = "") -> HttpResponse | None:
    """Lead to the page that asks for the password; None where it was given lately.

    Afterwards the person comes back to the page, or to ``onward`` where it is a button's address.

    What a page sends is taken for as long again as the page may be opened, so that nobody loses
    what they typed. It is not kept over the question: it may hold secrets.
    """
    minutes = settings.CONFIRM_MINUTES * (2 if request.method == "POST" else 1)
    if clock.now().timestamp() - request.session.get(_AT, 0.0) <= minutes * 60:
        return None
    if request.method == "POST":
        messages.warning(request, "Nothing was changed. Send it again now.")
    query = urlencode({"next": onward or request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('confirm')}?{query}")


def confirms(view: Method) -> Method:
    """Mark a method that answers requests: it wants the password given lately."""

    @wraps(view)
    def asking(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return confirm_first(request) or view(self, request, *args, **kwargs)

    return cast("Method", asking)


class ConfirmForm(SignInForm):
    """The sign-in form for the person who is signed in already, with the same limits."""

    username = forms.EmailField(widget=forms.HiddenInput)
    error_messages = {**SignInForm.error_messages, "invalid_login": "That is not your password."}

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if self.request is None or user != self.request.user:
            raise self.get_invalid_login_error()


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Take the password once more, then go on to where the person was led from."""
    onward = _safe(request, request.GET.get("next", ""))
    form = ConfirmForm(request)
    if request.method == "POST":
        email = cast("User", request.user).email
        password = request.POST.get("password", "")
        form = ConfirmForm(request, data={"username": email, "password": password})
        if form.is_valid():
            # Whoever holds a copy of the session must not go on with what the person confirmed.
            request.session.cycle_key()
            note(request)
            confirmed.send(sender=User, request=request)
            return HttpResponseRedirect(onward)
    return render(request, "account/confirm.html", {"form": form, "back": reverse("home")})


def _safe(request: HttpRequest, address: str) -> str:
    """Only addresses of this service: a link of elsewhere must not lead away from it."""
    fine = url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )
    return address if fine else reverse("home")
