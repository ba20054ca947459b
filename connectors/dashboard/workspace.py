"""The workspace that a page belongs to: who may come in, and what every page of it shows.

A member's request enters; a view gets the workspace beside it, inside the tenant's scope. Others
learn nothing: a workspace that is not theirs is a page that is not there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from audit.actors import user as actor_of
from connectors.core.errors import ConnectorError
from connectors.dashboard import shell
from connectors.pages.style import Style, written_as
from tenants.models import Role, User
from tenants.scope import tenant_scope
from tenants.services import Membership, memberships_of

View = Callable[..., HttpResponseBase]
# The session remembers where the person was, for when they come without an address.
LAST = "workspace"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One of a person's workspaces, and all of them for the switcher."""

    place: Membership
    person: User
    places: tuple[Membership, ...]

    @property
    def tenant_id(self) -> int:
        return self.place.tenant_id

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def slug(self) -> str:
        return self.place.slug

    @property
    def role(self) -> Role:
        return self.place.role

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.place.time_zone)

    @property
    def actor(self) -> str:
        """The person in the words of the audit."""
        return actor_of(self.person)

    @property
    def may_operate(self) -> bool:
        return self.role.allows(Role.OPERATOR)

    @property
    def may_administer(self) -> bool:
        return self.role.allows(Role.ADMIN)

    def url(self, name: str, *args: Any) -> str:
        """The address of a page of this workspace."""
        return reverse(f"dashboard:{name}", args=[self.slug, *args])


def page(needed: Role = Role.VIEWER, *, acts: bool = False) -> Callable[[View], View]:
    """Mark a view of a workspace: it gets the workspace and runs in the tenant's scope.

    One that ``acts`` runs outside: its use cases open the scopes that they need, and may call
    providers. It answers to POST only.
    """

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def served(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(_after_sign_in(request, slug))
            here = workspace_of(request.user, slug)
            _require(here.role, needed)
            if request.session.get(LAST) != slug:
                request.session[LAST] = slug
            with written_as(Style(here.place.locale, here.place.base_currency)):
                if acts:
                    return view(request, here, *args, **kwargs)
                with tenant_scope(here.tenant_id):
                    return view(request, here, *args, **kwargs)

        served.needed = needed  # type: ignore[attr-defined]
        return served

    return decorate


def workspace_of(person: User, slug: str) -> Workspace:
    """The person's workspace of that name, or 404."""
    places = tuple(memberships_of(person))
    place = next((place for place in places if place.slug == slug), None)
    if place is None:
        raise Http404
    return Workspace(place, person, places)


def show(
    request: HttpRequest, here: Workspace, template: str, active: str, **context: Any
) -> HttpResponse:
    """A page of the workspace; ``active`` is its place in the navigation."""
    with tenant_scope(here.tenant_id):
        whole = {**shell.frame(here, active), "here": here, **context}
        return render(request, f"dashboard/{template}", whole)


def ask(
    request: HttpRequest,
    here: Workspace,
    form: Callable[[Any], Any],
    save: Callable[[Any], str],
    *,
    active: str,
    title: str,
    back: str,
    note: str = "",
) -> HttpResponse:
    """Show a form; hand valid input to ``save``, which says where to go on.

    ``save`` runs outside any scope; what it refuses stands at the form.
    """
    filled = form(request.POST if request.method == "POST" else None)
    with tenant_scope(here.tenant_id):
        valid = filled.is_valid()
    if valid:
        try:
            return HttpResponseRedirect(save(filled))
        except ConnectorError as error:
            filled.add_error(None, str(error))
    return show(request, here, "form.html", active, title=title, form=filled, note=note, back=back)


def do(
    request: HttpRequest, act: Callable[[], str], done: str, *, refused: str = ""
) -> HttpResponseRedirect:
    """Act on a button that was pressed, and say what happened; what is refused says why.

    Then go on at ``done``, or at ``refused`` where that is another page.
    """
    if request.method == "POST":
        try:
            messages.success(request, act())
        except (ConnectorError, ValidationError) as error:
            said = error.messages if isinstance(error, ValidationError) else [str(error)]
            messages.error(request, " ".join(said))
            return HttpResponseRedirect(refused or done)
    return HttpResponseRedirect(done)


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Where the button was pressed: the page of this service that the form names, or another."""
    there = request.POST.get("back", "")
    fine = url_has_allowed_host_and_scheme(
        there, {request.get_host()}, require_https=request.is_secure()
    )
    return there if fine else otherwise


def _after_sign_in(request: HttpRequest, slug: str) -> str:
    """Where a person goes on: a button's address answers to POST only, and was not obeyed."""
    if request.method == "POST":
        return reverse("dashboard:overview", args=[slug])
    return request.get_full_path()


def _require(role: Role, needed: Role) -> None:
    if not role.allows(needed):
        raise PermissionDenied(
            f"This needs the role {needed.label.lower()}; yours is {role.label.lower()}. "
            "An owner of the workspace can change it."
        )
