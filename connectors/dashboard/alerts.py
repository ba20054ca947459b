"""Alerts of a workspace: the channels, a test of each, what was sent, and a member's own mail."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors.core.errors import BadInputError, ConnectorError
from connectors.dashboard.alert_forms import ChoiceForm, MailForm, OwnForm, WebhookForm
from connectors.dashboard.workspace import Workspace, do, page, show
from connectors.models import AlertChannel, AlertDelivery, Topic
from connectors.services import alert_channels, alert_readers
from tenants.accounts.confirming import confirm_first
from tenants.models import Member, Role, Tenant
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number

_PAGE = 50
_LATEST = 10
_Kind = AlertChannel.Kind
# The way of a kind's page: its title, and what is asked.
_ADD = {
    _Kind.SLACK: "Add a Slack channel",
    _Kind.WEBHOOK: "Add a signed webhook",
    _Kind.EMAIL: "Add mail to a member",
}


@require_safe
@page()
def alerts_page(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Where alerts go now, and what was sent last."""
    channels = list(_channels().filter(own=False).order_by("name"))
    tenant = Tenant.objects.get(pk=here.tenant_id)
    return show(
        request,
        here,
        "alerts.html",
        "settings",
        channels=channels,
        defaults=list(alert_readers.by_default(tenant)),
        mine=alert_channels.own_of(here.person),
        latest=list(_deliveries(here)[:_LATEST]),
        add=list(_ADD.items()),
    )


