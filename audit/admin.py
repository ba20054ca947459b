"""Staff pages of the audit: every event of every tenant, with its place in the chain. Read-only."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from audit.models import AuditEvent, PlatformEvent
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(StaffAdmin):
    """Newest first; looked for by what people know: a number, an actor, an action."""

    empty_words = "Nothing has happened yet. Whatever anybody does from now on stands here."
    list_display = ("event", "moment", "tenant", "actor", "source", "target", "short_hash")
    list_filter = (("tenant", AutocompleteSelectFilter),)
    search_fields = ("actor", "action", "source_number", "target_number", "source_id", "target_id")
    list_select_related = ("tenant",)
    ordering = ("-at", "-sequence")
    fields = (
        "tenant",
        "sequence",
        "exact",
        "actor",
        "action",
        "source",
        "target",
        "integration_id",
        "run_id",
        "document_id",
        "what",
        "previous_hash",
        "hash",
    )
    readonly_fields = ("exact", "source", "target", "what")

    @admin.display(description="Event", ordering="sequence")
    def event(self, row: AuditEvent) -> SafeString:
        return format_html("{} <b>{}</b>", f"#{row.sequence}", row.action)

    @admin.display(description="When", ordering="at")
    def moment(self, row: AuditEvent) -> SafeString:
        return shown.when(row.at)

    @admin.display(description="When")
    def exact(self, row: AuditEvent) -> str:
        return f"{row.at:%Y-%m-%d %H:%M:%S.%f %Z}"

    @admin.display(description="Source")
    def source(self, row: AuditEvent) -> SafeString:
        return _named(row.source_kind, row.source_number, row.source_id)

    @admin.display(description="Target")
    def target(self, row: AuditEvent) -> SafeString:
        return _named(row.target_kind, row.target_number, row.target_id)

    @admin.display(description="Details")
    def what(self, row: AuditEvent) -> SafeString:
        return shown.pretty_json(row.details)

    @admin.display(description="Hash")
    def short_hash(self, row: AuditEvent) -> SafeString:
        return format_html('<code title="{}">{}…</code>', row.hash, row.hash[:8])


@admin.register(PlatformEvent)
class PlatformEventAdmin(StaffAdmin):
    """What happened to people, groups and rights. For superusers: it names everybody."""

    empty_words = "Nothing has happened yet. Changes of people and of their rights stand here."
    list_display = ("event", "moment", "actor", "subject", "short_hash")
    search_fields = ("actor", "action", "subject")
    ordering = ("-sequence",)
    fields = ("sequence", "exact", "actor", "action", "subject", "what", "previous_hash", "hash")
    readonly_fields = ("exact", "what")

    def may(self, request: HttpRequest, verb: str) -> bool:
        return verb == "view" and bool(self.person(request).is_superuser)

    @admin.display(description="Event", ordering="sequence")
    def event(self, row: PlatformEvent) -> SafeString:
        return format_html("{} <b>{}</b>", f"#{row.sequence}", row.action)

    @admin.display(description="When", ordering="at")
    def moment(self, row: PlatformEvent) -> SafeString:
        return shown.when(row.at)

    @admin.display(description="When")
    def exact(self, row: PlatformEvent) -> str:
        return f"{row.at:%Y-%m-%d %H:%M:%S.%f %Z}"

    @admin.display(description="Details")
    def what(self, row: PlatformEvent) -> SafeString:
        return shown.pretty_json(row.details)

    @admin.display(description="Hash")
    def short_hash(self, row: PlatformEvent) -> SafeString:
        return format_html('<code title="{}">{}…</code>', row.hash, row.hash[:8])


def _named(kind: str, number: str, key: str) -> SafeString:
    if not kind:
        return shown.NOTHING
    name = number or key
    return format_html('<span title="{}">{} {}</span>', f"id {key}", kind.replace("_", " "), name)
