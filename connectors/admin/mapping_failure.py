"""Staff pages of mapping failures: what is missing, how much waits for it, and resolving it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.views import ChangeList

from audit.actors import shown_name
from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.core.states import State
from connectors.models import Document, Mapping, MappingFailure, ReferenceItem
from connectors.services import mapping, replay
from connectors.services.waiting_money import waiting_amounts, weight
from tenants.scope import platform_scope
from tenants.staff import forms as fields
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts

_SHOWN = 25


class TargetForm(forms.Form):
    """One of the target's items, found by typing."""

    def __init__(self, data: Any, *, items: QuerySet[ReferenceItem], label: str) -> None:
        super().__init__(data)
        offered = [(item.key, str(item)) for item in items]
        self.fields["target_key"] = fields.searched(label, offered)


class WithAmounts(ChangeList):
    """Adds to the page's rows how much money waits, in one query for all of them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        amounts = waiting_amounts([row.pk for row in rows])
        for row in rows:
            row.amounts = amounts.get(row.pk, {})
        self.result_list = rows


@admin.register(MappingFailure)
class MappingFailureAdmin(StaffAdmin):
    """One row per missing thing, the one that holds up most money first."""

    empty_words = "Nothing is missing: every document found its vendors, accounts and taxes."
    hidden_fields = (
        "integration__source__sealed_credentials",
        "integration__target__sealed_credentials",
    )
    list_display = (
        "name",
        "amount",
        "documents",
        "kind_name",
        "opened",
        "status_badge",
        "where",
    )
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        ("integration", AutocompleteSelectFilter),
        ("status", ChoicesDropdownFilter),
        "kind",
    )
    list_select_related = ("tenant", "integration")
    search_fields = ("label", "source_key")
    actions = ("replay_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.model._default_manager.defer("freed")
        rows = rows.annotate(documents_count=Count("waits"), weight=weight())
        return rows.order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("status", "-weight", "-documents_count", "label")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithAmounts

    @admin.display(description="Missing", ordering="label")
    def name(self, failure: MappingFailure) -> SafeString:
        return shown.wrapped(capfirst(failure.label))

    @admin.display(description="Tenant", ordering="tenant__name")
    def where(self, failure: MappingFailure) -> SafeString:
        return shown.hinted(failure.tenant, f"Integration {failure.integration}")

    @admin.display(description="Kind", ordering="kind")
    def kind_name(self, failure: MappingFailure) -> str:
        return kind_name(failure)

    @admin.display(description="Documents", ordering="documents_count")
    def documents(self, failure: Any) -> str:
        return f"{failure.documents_count:,}"

    @admin.display(description="Money waiting", ordering="weight")
    def amount(self, failure: Any) -> SafeString:
        return shown.sums(failure.amounts)

    @admin.display(description="Status", ordering="status")
    def status_badge(self, failure: MappingFailure) -> SafeString:
        return status(failure)

    @admin.display(description="Since", ordering="opened_at")
    def opened(self, failure: MappingFailure) -> SafeString:
        return shown.when(failure.opened_at)

    @admin.action(description="Replay the documents that wait", permissions=["act"])
    def replay_chosen(self, request: HttpRequest, chosen: QuerySet[MappingFailure]) -> None:
        actor = actor_of(self.person(request))
        number = sum(replay.replay_failure(failure, actor=actor) for failure in list(chosen))
        self.message_user(request, f"{number} documents will be read and decided anew.")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/replay/", wrap(self.replay), name="connectors_mappingfailure_replay"),
            *super().get_urls(),
        ]

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What is missing, likely targets first, and all the others to search."""
        self.require(request, "change" if request.method == "POST" else "view")
        failure = self._one(object_id)
        with platform_scope():
            shown_here = _resolved(failure) if _is_resolved(failure) else _open(failure)

        def form(data: Any) -> TargetForm:
            items = mapping.targets(failure.integration, failure.kind)
            return TargetForm(
                data, items=items, label=f"{kind_name(failure)} in {failure.integration.target}"
            )

        def resolve(given: dict[str, Any]) -> str:
            actor = actor_of(self.person(request))
            freed = mapping.resolve(failure, target_key=given["target_key"], actor=actor)
            return f"Mapped. {freed} document{pluralize(freed)} will post now."

        return self.ask(
            request,
            title=capfirst(failure.label),
            form=form,
            act=resolve,
            done=self.page_url("change", failure.pk),
            template="staff/mapping_failure.html",
            failure=failure,
            status=status(failure),
            **shown_here,
        )

    @acts
    def replay(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        self.require(request)
        failure = self._one(pk)

        def again() -> str:
            number = replay.replay_failure(failure, actor=actor_of(self.person(request)))
            return f"{number} documents will be read and decided anew."

        return self.do(request, again, self.page_url("change", pk))

    def _one(self, object_id: str | int) -> MappingFailure:
        related = ("tenant", "integration__source", "integration__target")
        failure: MappingFailure = self.find(object_id, *related)
        return failure


def _is_resolved(failure: MappingFailure) -> bool:
    return failure.status == MappingFailure.Status.RESOLVED


def _open(failure: MappingFailure) -> dict[str, Any]:
    """What is likely meant, and what waits for it."""
    waiting = Document.objects.filter(waits__failure=failure)
    return {
        "suggestions": mapping.suggestions(failure, registry.flow(failure.integration.flow)),
        "amounts": shown.sums(waiting_amounts([failure.pk]).get(failure.pk, {})),
        **_documents(waiting),
    }


def _resolved(failure: MappingFailure) -> dict[str, Any]:
    """What was chosen, and what became of the documents that waited."""
    freed = Document.objects.filter(pk__in=failure.freed)
    counts = dict(freed.order_by().values_list("state").annotate(number=Count("pk")))
    moving = any(counts.get(state) for state in (State.DUE, State.DELIVERING, State.UNCONFIRMED))
    return {
        "chosen": _chosen(failure),
        "resolved_by": shown_name(failure.resolved_by),
        "became": [(tones.state(s), counts[s]) for s in tones.STATE_ORDER if counts.get(s)],
        "refresh": 3 if moving else None,
        **_documents(freed),
    }


def _chosen(failure: MappingFailure) -> ReferenceItem | None:
    """The target that it is mapped to now; None where nobody chose one, or not any more."""
    chosen = Mapping.objects.filter(
        integration=failure.integration, kind=failure.kind, source_key=failure.source_key
    )
    return ReferenceItem.objects.filter(
        connection=failure.integration.target,
        kind=failure.kind,
        key__in=chosen.values("target_key"),
    ).first()


def _documents(documents: QuerySet[Document]) -> dict[str, Any]:
    """The first of these documents by day, and how many there are."""
    rows = documents.defer("record", "sightings").order_by("day", "pk")[:_SHOWN]
    return {
        "documents": [
            (row, shown.money(row.total, row.currency), tones.state(row.state)) for row in rows
        ],
        "number": documents.count(),
    }


def kind_name(row: Any) -> str:
    """What a kind of mapping is called in its flow."""
    flow = registry.flow(row.integration.flow)
    return flow.mapping_kinds.get(row.kind, tones.plain(row.kind))


def status(failure: MappingFailure) -> SafeString:
    is_open = failure.status == MappingFailure.Status.OPEN
    return shown.badge(failure.get_status_display(), "warn" if is_open else "good")
