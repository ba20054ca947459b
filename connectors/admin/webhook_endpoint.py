"""Staff pages of webhook addresses: what to enter at a provider, what was refused, our hooks.

A secret stands on the page that answers its making, and nowhere else.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from audit.actors import user as actor_of
from connectors import registry
from connectors.core.errors import BadInputError
from connectors.models import Connection, InboxEvent, WebhookEndpoint
from connectors.services import webhooks
from connectors.transport.webhooks import WebhookSpec
from tenants.accounts.confirming import confirms
from tenants.scope import platform_scope
from tenants.staff import forms as fields
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts

_EVENTS = 10


class NewEndpointForm(forms.Form):
    """A connection that has no address yet, of a provider that sends webhooks."""

    connection = forms.ModelChoiceField(
        Connection.objects.none(), widget=fields.searched("", []).widget, label="Connection"
    )

    def __init__(self, data: Any, *, initial: Any) -> None:
        super().__init__(data, initial={"connection": initial})
        sends = [spec.key for spec in registry.PROVIDERS if spec.webhooks is not None]
        offered: Any = self.fields["connection"]
        offered.queryset = (
            Connection.objects.filter(provider__in=sends, endpoints=None)
            .defer("sealed_credentials")
            .select_related("tenant")
            .order_by("tenant__name", "name")
        )
        offered.label_from_instance = lambda row: f"{row.name} ({row.tenant})"


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(StaffAdmin):
    """One address per connection that listens."""

    empty_words = (
        "No address yet. An integration that listens opens its own; one can also be added by hand."
    )
    hidden_fields = ("sealed_secret", "connection__sealed_credentials")
    list_display = ("name", "tenant", "provider", "hooks_badge", "refusals", "last", "checked")
    list_filter = (("tenant", AutocompleteSelectFilter), "connection__provider")
    list_select_related = ("tenant", "connection")
    search_fields = ("connection__name", "tenant__name")
    ordering = ("tenant__name", "connection__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    @admin.display(description="Connection", ordering="connection__name")
    def name(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.connection.name

    @admin.display(description="Provider", ordering="connection__provider")
    def provider(self, endpoint: WebhookEndpoint) -> str:
        return registry.provider(endpoint.connection.provider).title

    @admin.display(description="Hooks")
    def hooks_badge(self, endpoint: WebhookEndpoint) -> SafeString:
        return hooks_state(endpoint)

    @admin.display(description="Refused", ordering="refused")
    def refusals(self, endpoint: WebhookEndpoint) -> str:
        return f"{endpoint.refused:,}"

    @admin.display(description="Last refused", ordering="refused_at")
    def last(self, endpoint: WebhookEndpoint) -> SafeString:
        return shown.when(endpoint.refused_at)

    @admin.display(description="Checked", ordering="checked_at")
    def checked(self, endpoint: WebhookEndpoint) -> SafeString:
        return shown.when(endpoint.checked_at)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/secret/", wrap(self.secret), name="connectors_webhookendpoint_secret"),
            path(
                "<int:pk>/check/", wrap(self.check_hooks), name="connectors_webhookendpoint_check"
            ),
            *super().get_urls(),
        ]

    @acts
    @confirms
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Open an address; the answer shows its secret."""
        self.require(request, "add")
        with platform_scope():
            asked = request.POST if request.method == "POST" else None
            form = NewEndpointForm(asked, initial=request.GET.get("connection"))
            valid = form.is_valid()
        if valid:
            try:
                endpoint, secret = webhooks.open_by_hand(
                    form.cleaned_data["connection"], actor=actor_of(self.person(request))
                )
            except BadInputError as error:
                form.add_error(None, str(error))
            else:
                return self._page(request, endpoint.pk, secret)
        return self.show(
            request, "staff/form.html", "Open a webhook address", form=form, media=form.media
        )

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        return self._page(request, object_id)

    @acts
    @confirms
    def secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a new secret; only this answer shows it."""
        self.require(request)
        if request.method != "POST":
            return HttpResponseRedirect(self.page_url("change", pk))
        endpoint = self._one(pk)
        actor = actor_of(self.person(request))
        secret = webhooks.renew_secret(endpoint.tenant.pk, endpoint.pk, actor=actor)
        return self._page(request, pk, secret)

    @acts
    def check_hooks(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Look for our hooks at the provider at once, and make good what is missing."""
        self.require(request)
        endpoint = self._one(pk)

        def check() -> str:
            if not _keeps(_spec(endpoint)):
                raise BadInputError("A person keeps these hooks; there is nothing to check here.")
            words = webhooks.keep_hooks(endpoint.tenant.pk, endpoint.pk, registry.provider)
            if words:
                raise BadInputError(words)
            return "Checked: the hooks are as they should be."

        return self.do(request, check, self.page_url("change", pk))

    def _page(self, request: HttpRequest, pk: int | str, secret: str = "") -> HttpResponse:
        endpoint = self._one(pk)
        spec = _spec(endpoint)
        with platform_scope():
            events = list(
                InboxEvent.objects.filter(connection=endpoint.connection_id).order_by("-pk")[
                    :_EVENTS
                ]
            )
        return self.show(
            request,
            "staff/webhook_endpoint.html",
            f"Webhooks of {endpoint.connection.name}",
            endpoint=endpoint,
            provider=registry.provider(endpoint.connection.provider),
            address=webhooks.address(endpoint),
            # Where the service tells the provider by itself, nobody needs to see it.
            secret="" if _keeps(spec) else secret,
            renewed=bool(secret),
            instructions=spec.instructions if spec else "",
            keeps=_keeps(spec),
            state=hooks_state(endpoint),
            hooks=shown.pretty_json(endpoint.hooks),
            events=events,
        )

    def _one(self, pk: int | str) -> WebhookEndpoint:
        endpoint: WebhookEndpoint = self.find(pk, "tenant", "connection")
        return endpoint


def hooks_state(endpoint: WebhookEndpoint) -> SafeString:
    """Who keeps the hooks at the provider, and whether they stand."""
    if not _keeps(_spec(endpoint)):
        return shown.badge("set up by hand")
    if endpoint.hooks_words:
        return shown.badge("not in order", "bad")
    if endpoint.checked_at is None:
        return shown.badge("not checked yet", "warn")
    return shown.badge("in order", "good") if endpoint.hooks else shown.badge("none needed")


def _spec(endpoint: WebhookEndpoint) -> WebhookSpec | None:
    return registry.provider(endpoint.connection.provider).webhooks


def _keeps(spec: WebhookSpec | None) -> bool:
    """Whether the service makes and repairs the provider's hooks by itself."""
    return spec is not None and spec.ensure is not None
