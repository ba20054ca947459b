"""The page on which people see where they are signed in, and sign out elsewhere."""

from typing import Any, cast

from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from tenants.models import User

# Sent with ``request`` and ``session``, a UserSession, when somebody ends a session of theirs.
ended_elsewhere = Signal()


def remember(request: HttpRequest, user: User) -> None:
    """List the session that begins with this request.

    A request that does not say where it came from is not listed: nobody could know it by that.
    """
    if "REMOTE_ADDR" not in request.META:
        return
    try:
        UserSession.objects.create_from_request(request, user=user)
    except (ImproperlyConfigured, PermissionDenied):
        return


def end_all(person: User) -> None:
    """Sign the person out wherever they are."""
    for session in UserSession.objects.filter(user=person):
        session.end()


@method_decorator(never_cache, name="dispatch")
class SessionsView(ListUserSessionsView):
    """Lists the person's own sessions; a button ends one of the others, or all of them."""

    template_name = "account/sessions.html"
    success_url = reverse_lazy("sessions")
    http_method_names = ["get", "head", "post"]

    def form_valid(self, form: Any) -> HttpResponse:
        others = UserSession.objects.filter(user_id=cast("User", self.request.user).pk)
        others = others.exclude(session_key=self.request.session.session_key)
        chosen = self.request.POST.get("session", "")
        if chosen:
            others = others.filter(pk=int(chosen) if _is_key(chosen) else 0)
        for session in others:
            session.end()
            ended_elsewhere.send(sender=User, request=self.request, session=session)
        messages.success(self.request, "Signed out there.")
        return HttpResponseRedirect(str(self.success_url))


def _is_key(text: str) -> bool:
    """A number that a row could have: PostgreSQL refuses longer ones."""
    return text.isascii() and text.isdigit() and len(text) < 19
