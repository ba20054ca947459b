"""The sidebar of the staff pages, with the numbers that call for somebody.

A request enters, groups of links leave; what a person may not see is left out.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from connectors.admin import alignment
from connectors.core.states import State
from connectors.models import Connection, Document, Health, MappingFailure
from tenants.scope import platform_scope

Item = dict[str, Any]


def navigation(request: HttpRequest) -> list[Item]:
    """Groups in the order of the way of the data: who, with whom, what, and what proves it."""
    numbers = open_numbers()
    groups = [
        _group("", _item("Overview", "dashboard", "admin:index")),
        _group(
            "People",
            _model(request, "Tenants", "apartment", "tenants_tenant"),
            _model(request, "People", "person", "tenants_user"),
            _model(request, "Staff groups", "group", "auth_group"),
        ),
        _group(
            "Connections",
            _model(
                request, "Connections", "cable", "connectors_connection", numbers["connections"]
            ),
            _model(request, "Integrations", "sync_alt", "connectors_integration"),
            _model(request, "Runs", "play_circle", "connectors_run"),
            _model(request, "Webhooks", "webhook", "connectors_webhookendpoint"),
            _model(request, "Inbox", "inbox", "connectors_inboxevent"),
        ),
        _group(
            "Work",
            _model(
                request,
                "Mapping failures",
                "link_off",
                "connectors_mappingfailure",
                numbers["failures"],
            ),
            _model(request, "Documents", "receipt_long", "connectors_document", numbers["held"]),
            _model(request, "Mappings", "link", "connectors_mapping"),
            _model(request, "Reference items", "menu_book", "connectors_referenceitem"),
            _side_by_side(request),
        ),
        _group(
            "Proof",
            _model(request, "Audit", "verified", "audit_auditevent"),
            _model(request, "E-mails", "mail", "connectors_alert"),
        ),
    ]
    return [group for group in groups if group["items"]]


def open_numbers() -> dict[str, int]:
    """What waits for people, over all tenants."""
    usable = [Health.NEW, Health.READY]
    with platform_scope():
        return {
            "failures": MappingFailure.objects.filter(status=MappingFailure.Status.OPEN).count(),
            "held": Document.objects.filter(state=State.HELD).count(),
            "connections": Connection.objects.exclude(health__in=usable).count(),
        }


def environment(request: HttpRequest) -> list[str] | None:
    """A word in every page's header where the providers are simulators."""
    return ["Sandbox", "warning"] if settings.SANDBOX_URL else None


def _group(title: str, *items: Item | None) -> Item:
    return {"title": title, "items": [item for item in items if item], "separator": bool(title)}


def _item(title: str, icon: str, url: str, number: int = 0) -> Item:
    item: Item = {"title": title, "icon": icon, "link": reverse(url)}
    if number:
        item |= {"badge": f"{number:,}", "badge_variant": "danger"}
    return item


def _side_by_side(request: HttpRequest) -> Item | None:
    user: Any = request.user
    if not user.has_perm(alignment.PERMISSION):
        return None
    return _item("Side by side", "compare_arrows", "admin:connectors_integration_alignments")


def _model(request: HttpRequest, title: str, icon: str, model: str, number: int = 0) -> Item | None:
    label, _, name = model.partition("_")
    user: Any = request.user
    if not (user.has_perm(f"{label}.view_{name}") or user.has_perm(f"{label}.change_{name}")):
        return None
    return _item(title, icon, f"admin:{model}_changelist", number)
