"""Staff pages of documents: the ledger as a list, and what people may do about a document."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.admin.document_page import document_page
from connectors.core.states import State
from connectors.models import Document
from connectors.services import drift, replay
from tenants.scope import platform_scope
from tenants.staff import forms as fields
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts


class ReasonForm(forms.Form):
    """Why a document shall not be posted."""

    reason = fields.long_text("Why shall it not be posted?", "Stays in the audit with your name.")


@admin.register(Document)
class DocumentAdmin(StaffAdmin):
    """One row per source record; written by the engine and by use cases alone."""

    empty_words = (
        "No document. Either no integration has run yet, or the filters leave nothing over."
    )
    hidden_fields = (
        "integration__source__sealed_credentials",
        "integration__target__sealed_credentials",
    )
    list_display = (
        "heading",
        "party_name",
        "business_day",
        "amount",
        "state_badge",
        "why",
        "since",
    )
    list_filter = (
        ("tenant", RelatedDropdownFilter),
        ("integration", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        "stream",
    )
    list_select_related = ("tenant", "integration")
    search_fields = ("number", "party", "key")
    search_help_text = "Number, party or the source's own key"
    ordering = ("-state_at",)
    actions = ("replay_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.defer("record", "sightings")

    @admin.display(description="Document", ordering="number")
    def heading(self, document: Document) -> SafeString:
        place = shown.hinted(document.tenant, f"Integration {document.integration}")
        return format_html(
            '{}<span class="staff-below">{}</span>', capfirst(self.name(document)), place
        )

    @staticmethod
    def name(document: Document) -> str:
        return f"{tones.plain(document.stream)} {document.number or document.key}"

    @admin.display(description="Day", ordering="day")
    def business_day(self, document: Document) -> SafeString:
        return shown.text_of(document.day)

    @admin.display(description="Party", ordering="party")
    def party_name(self, document: Document) -> SafeString:
        return shown.words(document.party, 40)

    @admin.display(description="Total", ordering="total")
    def amount(self, document: Document) -> SafeString:
        return shown.money(document.total, document.currency)

    @admin.display(description="State", ordering="state")
    def state_badge(self, document: Document) -> SafeString:
        return tones.state(document.state)

    @admin.display(description="Why")
    def why(self, document: Document) -> SafeString:
        return shown.words(document.words, 90)

    @admin.display(description="Since", ordering="state_at")
    def since(self, document: Document) -> SafeString:
        return shown.when(document.state_at)

    @admin.action(description="Replay: read and decide anew", permissions=["act"])
    def replay_chosen(self, request: HttpRequest, chosen: QuerySet[Document]) -> None:
        by_tenant: defaultdict[int, list[int]] = defaultdict(list)
        for tenant_id, pk in chosen.order_by().values_list("tenant_id", "pk"):
            by_tenant[tenant_id].append(pk)
        actor = actor_of(self.person(request))
        number = sum(
            replay.replay_documents(tenant_id, ids, actor=actor)
            for tenant_id, ids in by_tenant.items()
        )
        self.message_user(request, f"{number} documents will be read and decided anew.")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/replay/", wrap(self.replay), name="connectors_document_replay"),
            path("<int:pk>/dismiss/", wrap(self.dismiss), name="connectors_document_dismiss"),
            path("<int:pk>/restore/", wrap(self.restore), name="connectors_document_restore"),
            path("<int:pk>/adopt/", wrap(self.adopt), name="connectors_document_adopt"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        document = self._one(object_id)
        with platform_scope():
            context = document_page(document)
        return self.show(
            request,
            "staff/document.html",
            capfirst(self.name(document)),
            may_dismiss=document.state in (State.WAITING, State.HELD),
            **context,
        )

    @acts
    def replay(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        self.require(request)
        document = self._one(pk)

        def again() -> str:
            actor = actor_of(self.person(request))
            replay.replay_documents(document.tenant.pk, [document.pk], actor=actor)
            return "It will be read and decided anew in a moment."

        return self.do(request, again, self.page_url("change", pk))

    @acts
    def restore(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Post anew what somebody changed at the target."""
        said = "Restored: what we posted will be posted again in a moment ({} changed)."
        return self._settle_drift(request, pk, drift.restore, said)

    @acts
    def adopt(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Let stand what somebody changed at the target."""
        said = "Adopted: what stands there is accepted ({} changed)."
        return self._settle_drift(request, pk, drift.adopt, said)

    def _settle_drift(
        self, request: HttpRequest, pk: int, decide: Callable[..., int], said: str
    ) -> HttpResponseRedirect:
        self.require(request)
        document = self._one(pk)

        def settle() -> str:
            number = decide(
                document.tenant.pk,
                document.pk,
                resolve=registry.resolve,
                actor=actor_of(self.person(request)),
            )
            if not number:
                return "Nothing differs there any more; it will be looked at again in a moment."
            return said.format(f"{number} field{'' if number == 1 else 's'}")

        return self.do(request, settle, self.page_url("change", pk))

    @acts
    def dismiss(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request)
        document = self._one(pk)

        def dismiss(given: dict[str, Any]) -> str:
            actor = actor_of(self.person(request))
            replay.dismiss(document.tenant.pk, document.pk, reason=given["reason"], actor=actor)
            return "Dismissed. A replay brings it back."

        return self.ask(
            request,
            title=f"Dismiss {self.name(document)}",
            form=ReasonForm,
            act=dismiss,
            done=self.page_url("change", pk),
            back=self.page_url("change", pk),
            submit="Dismiss",
        )

    def _one(self, object_id: str | int) -> Document:
        related = ("tenant", "integration__source", "integration__target")
        document: Document = self.find(object_id, *related)
        return document
