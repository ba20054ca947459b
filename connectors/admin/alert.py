"""Staff pages of the e-mails that told tenants what waits for people. Read-only."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from connectors.models import Alert
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin


@admin.register(Alert)
class AlertAdmin(StaffAdmin):
    """Newest first."""

    empty_words = "No e-mail yet. One is sent when something waits for people."
    list_display = ("subject", "tenant", "recipients", "sent")
    list_filter = (("tenant", AutocompleteSelectFilter),)
    list_select_related = ("tenant",)
    search_fields = ("subject", "body")
    ordering = ("-id",)
    fields = ("tenant", "subject", "at", "recipients", "text")
    readonly_fields = ("text",)

    @admin.display(description="Sent", ordering="at")
    def sent(self, alert: Alert) -> SafeString:
        return shown.when(alert.at)

    @admin.display(description="What it said")
    def text(self, alert: Alert) -> SafeString:
        return format_html('<div class="staff-lines">{}</div>', alert.body.strip())
