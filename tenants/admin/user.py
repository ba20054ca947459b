"""Staff pages of people who log in, and of the groups that say what staff may do.

These tables belong to no tenant and are written as Django does it, with its own log of changes.
"""

from typing import Any

from allauth.account import admin as addresses
from allauth.mfa import admin as second_factors
from allauth.usersessions import admin as user_sessions
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tenants.accounts import session_list, two_factor
from tenants.accounts.confirming import confirm_first, confirms
from tenants.models import User
from tenants.services import is_member, memberships_of
from tenants.staff import shown
from tenants.staff.lookups import DeclaredLookups
from tenants.staff.model_admin import row_number

admin.site.unregister(Group)
# A person has the one address that they sign in with.
admin.site.unregister(addresses.EmailAddress)
# Each person sees their own, on a page of theirs.
admin.site.unregister(user_sessions.UserSession)
# A page of the person's own, and a button at the person for staff.
admin.site.unregister(second_factors.Authenticator)

# What makes staff of a person, and says what they may do: for superusers to give.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewPersonForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DeclaredLookups, BaseUserAdmin, ModelAdmin):
    """People are not deleted, because the audit names them: they are made inactive.

    Staff who may change people change only those who hold no right that they lack themselves.
    """

    global_table = True
    form = UserChangeForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "member_of", "two_factor")
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "two_factor", "member_of")}),
        (
            "Staff",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    @admin.display(description="Member of")
    def member_of(self, person: User) -> str:
        places = memberships_of(person) if person.pk else []
        return ", ".join(f"{place.name} ({place.role.label})" for place in places) or "–"

    @admin.display(description="Two-factor authentication")
    def two_factor(self, person: User) -> SafeString:
        since = two_factor.turned_on_at(person) if person.pk else None
        if since is None:
            return shown.text_of("Off. The person sets it up on a page of their own.")
        address = reverse("admin:tenants_user_reset_two_factor", args=[person.pk])
        return format_html('On since {}. <a href="{}">Reset</a>', shown.when(since), address)

    def get_urls(self) -> list[URLPattern]:
        reset = self.admin_site.admin_view(self.reset_two_factor)
        return [
            path("<int:user_id>/two-factor/", reset, name="tenants_user_reset_two_factor"),
            *super().get_urls(),
        ]

    @confirms
    def reset_two_factor(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask first. Nobody resets their own: a stolen session could turn it off without a code."""
        person = get_object_or_404(User, pk=row_number(str(user_id)))
        may = self.has_change_permission(request, person) and _may_become(request, person)
        if not may or person == request.user:
            raise PermissionDenied
        there = reverse("admin:tenants_user_change", args=[person.pk])
        if request.method == "POST":
            two_factor.reset(person)
            messages.success(request, f"{person} signs in with the password alone now.")
            return HttpResponseRedirect(there)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Reset two-factor authentication of {person}",
            "note": "Their authenticator app and recovery codes are forgotten and their sessions "
            "end. Be sure that it is them who asks.",
            "form": forms.Form(),
            "submit": "Reset",
            "back": there,
            "list_url": there,
        }
        return TemplateResponse(request, "staff/form.html", context)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (not isinstance(obj, User) or _holds_all_of(request, obj))

    @confirms
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        answer: HttpResponse = super().add_view(request, form_url, extra_context)
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        detour = confirm_first(request) if self.has_change_permission(request) else None
        answer: HttpResponse = detour or super().change_view(
            request, object_id, form_url, extra_context
        )
        return answer

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is made inactive is signed out for good, not only until they are active again."""
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            session_list.end_all(obj)

    @confirms
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> HttpResponse:
        """A new password hands over the person, and with them every tenant they belong to."""
        person = self.get_object(request, unquote(id))
        if isinstance(person, User) and not _may_become(request, person):
            raise PermissionDenied
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if _is_superuser(request):
            return fields
        # Whoever owns the address may ask for a new password.
        identity = () if obj is None or _may_become(request, obj) else ("email",)
        return (*fields, *_POWERS, *identity)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(DeclaredLookups, BaseGroupAdmin, ModelAdmin):
    """What staff in a group may see (*view*) and do (*change*); only superusers change it."""

    global_table = True
    actions = None  # one by one: each change of rights is confirmed

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        detour = confirm_first(request) if self.has_change_permission(request) else None
        answer: HttpResponse = detour or super().changeform_view(
            request, object_id, form_url, extra_context
        )
        return answer

    @confirms
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _holds_all_of(request: HttpRequest, person: User) -> bool:
    """Whether the person has no right that is missing to who asks."""
    if _is_superuser(request):
        return True
    return not person.is_superuser and rights_of(person) <= rights_of(request.user)


def _may_become(request: HttpRequest, person: Any) -> bool:
    """Whether who asks would gain nothing by logging in as this person."""
    if _is_superuser(request) or person == request.user:
        return True
    # Also while the person is inactive: whoever may change people could wake them up afterwards.
    return _holds_all_of(request, person) and not is_member(person)


def rights_of(person: Any) -> set[int]:
    """The permissions given to a person and their groups, also while they are inactive."""
    direct = person.user_permissions.values_list("pk", flat=True)
    by_group = Permission.objects.filter(group__user=person).values_list("pk", flat=True)
    return {*direct, *by_group}
