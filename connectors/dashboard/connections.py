"""Connections of a workspace: how each is, testing it, and bringing the credentials."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors import registry
from connectors.admin.connection_forms import PasteForm, ProviderForm
from connectors.consent.oauth import redirect_uri
from connectors.core import clock
from connectors.dashboard.workspace import Workspace, ask, do, page, show
from connectors.models import Connection, Integration
from connectors.services import choosing, connections, consent_links
from connectors.transport.provider import ProviderSpec
from tenants.accounts.confirming import confirm_first
from tenants.models import Role
from tenants.scope import tenant_scope


class NamedProviderForm(ProviderForm):
    """A connection that is not there yet, with what people call it."""

    name = forms.CharField(
        max_length=120, label="Name", help_text="What people call it, for example “Zoho Books”."
    )


@require_safe
@page()
def connection_list(request: HttpRequest, here: Workspace) -> HttpResponse:
    rows = Connection.objects.defer("sealed_credentials").order_by("name")
    return show(
        request,
        here,
        "connections.html",
        "connections",
        rows=rows,
        providers=[(spec.key, spec.title) for spec in registry.PROVIDERS],
    )


@require_safe
@page()
def connection_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    return _page(request, here, _find(pk), [])


@require_POST
@page(Role.OPERATOR, acts=True)
def test(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Real read calls; what they found stands on the page."""
    connection = _loaded(here, pk)
    spec = registry.provider(connection.provider)
    findings = connections.ping(connection, spec=spec, actor=here.actor)
    return _page(request, here, _loaded(here, pk), findings)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def new(request: HttpRequest, here: Workspace, provider: str) -> HttpResponse:
    """Bring the credentials of an account."""
    spec = _spec(provider)

    def save(filled: ProviderForm) -> str:
        made = connections.create(
            tenant_id=here.tenant_id,
            spec=spec,
            name=filled.cleaned_data["name"],
            settings=filled.settings,
            credentials=filled.credentials,
            actor=here.actor,
        )
        return here.url("connection", made.pk)

    def form(data: Any) -> ProviderForm:
        filled = NamedProviderForm(data, spec=spec)
        filled.initial["name"] = spec.title
        return filled

    return _ask(request, here, form, save, title=f"Connect {spec.title}", spec=spec)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def edit(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Change credentials and settings; what is left empty stays."""
    connection = _loaded(here, pk)
    spec = registry.provider(connection.provider)

    def save(filled: ProviderForm) -> str:
        connections.change(
            connection,
            spec=spec,
            settings=filled.settings,
            credentials=filled.credentials,
            actor=here.actor,
        )
        return here.url("connection", pk)

    def form(data: Any) -> ProviderForm:
        return ProviderForm(data, spec=spec, connection=connection)

    return _ask(request, here, form, save, title=f"Edit {connection.name}", spec=spec)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def paste(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Redeem a code that was copied from the provider's console."""
    connection = _loaded(here, pk)
    spec = registry.provider(connection.provider)
    if spec.consent is None or spec.consent.paste is None:
        raise Http404

    def save(filled: Any) -> str:
        code = filled.cleaned_data["code"]
        connections.paste_code(connection, spec=spec, code=code, actor=here.actor)
        if choosing.is_open(connection, spec):
            return reverse("choose", args=[here.tenant_id, pk])
        return here.url("connection", pk)

    return _ask(request, here, PasteForm, save, title=f"Paste a code for {connection.name}")


@require_POST
@page(Role.ADMIN, acts=True)
def make_link(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A link with which the owner of the account authorises it without an account here."""
    if (detour := confirm_first(request, here.url("connection", pk))) is not None:
        return detour
    connection = _loaded(here, pk)
    spec = registry.provider(connection.provider)

    def act() -> str:
        consent_links.make(connection, spec=spec, actor=here.actor)
        return "The link stands below. It works once, for three days."

    return do(request, act, here.url("connection", pk))


def _ask(
    request: HttpRequest,
    here: Workspace,
    form: Callable[[Any], Any],
    save: Callable[[Any], str],
    *,
    title: str,
    spec: ProviderSpec | None = None,
) -> HttpResponse:
    """Ask for secrets: only of who gave their password just now."""
    if (detour := confirm_first(request)) is not None:
        return detour
    return ask(
        request,
        here,
        form,
        save,
        active="connections",
        title=title,
        note=_register(spec) if spec else "",
        back=here.url("connections"),
    )


def _page(
    request: HttpRequest, here: Workspace, connection: Connection, findings: list[Any]
) -> HttpResponse:
    spec = registry.provider(connection.provider)
    with tenant_scope(here.tenant_id):
        used_by = list(Integration.objects.filter(source_id=connection.pk)) + list(
            Integration.objects.filter(target_id=connection.pk)
        )
    labels = {field.name: field.label for field in spec.setting_fields}
    return show(
        request,
        here,
        "connection.html",
        "connections",
        connection=connection,
        provider=spec.title,
        findings=findings,
        fine=all(finding.ok for finding in findings),
        settings=[
            (labels.get(name, name.replace("_", " ").capitalize()), value)
            for name, value in connection.settings.items()
        ],
        used_by=used_by,
        consents=spec.consent is not None,
        pastes=spec.consent is not None and spec.consent.paste is not None,
        link=_link(request, here, connection),
        must_choose=choosing.is_open(connection, spec),
        choose=choosing.words(connection, spec).rstrip("."),
    )


def _link(request: HttpRequest, here: Workspace, connection: Connection) -> str:
    """The link that was made for a colleague, while it works; for those who may make one."""
    until = connection.asked_until
    if until is None or until <= clock.now() or not here.may_administer:
        return ""
    token = consent_links.token_of(connection)
    return request.build_absolute_uri(reverse("consent-link", args=[token]))


def _register(spec: ProviderSpec) -> str:
    if spec.consent is None:
        return ""
    return f"Register {redirect_uri()} as the application's redirect address at {spec.title}."


def _spec(key: str) -> ProviderSpec:
    if key not in {spec.key for spec in registry.PROVIDERS}:
        raise Http404
    return registry.provider(key)


def _find(pk: int) -> Connection:
    row = Connection.objects.select_related("tenant").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _loaded(here: Workspace, pk: int) -> Connection:
    with tenant_scope(here.tenant_id):
        return _find(pk)
