"""Staff pages of connections: connect, test, authorise, change. Secrets go in and never come out.

What calls a provider runs outside any transaction, through the use cases.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from audit.actors import user as actor_of
from connectors import registry
from connectors.admin import tones
from connectors.admin.connection_forms import (
    NewConnectionForm,
    OfferForm,
    PasteForm,
    ProviderForm,
)
from connectors.consent.oauth import redirect_uri
from connectors.core.answers import sentences
from connectors.models import Connection, Integration, ReferenceState, WebhookEndpoint
from connectors.services import choosing, connections
from connectors.services.standstill import rest_of
from connectors.transport.provider import ProviderSpec
from tenants.accounts.confirming import confirms
from tenants.scope import platform_scope
from tenants.staff import shown
from tenants.staff.model_admin import StaffAdmin
from tenants.staff.site import acts


@admin.register(Connection)
class ConnectionAdmin(StaffAdmin):
    """Every tenant's accounts at providers, with their health in words."""

    empty_words = "No connection yet. Add one for each side of an integration, then test it."
    hidden_fields = ("sealed_credentials",)
    list_display = ("name", "tenant", "provider_title", "health_badge", "says", "tested")
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        ("health", ChoicesDropdownFilter),
        "provider",
    )
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    ordering = ("tenant__name", "name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    @admin.display(description="Provider", ordering="provider")
    def provider_title(self, connection: Connection) -> str:
        return registry.provider(connection.provider).title

    @admin.display(description="Health", ordering="health")
    def health_badge(self, connection: Connection) -> SafeString:
        return tones.health(connection.health, connection.get_health_display())

    @admin.display(description="In words")
    def says(self, connection: Connection) -> SafeString:
        return shown.words(connection.health_words)

    @admin.display(description="Since", ordering="health_at")
    def tested(self, connection: Connection) -> SafeString:
        return shown.when(connection.health_at)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            (name, path(f"<int:pk>/{name}/", wrap(view), name=f"connectors_connection_{name}"))
            for name, view in (
                ("edit", self.edit),
                ("test", self.test),
                ("paste", self.paste),
                ("choose", self.choose),
            )
        ]
        return [url for _, url in pages] + super().get_urls()

    @acts
    @confirms
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.require(request, "add")
        key = request.GET.get("provider", "")
        if key not in {spec.key for spec in registry.PROVIDERS}:
            return self._choose_provider(request)
        spec = registry.provider(key)
        made: list[Connection] = []

        def create(given: dict[str, Any]) -> str:
            form = filled[-1]
            connection = connections.create(
                tenant_id=given["tenant"].pk,
                spec=spec,
                name=given["name"],
                settings=form.settings,
                credentials=form.credentials,
                actor=actor_of(self.person(request)),
            )
            made.append(connection)
            return f"Connection saved. {_next_step(spec)}"

        def form(data: Any) -> NewConnectionForm:
            filled.append(
                NewConnectionForm(data, spec=spec, initial={"tenant": request.GET.get("tenant")})
            )
            return filled[-1]

        filled: list[NewConnectionForm] = []
        return self.ask(
            request,
            title=f"Connect {spec.title}",
            form=form,
            act=create,
            done=lambda: self.page_url("change", made[0].pk),
            note=_register(spec),
        )

    def _choose_provider(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.copy()
        choices = []
        for spec in registry.PROVIDERS:
            query["provider"] = spec.key
            choices.append({"title": spec.title, "url": f"?{query.urlencode()}", **_how(spec)})
        return self.show(request, "staff/choose.html", "Connect what?", choices=choices)

    @acts
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        self.require(request, "view")
        connection, spec = self._both(object_id)
        with platform_scope():
            used_by = list(
                Integration.objects.filter(source_id=connection.pk).select_related("tenant")
            ) + list(Integration.objects.filter(target_id=connection.pk).select_related("tenant"))
            endpoints = WebhookEndpoint.objects.filter(connection=connection.pk)
            endpoint = endpoints.values_list("pk", flat=True).first()
            resting = rest_of(connection)
            unread = list(
                ReferenceState.objects.filter(connection=connection.pk)
                .exclude(trouble="", unreadable="")
                .order_by("kind")
            )
        return self.show(
            request,
            "staff/connection.html",
            connection.name,
            connection=connection,
            provider=spec,
            health=tones.health(connection.health, connection.get_health_display()),
            resting=resting,
            settings=_labelled(spec, connection),
            profile=sorted(
                (tones.plain(name), value)
                for name, value in connection.profile.items()
                if isinstance(value, str | int)
            ),
            answers=sentences(connection.profile),
            used_by=used_by,
            endpoint=endpoint,
            unread=[(tones.plain(one.kind.removeprefix("index:")), one) for one in unread],
            authorise_url=_authorise_url(connection, spec),
            may_paste=spec.consent is not None and spec.consent.paste is not None,
            **_choosing(connection, spec),
        )

    @acts
    @confirms
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request)
        connection, spec = self._both(pk)
        filled: list[ProviderForm] = []

        def form(data: Any) -> ProviderForm:
            filled.append(ProviderForm(data, spec=spec, connection=connection))
            return filled[-1]

        def change(given: dict[str, Any]) -> str:
            connections.change(
                connection,
                spec=spec,
                settings=filled[-1].settings,
                credentials=filled[-1].credentials,
                actor=actor_of(self.person(request)),
            )
            return f"Saved. {_next_step(spec)}"

        return self.ask(
            request,
            title=f"Edit {connection.name}",
            form=form,
            act=change,
            done=self.page_url("change", pk),
            note=_register(spec),
            back=self.page_url("change", pk),
        )

    @acts
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Real read calls; what they found stands on a page of its own."""
        self.require(request)
        if request.method != "POST":
            return HttpResponseRedirect(self.page_url("change", pk))
        connection, spec = self._both(pk)
        findings = connections.ping(connection, spec=spec, actor=actor_of(self.person(request)))
        return self.show(
            request,
            "staff/findings.html",
            f"Test of {connection.name}",
            connection=self.find(pk, "tenant"),
            findings=findings,
            fine=all(finding.ok for finding in findings),
            authorise_url=_authorise_url(connection, spec),
            **_choosing(connection, spec),
            back=self.page_url("change", pk),
        )

    @acts
    @confirms
    def paste(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request)
        connection, spec = self._both(pk)

        def redeem(given: dict[str, Any]) -> str:
            actor = actor_of(self.person(request))
            connections.paste_code(connection, spec=spec, code=given["code"], actor=actor)
            if choosing.is_open(connection, spec):
                return f"Connected. {choosing.words(connection, spec)}"
            return "Authorised. Test the connection to see what it may read."

        def done() -> str:
            next_page = "choose" if choosing.is_open(connection, spec) else "change"
            return self.page_url(next_page, pk)

        return self.ask(
            request,
            title=f"Paste a code for {connection.name}",
            form=PasteForm,
            act=redeem,
            done=done,
            back=self.page_url("change", pk),
        )

    @acts
    def choose(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One organisation or company of several that let us in."""
        self.require(request)
        connection, spec = self._both(pk)
        setting, choices = choosing.offers(connection, spec)

        def choose(given: dict[str, Any]) -> str:
            actor = actor_of(self.person(request))
            chosen = given.get("offer", "")
            return choosing.choose(connection, spec=spec, chosen=chosen, actor=actor)[0]

        return self.ask(
            request,
            title=f"Choose for {connection.name}",
            form=lambda data: OfferForm(
                data,
                offers=choices,
                chosen=str(connection.settings.get(setting, "")),
                label=choosing.label(connection, spec),
            ),
            act=choose,
            done=self.page_url("change", pk),
            back=self.page_url("change", pk),
            submit="Choose",
        )

    def _both(self, object_id: str | int) -> tuple[Connection, ProviderSpec]:
        connection: Connection = self.find(object_id, "tenant")
        return connection, registry.provider(connection.provider)


