"""The settings of a workspace: its name and clock, its members and what each role may do."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from connectors.core.currencies import CODES
from connectors.core.storable import storable_text
from connectors.dashboard.home import WorkspaceForm
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.services import invitation_mail
from tenants import invitations, rights
from tenants.accounts.confirming import confirm_first
from tenants.locales import LOCALES
from tenants.models import Member, Role, Tenant
from tenants.scope import tenant_scope
from tenants.services import add_member, change_tenant, remove_member

CHANGED = ("name", "time_zone", "locale", "base_currency", "alert_email")


class SettingsForm(WorkspaceForm):
    """What people change of a workspace that is there."""

    locale = forms.ChoiceField(
        choices=LOCALES, label="Dates", help_text="How dates are written. Texts stay in English."
    )
    base_currency = forms.ChoiceField(
        choices=[("", "None"), *((code, code) for code in CODES)],
        label="Base currency",
        required=False,
        help_text="It comes first where amounts of several currencies are shown.",
    )
    alert_email = forms.EmailField(
        label="Alerts to",
        required=False,
        help_text="Empty: to the owners and admins. Not used while a channel is on; see Alerts.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(acts=True)
def settings_page(request: HttpRequest, here: Workspace) -> HttpResponse:
    with tenant_scope(here.tenant_id):
        tenant = Tenant.objects.get(pk=here.tenant_id)
        members = list(Member.objects.select_related("user").order_by("user__email"))
    now = {name: getattr(tenant, name) for name in CHANGED}
    if request.method == "POST" and not here.may_administer:
        raise PermissionDenied("Only owners and admins change the settings of a workspace.")
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            change_tenant(tenant_id=here.tenant_id, actor=here.actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(here.url("settings"))
    return show(
        request,
        here,
        "settings.html",
        "settings",
        form=form,
        invited=invitations.open_ones(here.tenant_id) if here.may_administer else [],
        members=sorted(members, key=lambda row: list(Role).index(Role(row.role))),
        roles=[role for role in Role if _may_give(here, role)],
        may=rights.table(),
    )


@require_POST
@page(Role.ADMIN, acts=True)
def change_role(request: HttpRequest, here: Workspace, user_id: int) -> HttpResponse:
    """Another role for a member; nobody gives or takes a role above their own."""
    if (detour := confirm_first(request, here.url("settings"))) is not None:
        return detour
    member = _member(here, user_id)
    wanted = request.POST.get("role", "")

    def act() -> str:
        if wanted not in Role.values:
            raise ValidationError("Choose a role.")
        role = Role(wanted)
        _refuse_above(here, role, Role(member.role))
        add_member(tenant_id=here.tenant_id, user=member.user, role=role, actor=here.actor)
        return f"{member.user} is {role.label.lower()} now."

    return do(request, act, here.url("settings"))


@require_POST
@page(Role.ADMIN, acts=True)
def invite(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Send somebody a link by which they join."""
    if (detour := confirm_first(request, here.url("settings"))) is not None:
        return detour
    wanted = request.POST.get("role", "")
    email = storable_text(request.POST.get("email", ""))[:254]

    def act() -> str:
        if wanted not in Role.values:
            raise ValidationError("Choose a role.")
        role = Role(wanted)
        _refuse_above(here, role)
        row = invitations.invite(tenant_id=here.tenant_id, email=email, role=role, by=here.person)
        invitation_mail.ring(row)
        return f"An invitation is on its way to {row.email}. It works for {invitations.DAYS} days."

    return do(request, act, here.url("settings"))


@require_POST
@page(Role.ADMIN, acts=True)
def take_back(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """End an invitation that nobody has accepted yet."""

    def act() -> str:
        if invitations.take_back(tenant_id=here.tenant_id, pk=pk, by=here.person):
            return "The invitation does not work any more."
        return "It was accepted or taken back already."

    return do(request, act, here.url("settings"))


@require_POST
@page(acts=True)
def remove(request: HttpRequest, here: Workspace, user_id: int) -> HttpResponse:
    """Take somebody's place away; everybody may leave by themselves."""
    leaves = user_id == here.person.pk
    if not leaves and (detour := confirm_first(request, here.url("settings"))) is not None:
        return detour
    member = _member(here, user_id)

    def act() -> str:
        if not leaves:
            _refuse_above(here, Role(member.role))
        remove_member(tenant_id=here.tenant_id, user=member.user, actor=here.actor)
        return f"You left {here.name}." if leaves else f"{member.user} is no member any more."

    done = reverse("home") if leaves else here.url("settings")
    return do(request, act, done)


def _member(here: Workspace, user_id: int) -> Any:
    with tenant_scope(here.tenant_id):
        member = Member.objects.select_related("user").filter(user_id=user_id).first()
    if member is None:
        raise Http404
    return member


def _may_give(here: Workspace, role: Role) -> bool:
    return here.may_administer and here.role.allows(role)


def _refuse_above(here: Workspace, *roles: Role) -> None:
    for role in roles:
        if not _may_give(here, role):
            raise ValidationError(
                f"Your role, {here.role.label.lower()}, does not give or take the role "
                f"{role.label.lower()}."
            )
