"""Where people land: the public page, their workspace, the staff pages, or the page that makes a
first workspace.
"""

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.views.decorators.cache import never_cache

from audit.actors import user as actor_of
from connectors.dashboard.workspace import LAST
from tenants.models import Role, Tenant, User
from tenants.services import create_tenant, memberships_of

# Who owns so many makes no more by themselves.
_MOST_OWNED = 10
_TRIES = 5


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Tell strangers what this is; lead staff to the admin, members to where they were last."""
    if not request.user.is_authenticated:
        return render(request, "landing.html", {"sign_up_open": settings.SIGN_UP_OPEN})
    person = request.user
    if person.is_staff:
        return HttpResponseRedirect(reverse("admin:index"))
    slugs = [place.slug for place in memberships_of(person)]
    if not slugs:
        return HttpResponseRedirect(reverse("new-workspace"))
    last = request.session.get(LAST)
    return HttpResponseRedirect(
        reverse("dashboard:overview", args=[last if last in slugs else slugs[0]])
    )


class WorkspaceForm(forms.Form):
    """What a workspace is called, and which clock it follows."""

    name = forms.CharField(
        max_length=200, label="Name", help_text="Usually the company whose books are kept in step."
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[
            (name, name.replace("_", " "))
            for name in sorted(available_timezones())
            if "/" in name or name == "UTC"
        ],
        help_text="Schedules and days follow this clock.",
    )


@never_cache
@login_required
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Make a workspace that the person owns."""
    person = cast("User", request.user)
    if not (settings.SIGN_UP_OPEN or person.is_staff):
        raise PermissionDenied(
            "Whoever runs this service makes its workspaces. Ask them, or open the link of an "
            "invitation."
        )
    places = memberships_of(person)
    form = WorkspaceForm(request.POST or None, initial={"time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        if sum(place.role is Role.OWNER for place in places) >= _MOST_OWNED:
            form.add_error(None, f"You own {_MOST_OWNED} workspaces. Ask us to make more.")
        else:
            tenant = _create(person, **form.cleaned_data)
            return HttpResponseRedirect(reverse("dashboard:overview", args=[tenant.slug]))
    return render(request, "account/new_workspace.html", {"form": form, "places": places})


def _create(person: User, **given: Any) -> Tenant:
    """With a short name made of the name; a taken one gets an ending of its own."""
    wanted = slugify(given["name"])[:50] or "workspace"
    slug = wanted
    for _ in range(_TRIES):
        try:
            return create_tenant(**given, slug=slug, owner=person, actor=actor_of(person))
        except ValidationError as error:
            if "slug" not in getattr(error, "error_dict", {}):
                raise
            slug = f"{wanted}-{get_random_string(6, '23456789abcdefghjkmnpqrstuvwxyz')}"
    raise ValidationError("No short name could be found. Try again.")
