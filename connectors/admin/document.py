"""Staff pages of documents: the ledger as a list, and what people may do about a document."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.admin.document_page import document_page
from connectors.admin.exit_buttons import anew_words
from connectors.admin.linking import LinkPages
from connectors.core.states import State
from connectors.models import Document
from connectors.services import anew, drift, replay, seen
from connectors.services.document_search import by_amount, by_link, readable
from tenants.scope import platform_scope
from tenants.staff import forms as fields
from tenants.staff import shown
from tenants.staff.site import acts


class ReasonForm(forms.Form):
    """Why a person does this to a document."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = fields.long_text("Reason", "Stays in the audit trail with your name.")


@admin.register(Document)
class DocumentAdmin(LinkPages):
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
        ("tenant", AutocompleteSelectFilter),
        ("integration", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        "stream",
    )
    list_select_related = ("tenant", "integration")
    search_fields = ("number", "party", "key")
    search_help_text = (
        "Number in either system, our reference, an id in either system, party, or an amount"
    )
    ordering = ("-state_at",)
    actions = ("replay_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.defer("record", "sightings")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What Django finds in the document itself, and what stands in its links or its amount."""
        term = readable(search_term)
        found, duplicates = super().get_search_results(request, queryset, term)
        if not term:
            return found, duplicates
        ids = found.order_by().values("pk")
        return queryset.filter(Q(pk__in=ids) | by_link(term) | by_amount(term)), False

    @admin.display(description="Document", ordering="number")
    def heading(self, document: Document) -> SafeString:
        place = shown.hinted(document.tenant, f"Integration {document.integration}")
        return format_html(
            '{}<span class="staff-below">{}</span>', capfirst(self.name(document)), place
        )

    @staticmethod
    def name(document: Document) -> str:
        return tones.document_name(document)

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
            path("<int:pk>/anew/", wrap(self.anew), name="connectors_document_anew"),
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
            **context,
        )

    @acts
    def replay(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        self.require(request)
        document = self._one(pk)

        def again() -> str:
            actor = actor_of(self.person(request))
            given = request.POST.get("seen", "")
            replay.replay_documents(document.tenant.pk, [document.pk], actor=actor, seen=given)
            if document.state == State.POSTED:
                return "It is read, decided and compared on the other side in a moment."
            return "It is read and decided again in a moment."

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
                seen=request.POST.get("seen", ""),
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
            posted = replay.dismiss(
                document.tenant.pk,
                document.pk,
                reason=given["reason"],
                actor=actor,
                seen=given["seen"],
            )
            if posted:
                return (
                    "Dismissed; what was posted stays. A change or cancellation at the source is "
                    "decided again, and so is a replay."
                )
            return "Dismissed. Whoever waited for it is decided again; a replay brings it back."

        return self.ask(
            request,
            title=f"Dismiss {self.name(document)}",
            form=_reason_form(request, document),
            note=_standing(document),
            act=dismiss,
            done=self.page_url("change", pk),
            back=self.page_url("change", pk),
            submit="Dismiss",
        )

    @acts
    def anew(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Post once more what is gone, or a successor of what cannot be reopened."""
        self.require(request)
        document = self._one(pk)

        def post(given: dict[str, Any]) -> str:
            number = anew.post_anew(
                document.tenant.pk,
                document.pk,
                reason=given["reason"],
                resolve=registry.resolve,
                actor=actor_of(self.person(request)),
                seen=given["seen"],
            )
            return f"{number} record{'' if number == 1 else 's'} will be posted in a moment."

        words = anew_words(document)
        return self.ask(
            request,
            title=f"{words}: {self.name(document)}",
            form=_reason_form(request, document),
            note=_standing(document),
            act=post,
            done=self.page_url("change", pk),
            back=self.page_url("change", pk),
            submit=words,
        )

    def _one(self, object_id: str | int) -> Document:
        related = ("tenant", "integration__source", "integration__target")
        document: Document = self.find(object_id, *related)
        return document


def _reason_form(request: HttpRequest, document: Document) -> Callable[[Any], forms.Form]:
    """The form carries on what its person saw on the document's page, or sees on its own."""
    known = request.GET.get("seen") or seen.digest(document)
    return lambda data: ReasonForm(data, initial={"seen": known})


def _standing(document: Document) -> str:
    """Where it stands while the form is shown."""
    because = f": {document.words}" if document.words else "."
    return f"It is {document.get_state_display()}{because}"
