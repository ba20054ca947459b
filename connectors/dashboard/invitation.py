"""The page that an invitation's link opens: who invites, where to, and a button to join."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tenants import invitations
from tenants.accounts.sign_in import INVITED


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show it to anybody who has the link; only who is signed in can join."""
    found = invitations.find(token)
    if found is None:
        return render(request, "account/invitation_over.html", status=404)
    problem = ""
    if request.method == "POST" and request.user.is_authenticated:
        try:
            invitations.accept(token, request.user)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            request.session.pop(INVITED, None)
            return HttpResponseRedirect(reverse("dashboard:overview", args=[found.slug]))
    if not request.user.is_authenticated:
        # Sign-up may be closed to others. The address leads back here.
        request.session[INVITED] = request.get_full_path()
    context = {"found": found, "problem": problem, "here": request.get_full_path()}
    return render(request, "account/invitation.html", context)