def _authorise_url(connection: Connection, spec: ProviderSpec) -> str:
    if spec.consent is None:
        return ""
    return reverse("authorise", args=[connection.tenant_id, connection.pk])


def _next_step(spec: ProviderSpec) -> str:
    if spec.consent is not None:
        return "Authorise it, so that the provider lets us in."
    return "Test it now."


def _register(spec: ProviderSpec) -> str:
    """What a person has to do at the provider before the consent can come back to us."""
    if spec.consent is None:
        return ""
    return f"Register {redirect_uri()} as the application's redirect address at {spec.title}."


def _choosing(connection: Connection, spec: ProviderSpec) -> dict[str, Any]:
    """Whether there is anything to choose, what, and whether that is the next step."""
    _, choices = choosing.offers(connection, spec)
    is_open = choosing.is_open(connection, spec)
    return {
        "may_choose": is_open or len(choices) > 1,
        "must_choose": is_open,
        "choose": choosing.words(connection, spec).rstrip("."),
    }


def _how(spec: ProviderSpec) -> dict[str, str]:
    if spec.consent is not None:
        return {"icon": "key", "words": "Somebody with access agrees on the provider's own page."}
    return {"icon": "badge", "words": "With the id and secret of an application."}


def _labelled(spec: ProviderSpec, connection: Connection) -> list[tuple[str, Any]]:
    """Settings under their labels; those that no form asks for keep their names."""
    labels = {field.name: field.label for field in spec.setting_fields}
    choices = {field.name: dict(field.choices) for field in spec.setting_fields}
    return [
        (labels.get(name, tones.plain(name)), choices.get(name, {}).get(str(value), value))
        for name, value in connection.settings.items()
    ]
