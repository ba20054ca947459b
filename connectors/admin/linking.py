"""Staff pages that link documents to records which people typed in before: one, or many."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from audit.actors import user as actor_of
from connectors import registry
from connectors.core.errors import ConnectorError
from connectors.models import Document, Integration
from connectors.services import linking, seen
from tenants.staff import forms as fields
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts


class AlignForm(forms.Form):
    """Whether what differs is to be written; carries what was compared and seen."""

    compared = forms.CharField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    align = fields.yes_no(
        "Also bring it into line",
        "Write our values and our mark to the record. Otherwise it stays as it is until the "
        "document changes.",
    )


class LinkPages(StaffAdmin):
    """Adds “link to an existing record” to the page of a document."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/link/", wrap(self.link_existing), name="connectors_document_link"),
            *super().get_urls(),
        ]

    @acts
    def link_existing(self, request: HttpRequest, pk: int) -> HttpResponse:
        """First choose a record, then see both sides and confirm."""
        self.require(request)
        document: Document = self.find(pk, "tenant", "integration__source", "integration__target")
        target = request.GET.get("target", "").strip()
        context = {
            "document": document,
            "there": document.integration.target,
            "part": request.GET.get("part", ""),
            "target": target,
            "known": request.GET.get("seen") or seen.digest(document),
            "back": self.page_url("change", pk),
        }
        return (self._compare if target else self._choose)(request, context)

    def _choose(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """The records that it may be."""
        document: Document = context["document"]
        problem, offers = "", []
        if request.method == "POST":
            problem = "Choose a record first."
        try:
            offers = linking.offers(document.tenant.pk, document.pk, resolve=registry.resolve)
        except ConnectorError as error:
            problem = str(error)
        title = f"Link {document} to an existing record"
        return self.show(
            request, "staff/link.html", title, offers=offers, problem=problem, **context
        )

    def _compare(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Both sides beside each other, and the choice to link them."""
        document: Document = context["document"]
        chosen = {"part": context["part"], "target": context["target"]}

        def link(given: dict[str, Any]) -> str:
            actor = actor_of(self.person(request))
            pair = linking.link(
                document.tenant.pk,
                document.pk,
                **chosen,
                **given,
                resolve=registry.resolve,
                actor=actor,
            )
            return f"Linked to {pair.state.number}. Nothing is posted a second time."

        if request.method != "POST":
            try:
                context["pair"] = linking.preview(
                    document.tenant.pk, document.pk, **chosen, resolve=registry.resolve
                )
            except ConnectorError as error:
                context["problem"] = str(error)
        return self.ask(
            request,
            title=f"Link {document} to an existing record",
            form=AlignForm,
            act=link,
            done=context["back"],
            template="staff/link.html",
            **context,
        )


class ExactMatchPages(StaffAdmin):
    """Adds “link all exact matches” to the page of an integration, with a preview."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/matches/", wrap(self.matches), name="connectors_integration_matches"),
            *super().get_urls(),
        ]

    @acts
    def matches(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would be linked; then link it."""
        self.require(request)
        integration = self.find(pk, "tenant", "source", "target")
        shown = {} if request.method == "POST" else _compared(integration)

        def link(_: dict[str, Any]) -> str:
            number, left = linking.link_exact(
                integration.tenant_id,
                pk,
                resolve=registry.resolve,
                actor=actor_of(self.person(request)),
            )
            said = f"{number} document{'' if number == 1 else 's'} linked."
            return " ".join([said, *(f"Left: {words}" for words in left[:20])])

        return self.ask(
            request,
            title=f"Link all exact matches of {integration.name}",
            form=forms.Form,
            act=link,
            done=self.page_url("change", pk),
            template="staff/matches.html",
            **shown,
            there=integration.target,
            back=self.page_url("change", pk),
        )


def _compared(integration: Integration) -> dict[str, Any]:
    """The matches of a page, with what keeps it from being all of them."""
    try:
        found, more = linking.exact_matches(
            integration.tenant.pk, integration.pk, resolve=registry.resolve
        )
    except ConnectorError as error:
        return {"matches": [], "note": str(error)}
    first = f"The first {linking.MOST_COMPARED} held documents were compared."
    note = f"{first} Linking goes through all of them." if more else ""
    return {"matches": found, "more": more, "note": note}