@require_safe
@page()
def log(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Every message, newest first."""
    before = row_number(request.GET.get("before", ""))
    rows = _deliveries(here)
    found = list((rows.filter(pk__lt=before) if before else rows)[: _PAGE + 1])
    return show(
        request,
        here,
        "alert_log.html",
        "settings",
        rows=found[:_PAGE],
        before=found[_PAGE - 1].pk if len(found) > _PAGE else 0,
        is_first=not before,
    )


@require_safe
@page()
def channel_page(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    return _page(request, here, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def new(request: HttpRequest, here: Workspace, kind: str) -> HttpResponse:
    """Add a channel; the secret of a signed one is shown on the page that follows, once."""
    if kind not in _Kind.values:
        raise Http404
    if (detour := confirm_first(request)) is not None:
        return detour
    data = request.POST if request.method == "POST" else None
    form: Any = WebhookForm(data, kind=kind) if kind != _Kind.EMAIL else _mail_form(here, data)
    if form.is_valid():
        try:
            row, secret = _add(here, kind, form)
        except ConnectorError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Added. Send a test to see whether it arrives.")
            if secret:
                return _page(request, here, row.pk, secret=secret)
            return HttpResponseRedirect(here.url("alert", row.pk))
    return _form(request, here, form, _ADD[_Kind(kind)], here.url("alerts"))


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.ADMIN, acts=True)
def edit(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    if (detour := confirm_first(request)) is not None:
        return detour
    row = _loaded(here, pk)
    data = request.POST if request.method == "POST" else None
    form: ChoiceForm = ChoiceForm(data, channel=row)
    if row.kind != _Kind.EMAIL:
        form = WebhookForm(data, kind=row.kind, channel=row)
    back = here.url("alert", pk)
    if form.is_valid():
        given = {name: form.cleaned_data.get(name, "") for name in ("name", "url")}
        try:
            alert_channels.change(
                tenant_id=here.tenant_id, pk=pk, choice=form.choice, actor=here.actor, **given
            )
        except ConnectorError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(back)
    return _form(request, here, form, f"Edit {row.name}", back)


@require_POST
@page(Role.ADMIN, acts=True)
def test(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """Send a test now, and say whether it arrived."""
    _loaded(here, pk)

    def act() -> str:
        outcome = alert_channels.send_test(tenant_id=here.tenant_id, pk=pk, actor=here.actor)
        if not outcome.arrived:
            raise BadInputError(f"The test did not arrive. {outcome.words}")
        if outcome.answer is None:
            return "The mail server took the test. Look into the mailbox."
        return f"The test arrived; the answer was {outcome.answer}."

    return do(request, act, here.url("alert", pk))


@require_POST
@page(Role.ADMIN, acts=True)
def renew_secret(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    """A new secret, shown once."""
    if (detour := confirm_first(request, here.url("alert", pk))) is not None:
        return detour
    _loaded(here, pk)
    try:
        secret = alert_channels.renew_secret(tenant_id=here.tenant_id, pk=pk, actor=here.actor)
    except ConnectorError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(here.url("alerts"))
    return _page(request, here, pk, secret=secret)


@require_POST
@page(Role.ADMIN, acts=True)
def switch(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    on = request.POST.get("on", "") == "yes"
    _loaded(here, pk)

    def act() -> str:
        row = alert_channels.switch(tenant_id=here.tenant_id, pk=pk, on=on, actor=here.actor)
        return f"{row.name} is switched {'on' if on else 'off'}."

    return do(request, act, here.url("alert", pk))


@require_POST
@page(Role.ADMIN, acts=True)
def remove(request: HttpRequest, here: Workspace, pk: int) -> HttpResponse:
    _loaded(here, pk)

    def act() -> str:
        name = alert_channels.remove(tenant_id=here.tenant_id, pk=pk, actor=here.actor)
        return f"{name} is removed. What was sent there stays in the log."

    return do(request, act, here.url("alerts"))


@require_http_methods(["GET", "HEAD", "POST"])
@page(acts=True)
def own(request: HttpRequest, here: Workspace) -> HttpResponse:
    """What mail the member gets."""
    with tenant_scope(here.tenant_id):
        row = alert_channels.own_of(here.person)
    form = OwnForm(request.POST if request.method == "POST" else None, channel=row)
    if form.is_valid():
        try:
            alert_channels.set_own(
                tenant_id=here.tenant_id,
                user=here.person,
                wanted=form.cleaned_data["wanted"],
                choice=form.choice,
                actor=here.actor,
            )
        except ConnectorError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(here.url("alerts"))
    note = f"Alerts of {here.name} to {here.person.email}."
    forgets = row is not None and row.own
    return _form(request, here, form, "Your mail", here.url("alerts"), note=note, forgets=forgets)


@require_POST
@page(acts=True)
def forget_own(request: HttpRequest, here: Workspace) -> HttpResponse:
    """Back to what the workspace sends by itself."""

    def act() -> str:
        alert_channels.forget_own(tenant_id=here.tenant_id, user=here.person, actor=here.actor)
        return "You get what the workspace sends by itself."

    return do(request, act, here.url("alerts"))


def _add(here: Workspace, kind: str, form: Any) -> tuple[AlertChannel, str]:
    common = {"tenant_id": here.tenant_id, "choice": form.choice, "actor": here.actor}
    given = form.cleaned_data
    if kind == _Kind.EMAIL:
        return alert_channels.add_mail(user_id=given["member"], **common), ""
    return alert_channels.add_webhook(kind=kind, name=given["name"], url=given["url"], **common)


def _mail_form(here: Workspace, data: Any) -> MailForm:
    with tenant_scope(here.tenant_id):
        free = Member.objects.filter(alert_channels=None, user__is_active=True)
        return MailForm(data, members=list(free.select_related("user").order_by("user__email")))


def _form(
    request: HttpRequest, here: Workspace, form: Any, title: str, back: str, **context: Any
) -> HttpResponse:
    shown = {"form": form, "title": title, "back": back, **context}
    return show(request, here, "alert_form.html", "settings", **shown)


def _page(request: HttpRequest, here: Workspace, pk: int, secret: str = "") -> HttpResponse:
    """A channel of the workspace; ``secret`` is shown this once."""
    with tenant_scope(here.tenant_id):
        row = _find(pk)
        latest = list(_deliveries(here).filter(channel=row)[:_PAGE])
    chosen = [label for value, label in Topic.choices if value in row.topics]
    return show(
        request,
        here,
        "alert_channel.html",
        "settings",
        channel=row,
        topics=chosen,
        latest=latest,
        secret=secret,
    )


def _find(pk: int) -> AlertChannel:
    row = _channels().filter(pk=pk, own=False).first()
    if row is None:
        raise Http404
    return row


def _loaded(here: Workspace, pk: int) -> AlertChannel:
    with tenant_scope(here.tenant_id):
        return _find(pk)


def _channels() -> QuerySet[AlertChannel]:
    return AlertChannel.objects.select_related("member__user").defer("sealed_target")


def _deliveries(here: Workspace) -> QuerySet[AlertDelivery]:
    """What was sent, newest first, without the own mail of others."""
    mail = Q(kind=_Kind.EMAIL, by_default=False)
    own = mail & (Q(channel__own=True) | Q(channel=None)) & ~Q(to=here.person.email)
    rows = AlertDelivery.objects.exclude(own).select_related("channel")
    return rows.defer("groups", "channel__sealed_target").order_by("-pk")
