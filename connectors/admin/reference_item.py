"""Staff pages of reference items: each side's master data as last read. Read-only."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from connectors.models import ReferenceItem
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin


@admin.register(ReferenceItem)
class ReferenceItemAdmin(StaffAdmin):
    """Vendors, accounts, taxes and currencies by connection."""

    empty_words = "No master data yet. The first run of an integration reads both sides' lists."
    hidden_fields = ("connection__sealed_credentials",)
    list_display = ("name", "number", "kind", "tenant", "connection", "key", "active", "seen")
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        ("connection", AutocompleteSelectFilter),
        "kind",
        "active",
    )
    list_select_related = ("tenant", "connection")
    search_fields = ("name", "number", "key")
    ordering = ("kind", "name")
    fields = (
        "tenant",
        "connection",
        "kind",
        "key",
        "number",
        "name",
        "active",
        "what",
        "seen_at",
    )
    readonly_fields = ("what",)

    @admin.display(description="Seen", ordering="seen_at")
    def seen(self, item: ReferenceItem) -> SafeString:
        return shown.when(item.seen_at)

    @admin.display(description="As the provider says")
    def what(self, item: ReferenceItem) -> SafeString:
        return shown.pretty_json(item.attributes)
