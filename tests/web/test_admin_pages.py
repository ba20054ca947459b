"""Every staff page opens, over all tenants, without a secret and without a foreign address."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from connectors.admin import overview
from connectors.models import Link
from tenants.scope import tenant_scope
from tests.web.world import SECRETS, World

LISTS = sorted(model._meta.label_lower.replace(".", "_") for model in admin.site._registry)


def detail_urls(world: World) -> list[str]:
    rows = (
        ("tenants_tenant", world.tenant_id),
        ("connectors_connection", world.source.pk),
        ("connectors_connection", world.target.pk),
        ("connectors_integration", world.integration.pk),
        ("connectors_run", world.run.pk),
        ("connectors_document", world.posted.pk),
        ("connectors_document", world.waiting.pk),
        ("connectors_document", world.held.pk),
        ("connectors_mappingfailure", world.failure.pk),
        ("connectors_mapping", world.mapping.pk),
        ("connectors_referenceitem", world.vendors[0].pk),
        ("connectors_webhookendpoint", world.endpoint.pk),
        ("connectors_inboxevent", world.event.pk),
    )
    pages = [reverse(f"admin:{name}_change", args=[pk]) for name, pk in rows]
    return [
        *pages,
        reverse("admin:tenants_tenant_edit", args=[world.tenant_id]),
        reverse("admin:connectors_connection_edit", args=[world.target.pk]),
        reverse("admin:connectors_connection_choose", args=[world.target.pk]),
        reverse("admin:connectors_connection_paste", args=[world.target.pk]),
        reverse("admin:connectors_integration_edit", args=[world.integration.pk]),
        reverse("admin:connectors_document_dismiss", args=[world.held.pk]),
        reverse("admin:connectors_integration_alignment", args=[world.integration.pk]),
        reverse("admin:connectors_integration_alignments"),
        reverse("admin:connectors_webhookendpoint_add"),
        reverse("admin:tenants_tenant_add"),
        reverse("admin:connectors_connection_add") + "?provider=zoho_books",
        reverse("admin:connectors_integration_add")
        + f"?tenant={world.tenant_id}&flow=procurify_to_zoho_books",
        reverse("admin:tenants_user_add"),
        reverse("admin:index"),
        reverse("admin:password_change"),
    ]


def test_every_page_opens_without_a_secret_or_a_foreign_address(
    staff: Client, world: World, clerk
) -> None:
    urls = [reverse(f"admin:{name}_changelist") for name in LISTS] + detail_urls(world)
    urls.append(reverse("admin:tenants_user_change", args=[clerk.pk]))
    for url in urls:
        answer = staff.get(url)
        assert answer.status_code == 200, url
        text = answer.content.decode()
        assert not [secret for secret in SECRETS if secret in text], url
        assert "gAAAAA" not in text, f"a ciphertext on {url}"
        assert foreign_addresses(text) == [], url
        assert inline_scripts(text) == [], url


def foreign_addresses(text: str) -> list[str]:
    """What a browser would load by itself from somewhere else."""
    loads = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"([^\"]+)\"", text)
    loads += re.findall(r"url\(([^)]+)\)", text)
    return [url for url in loads if re.match(r"['\"]?(?:https?:)?//", url)]


def inline_scripts(text: str) -> list[str]:
    """What a browser would run although it stands in the page; our policy forbids it."""
    bodies = re.findall(r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", text)
    handlers = re.findall(r"<[^>]*\s(on[a-z]+=\"[^\"]*\")", text)
    return bodies + handlers + re.findall(r"(?:href|action)=\"(javascript:[^\"]*)", text)


@pytest.mark.parametrize(
    "text",
    ["<script>x()</script>", '<a class="b" onclick="x()">', '<a href="javascript:x()">'],
)
def test_inline_scripts_would_be_found(text: str) -> None:
    assert inline_scripts(text)


@pytest.mark.parametrize(
    "text",
    ['<script src="https://cdn.example/x.js">', '<link rel="x" href="//cdn.example/x.css">'],
)
def test_foreign_addresses_would_be_found(text: str) -> None:
    assert foreign_addresses(text)


def test_lists_show_every_tenant_and_filter_by_one(
    staff: Client, world: World, other_world: World
) -> None:
    url = reverse("admin:connectors_document_changelist")
    everything = staff.get(url).content.decode()
    assert everything.count("PO-41") == 2
    only = staff.get(url, {"tenant__id__exact": world.tenant_id}).content.decode()
    assert only.count("PO-41") == 1


def test_a_document_shows_what_happened_to_it(staff: Client, world: World) -> None:
    page = staff.get(reverse("admin:connectors_document_change", args=[world.posted.pk]))
    text = page.content.decode()
    assert "1,234.50 EUR" in text
    assert "https://books.zoho.eu/app/601#/purchaseorders/77001" in text
    assert text.index("The connection broke.") < text.index("It is there.")
    assert "needed by" in text
    waiting = staff.get(reverse("admin:connectors_document_change", args=[world.waiting.pk]))
    assert "Waits for" in waiting.content.decode()


def test_an_order_shows_what_bills_have_taken_of_its_lines(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        order = world.posted.links.get()
        order.payload = {"lines": [{"key": "1", "quantity": "10", "rate": "5"}]}
        order.save(update_fields=["payload"])
        row = {"order": "41", "order_line": "1", "quantity": "2.5"}
        billed = {"lines": [{**row, "purchaseorder_item_id": "88001"}, {**row, "quantity": "1"}]}
        Link.objects.create(
            document=world.waiting,
            connection=order.connection,
            part="whole",
            target_kind="bill",
            target_id="99001",
            payload=billed,
            posted_at=order.posted_at,
            confirmed_at=order.confirmed_at,
        )
    url = reverse("admin:connectors_document_change", args=[world.posted.pk])
    assert "1 → 88001, 2.5 of 10 billed" in staff.get(url).content.decode()


def test_the_overview_counts_by_state(staff: Client, world: World) -> None:
    page = staff.get(reverse("admin:index"))
    row = page.context["integrations"][0]
    assert row["total"] == 3
    assert sorted(cell["number"] for cell in row["cells"] if cell["number"]) == [1, 1, 1]
    assert [card["number"] for card in page.context["cards"]] == [1, 1, 1, 0, 1]


def test_the_overview_shows_a_bounded_number_of_integrations(
    staff: Client, world: World, other_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "_INTEGRATIONS", 1)
    with tenant_scope(world.tenant_id):
        world.held.delete()  # the other one has more that is stuck
    page = staff.get(reverse("admin:index"))
    shown = [row["integration"].pk for row in page.context["integrations"]]
    assert shown == [other_world.integration.pk]
    assert "1 more integration<" in page.content.decode()


def test_lists_offer_no_tenant_before_somebody_types(staff: Client, world: World) -> None:
    for name in ("document", "run", "mapping", "connection", "integration"):
        page = staff.get(reverse(f"admin:connectors_{name}_changelist")).content.decode()
        assert f'<option value="{world.tenant_id}"' not in page, name
    asked = {"app_label": "connectors", "model_name": "document", "field_name": "tenant"}
    found = staff.get(reverse("admin:autocomplete"), {**asked, "term": "acm"}).json()
    assert [row["text"] for row in found["results"]] == ["Acme"]


def test_an_empty_service_says_what_to_do(staff: Client) -> None:
    assert "Add the first tenant" in staff.get(reverse("admin:index")).content.decode()
    for name in LISTS:
        answer = staff.get(reverse(f"admin:{name}_changelist"))
        assert answer.status_code == 200
    text = staff.get(reverse("admin:connectors_mappingfailure_changelist")).content.decode()
    assert "Nothing is missing" in text


def test_an_unknown_row_is_404(staff: Client, world: World) -> None:
    for key in ("999999", "abc", "9" * 40):
        answer = staff.get(f"/admin/connectors/document/{key}/change/")
        assert answer.status_code == 404, key


def test_staff_without_permission_see_nothing(client: Client, world: World, clerk) -> None:
    clerk.is_superuser = False
    clerk.save()
    client.force_login(clerk)
    first = client.get(reverse("admin:index"))
    assert first.status_code == 200
    assert "Main Street" not in first.content.decode()
    for url in detail_urls(world)[:22]:
        assert client.get(url).status_code == 403, url
