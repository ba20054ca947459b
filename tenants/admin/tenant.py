"""Staff pages of tenants: all of them, a new one with its first owner, one with its members."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from audit.actors import user as actor_of
from tenants import services
from tenants.accounts.confirming import confirm_first, confirms
from tenants.models import Member, Role, Tenant, User
from tenants.scope import platform_scope
from tenants.staff import forms as fields
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts


class TenantForm(forms.Form):
    """What can be changed of a tenant."""

    name = fields.text("Name")
    time_zone = fields.searched(
        "Time zone",
        [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"],
        "Schedules and business days follow this clock.",
    )
    alert_email = forms.EmailField(
        label="Alerts to",
        required=False,
        help_text="Where missing mappings and stopped connections are told; empty: to the owners "
        "and admins.",
        widget=fields.text("").widget,
    )


class NewTenantForm(TenantForm):
    """A tenant that is not there yet: with its short name and its first owner."""

    slug = fields.text("Short name", "For addresses; lower-case letters, digits and hyphens.")
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        label="First owner",
        help_text="An owner may do everything in the tenant. Add the person under People first.",
        widget=fields.searched("", []).widget,
    )
    field_order = ("name", "slug", "owner", "time_zone", "alert_email")


class MemberForm(forms.Form):
    """A person's place in a tenant."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        label="Person",
        widget=fields.searched("", []).widget,
    )
    role = fields.choice("Role", Role.choices, "Each role may do all that the ones below it may.")


@admin.register(Tenant)
class TenantAdmin(StaffAdmin):
    """Tenants are added and changed through the use cases, and never deleted here."""

    empty_words = "No tenant yet. Add the first one, with a person as its owner."
    list_display = ("name", "slug", "time_zone", "alerts_to", "people", "since")
    search_fields = ("name", "slug", "alert_email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Members name their tenant without a way back, so that no code walks over the wall.
        members = Member.objects.filter(tenant=OuterRef("pk")).order_by().values("tenant")
        people = Subquery(members.annotate(n=Count("pk")).values("n"))
        return super().get_queryset(request).annotate(people_count=Coalesce(people, 0))

    @admin.display(description="Alerts to")
    def alerts_to(self, tenant: Tenant) -> SafeString:
        return shown.text_of(tenant.alert_email or "owners and admins")

    @admin.display(description="Members", ordering="people_count")
    def people(self, tenant: Any) -> int:
        return int(tenant.people_count)

    @admin.display(description="Since", ordering="created_at")
    def since(self, tenant: Tenant) -> SafeString:
        return shown.when(tenant.created_at)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:tenant_id>/members/<int:user_id>/remove/",
                wrap(self.remove_member),
                name="tenants_tenant_remove_member",
            ),
            path("<int:tenant_id>/edit/", wrap(self.edit), name="tenants_tenant_edit"),
            *super().get_urls(),
        ]

    @acts
    @confirms
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.require(request, "add")

        def create(given: dict[str, Any]) -> str:
            tenant = services.create_tenant(**given, actor=actor_of(self.person(request)))
            made.append(tenant.pk)
            return f"{tenant} is there; {given['owner']} owns it."

        made: list[int] = []
        return self.ask(
            request,
            title="Add a tenant",
            form=lambda data: NewTenantForm(data, initial={"time_zone": "UTC"}),
            act=create,
            done=lambda: self.page_url("change", made[0]),
        )

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        tenant: Tenant = self.find(object_id)
        if request.method == "POST":
            self.require(request)
            if (detour := confirm_first(request)) is not None:
                return detour

        def place(given: dict[str, Any]) -> str:
            role = Role(given["role"])
            services.add_member(
                tenant_id=tenant.pk,
                user=given["user"],
                role=role,
                actor=actor_of(self.person(request)),
            )
            return f"{given['user']} is {role.label.lower()} of {tenant} now."

        with platform_scope():
            members = list(Member.objects.filter(tenant=tenant).select_related("user"))
        members.sort(key=lambda member: (list(Role).index(Role(member.role)), member.user.email))
        return self.ask(
            request,
            title=str(tenant),
            form=MemberForm,
            act=place,
            done=self.page_url("change", tenant.pk),
            template="staff/tenant.html",
            tenant=tenant,
            members=members,
        )

    @acts
    def edit(self, request: HttpRequest, tenant_id: int) -> HttpResponse:
        self.require(request)
        tenant: Tenant = self.find(tenant_id)
        now = {name: getattr(tenant, name) for name in ("name", "time_zone", "alert_email")}

        def change(given: dict[str, Any]) -> str:
            services.change_tenant(
                tenant_id=tenant.pk, actor=actor_of(self.person(request)), **given
            )
            return "Saved."

        return self.ask(
            request,
            title=f"Edit {tenant}",
            form=lambda data: TenantForm(data, initial=now),
            act=change,
            done=self.page_url("change", tenant.pk),
            back=self.page_url("change", tenant.pk),
        )

    @acts
    @confirms
    def remove_member(
        self, request: HttpRequest, tenant_id: int, user_id: int
    ) -> HttpResponseRedirect:
        self.require(request)

        def remove() -> str:
            person = get_object_or_404(User, pk=user_id)
            services.remove_member(
                tenant_id=tenant_id, user=person, actor=actor_of(self.person(request))
            )
            return f"{person} is no member any more."

        return self.do(request, remove, self.page_url("change", tenant_id))
