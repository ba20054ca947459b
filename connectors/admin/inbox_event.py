"""Staff pages of the inbox: every hint that a webhook brought, and following it once more."""

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.views import ChangeList

from audit.actors import user as actor_of
from connectors.admin import tones
from connectors.admin.inbox_documents import documents_of
from connectors.engine import echoes
from connectors.models import InboxEvent
from connectors.services import webhooks
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts

_MOST = 20


class Echoes(admin.SimpleListFilter):
    """What our own writes made a provider say is folded away until somebody asks for it."""

    title = "our own writes"
    parameter_name = "echoes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("shown", "Show them too"), ("only", "Only them")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "shown":
            return queryset
        echoed = Q(words=echoes.WORDS)
        return queryset.filter(echoed if self.value() == "only" else ~echoed)


class WithDocuments(ChangeList):
    """Adds to the page's rows the document that each speaks of, in two queries for all of them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        documents = documents_of(rows)
        for row in rows:
            row.documents = documents.get(row.pk, [])
        self.result_list = rows


@admin.register(InboxEvent)
class InboxEventAdmin(StaffAdmin):
    """Newest first. A hint is never trusted for content: following it reads the record afresh."""

    empty_words = "No delivery yet, or the filters leave nothing over. Refused ones are not stored."
    hidden_fields = ("connection__sealed_credentials",)
    list_display = (
        "record",
        "about",
        "action",
        "connection_name",
        "tenant",
        "status_badge",
        "received",
        "says",
    )
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        ("connection", AutocompleteSelectFilter),
        "resource",
        ("status", ChoicesDropdownFilter),
        Echoes,
    )
    list_select_related = ("tenant", "connection")
    search_fields = ("key", "event_id")
    search_help_text = "The record's key, or the provider's id of the event"
    ordering = ("-id",)
    actions = ("follow_chosen",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithDocuments

    @admin.display(description="Document")
    def about(self, event: Any) -> SafeString:
        """The documents of the record, each a link; master data has none."""
        links = [
            (tones.document_url(row), capfirst(tones.document_name(row))) for row in event.documents
        ]
        if not links:
            return shown.NOTHING
        return format_html_join(", ", '<a class="staff-link" href="{}">{}</a>', links)

    @admin.display(description="Record", ordering="resource")
    def record(self, event: InboxEvent) -> str:
        return f"{event.resource} {event.key}"

    @admin.display(description="Connection", ordering="connection__name")
    def connection_name(self, event: InboxEvent) -> str:
        return event.connection.name

    @admin.display(description="Status", ordering="status")
    def status_badge(self, event: InboxEvent) -> SafeString:
        return tones.inbox_status(event)

    @admin.display(description="Received", ordering="received_at")
    def received(self, event: InboxEvent) -> SafeString:
        return shown.when(event.received_at)

    @admin.display(description="In words")
    def says(self, event: InboxEvent) -> SafeString:
        return shown.words(event.words)

    @admin.action(description="Follow again: read the records afresh", permissions=["act"])
    def follow_chosen(self, request: HttpRequest, chosen: Any) -> None:
        by_tenant: defaultdict[int, list[int]] = defaultdict(list)
        for tenant_id, pk in chosen.order_by().values_list("tenant_id", "pk"):
            by_tenant[tenant_id].append(pk)
        actor = actor_of(self.person(request))
        number = sum(
            webhooks.replay(tenant_id, ids, actor=actor) for tenant_id, ids in by_tenant.items()
        )
        self.message_user(request, f"{number} events will be followed again in a moment.")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/follow/", wrap(self.follow), name="connectors_inboxevent_follow"),
            *super().get_urls(),
        ]

    @acts
    def follow(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        self.require(request)
        event: InboxEvent = self.find(pk, "tenant")

        def again() -> str:
            webhooks.replay(event.tenant.pk, [event.pk], actor=actor_of(self.person(request)))
            return "It will be followed again in a moment."

        return self.do(request, again, self.page_url("change", pk))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        event: InboxEvent = self.find(object_id, "tenant", "connection")
        with platform_scope():
            documents = documents_of([event]).get(event.pk, [])[:_MOST]
        return self.show(
            request,
            "staff/inbox_event.html",
            self.record(event),
            event=event,
            status=tones.inbox_status(event),
            documents=[
                (row, tones.document_name(row), tones.state(row.state)) for row in documents
            ],
            source=shown.pretty_json(event.source),
        )
