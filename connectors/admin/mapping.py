"""Staff pages of mappings: what was linked to what, by whom and why, and linking it to another."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.views import ChangeList

from audit.actors import user as actor_of
from connectors.admin.mapping_failure import TargetForm, kind_name
from connectors.admin.posted_policy import page as posted_policy_page
from connectors.models import Mapping
from connectors.pages.mapping_sides import name_both_sides
from connectors.services import mapping, posted_policy
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts


class WithNames(ChangeList):
    """Adds both sides' names to the page's rows, in one query for all of them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        name_both_sides(rows)
        self.result_list = rows


@admin.register(Mapping)
class MappingAdmin(StaffAdmin):
    """Every tenant's mappings."""

    empty_words = "No mapping yet. The first run links what needs no person; the rest is asked for."
    hidden_fields = (
        "integration__source__sealed_credentials",
        "integration__target__sealed_credentials",
    )
    list_display = ("source", "target", "kind_name", "where", "why", "changed")
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        ("integration", AutocompleteSelectFilter),
        ("origin", ChoicesDropdownFilter),
        "kind",
    )
    list_select_related = ("tenant", "integration")
    search_fields = ("source_key", "target_key", "evidence", "actor")
    ordering = ("-changed_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithNames

    @admin.display(description="Source", ordering="source_key")
    def source(self, row: Any) -> SafeString:
        return _side(row.source_name, row.source_key)

    @admin.display(description="Target", ordering="target_key")
    def target(self, row: Any) -> SafeString:
        return _side(row.target_name, row.target_key)

    @admin.display(description="Tenant", ordering="tenant__name")
    def where(self, row: Mapping) -> SafeString:
        return shown.hinted(row.tenant, f"Integration {row.integration}")

    @admin.display(description="Kind", ordering="kind")
    def kind_name(self, row: Mapping) -> str:
        return kind_name(row)

    @admin.display(description="Why", ordering="origin")
    def why(self, row: Mapping) -> SafeString:
        return shown.words(f"{row.get_origin_display()}: {row.evidence or row.actor}", 60)

    @admin.display(description="Changed", ordering="changed_at")
    def changed(self, row: Mapping) -> SafeString:
        return shown.when(row.changed_at)

    def get_urls(self) -> list[URLPattern]:
        apply = self.admin_site.admin_view(self.apply)
        return [
            path("<int:pk>/apply/", apply, name="connectors_mapping_apply"),
            *super().get_urls(),
        ]

    @acts
    def apply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What this mapping would change of posted documents; confirmed, it does."""
        self.require(request)
        row: Any = self.find(pk, "tenant", "integration")
        with platform_scope():
            name_both_sides([row])
        name = row.source_name or row.source_key
        return posted_policy_page(
            self,
            request,
            row.integration,
            posted_policy.of_mapping(row),
            title=f"Apply {kind_name(row).lower()} {name} to posted documents",
            says=f"{name} is mapped to {row.target_name or row.target_key}. These documents were "
            "posted with another target, and keep it unless you apply the mapping to them too.",
            back=self.page_url("change", pk),
        )

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Where it came from, and another target for what is not posted yet."""
        self.require(request, "change" if request.method == "POST" else "view")
        related = ("tenant", "integration__source", "integration__target")
        row: Any = self.find(object_id, *related)
        with platform_scope():
            name_both_sides([row])

        def form(data: Any) -> TargetForm:
            items = mapping.targets(row.integration, row.kind)
            return TargetForm(data, items=items, label="Another target")

        def set_mapping(given: dict[str, Any]) -> str:
            mapping.set_mapping(
                row.integration,
                kind=row.kind,
                source_key=row.source_key,
                target_key=given["target_key"],
                actor=actor_of(self.person(request)),
            )
            return "Changed. It counts for whatever is posted from now on."

        return self.ask(
            request,
            title=f"{kind_name(row)} {row.source_name or row.source_key}",
            form=form,
            act=set_mapping,
            done=self.page_url("change", row.pk),
            template="staff/mapping.html",
            mapping=row,
            kind=kind_name(row),
            source=_side(row.source_name, row.source_key),
            target=_side(row.target_name, row.target_key),
        )


def _side(name: str, key: str) -> SafeString:
    if not name or name == key:
        return format_html("{}", key)
    return format_html('<span title="{}">{}</span>', key, name)
