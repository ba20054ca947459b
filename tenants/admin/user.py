"""Staff pages of people who log in, and of the groups that say what staff may do.

These tables belong to no tenant and are written as Django does it, with its own log of changes.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tenants.models import User
from tenants.services import memberships_of

admin.site.unregister(Group)


# What makes staff of a person, and says what they may do: for superusers to give.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewPersonForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """People are not deleted, because the audit names them: they are made inactive."""

    global_table = True
    form = UserChangeForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "member_of")
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "member_of")}),
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

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who is not a superuser changes nobody who is: a new password would be their power."""
        above = isinstance(obj, User) and obj.is_superuser
        return _is_superuser(request) if above else super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if _is_superuser(request) else (*fields, *_POWERS)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """What staff in a group may see (*view*) and do (*change*)."""

    global_table = True


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
