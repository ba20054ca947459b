"""Staff pages that set both sides' master data side by side: what matches, what stands alone.

Rows come from the alignment use case; here they are only chosen, counted and shown.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.core.alignment import Aligned, Standing
from connectors.core.flow import Flow
from connectors.core.references import ReferenceRow
from connectors.core.storable import storable_text
from connectors.models import Document, Integration
from connectors.pages.aligned import says, wanted
from connectors.services import alignment, mapping
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts

PERMISSION = "connectors.view_referenceitem"
CHANGE = "connectors.change_mapping"
_PER_PAGE = 100
_TONES = {
    Standing.BROKEN: "bad",
    Standing.INACTIVE: "warn",
    Standing.RENAMED: "warn",
    Standing.ONLY_SOURCE: "busy",
    Standing.ONLY_TARGET: "neutral",
    Standing.MATCHED: "good",
}


class AlignmentPages(StaffAdmin):
    """Two pages beside those of integrations: which one, and its lists."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("alignment/", wrap(self.alignments), name="connectors_integration_alignments"),
            path(
                "<int:pk>/alignment/",
                wrap(self.alignment),
                name="connectors_integration_alignment",
            ),
            path(
                "<int:pk>/alignment/confirm/",
                wrap(self.confirm_link),
                name="connectors_integration_confirm",
            ),
            *super().get_urls(),
        ]

    def alignments(self, request: HttpRequest) -> HttpResponse:
        _require(request)
        rows = Integration.objects.select_related("tenant").order_by("tenant__name", "name")
        choices = [
            {
                "title": row.name,
                "words": f"{row.tenant}, {registry.flow(row.flow).title}",
                "icon": "compare_arrows",
                "url": self.page_url("alignment", row.pk),
            }
            for row in rows
        ]
        empty = "There is no integration yet whose sides could be compared."
        return self.show(request, "staff/choose.html", "Side by side", choices=choices, empty=empty)

    @acts
    def alignment(self, request: HttpRequest, pk: int) -> HttpResponse:
        _require(request)
        integration: Integration = self.find(pk, "tenant", "source", "target")
        flow = registry.flow(integration.flow)
        counts = alignment.summary(integration, flow)
        kinds = list(flow.mapping_kinds)
        kind = request.GET.get("kind", "")
        kind = kind if kind in counts else next(iter(kinds), "")
        rows = alignment.rows(integration, kind)
        standing, text = request.GET.get("standing", ""), request.GET.get("q", "").strip()
        found = [row for row in rows if wanted(row, standing, text)]
        page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
        return self.show(
            request,
            "staff/alignment.html",
            f"{integration.name}, side by side",
            integration=integration,
            kind=kind,
            keeping=alignment.keeping(integration, flow, kind),
            kinds=[(key, flow.mapping_kinds[key], sum(counts[key].values())) for key in kinds],
            standing=standing,
            standings=[
                (one.value, says(one, integration), number, _TONES[one])
                for one in Standing
                if (number := counts.get(kind, {}).get(one))
            ],
            q=text,
            page=page,
            rows=_lines(list(page.object_list), integration, flow, kind),
            may_confirm=_may_confirm(request),
        )

    @acts
    def confirm_link(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A person says of two that look the same that they are."""
        _require(request)
        if not _may_confirm(request):
            raise PermissionDenied
        integration: Integration = self.find(pk, "tenant", "source", "target")
        kind = storable_text(request.POST.get("kind", ""))

        def confirm() -> str:
            mapping.confirm(
                integration,
                kind=kind,
                source_key=storable_text(request.POST.get("source_key", "")),
                actor=actor_of(self.person(request)),
            )
            return "Confirmed. It is kept up from the next run on, where the options say so."

        done = f"{self.page_url('alignment', pk)}?{urlencode({'kind': kind})}"
        return self.do(request, confirm, done)


def _require(request: HttpRequest) -> None:
    user: Any = request.user
    if not user.has_perm(PERMISSION):
        raise PermissionDenied


def _may_confirm(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.has_perm(CHANGE))


def _lines(
    rows: Sequence[Aligned], integration: Integration, flow: Flow, kind: str
) -> list[dict[str, Any]]:
    """Rows as the page shows them, each with its document where its owner's word is kept."""
    documents = alignment.documents(integration, flow, kind, rows)
    unconfirmed = alignment.unconfirmed(integration, flow, kind)
    return [
        _shown(row, document, integration, open_question=row.source_key in unconfirmed)
        for row, document in zip(rows, documents, strict=True)
    ]


def _shown(
    row: Aligned, document: Document | None, integration: Integration, *, open_question: bool
) -> dict[str, Any]:
    return {
        "unconfirmed": open_question,
        "source": row.source,
        "source_key": row.source_key,
        "source_off": _off(row.source),
        "target": row.target,
        "target_key": row.target_key,
        "target_off": _off(row.target),
        "standing": shown.badge(says(row.standing, integration), _TONES[row.standing]),
        "mapping_url": _mapping_url(row, integration),
        "document": document,
        "state": tones.state(document.state) if document else "",
    }


def _off(side: ReferenceRow | None) -> SafeString | str:
    return shown.badge("inactive", "warn") if side is not None and not side.active else ""


def _mapping_url(row: Aligned, integration: Integration) -> str:
    if not (row.source_key and row.target_key):
        return ""
    query = {"integration__id__exact": integration.pk, "kind": row.kind, "q": row.source_key}
    return f"{reverse('admin:connectors_mapping_changelist')}?{urlencode(query)}"
