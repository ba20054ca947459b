"""Staff pages of master data that is kept up: its document, and the list of both sides."""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from audit.services import record
from connectors import registry
from connectors.core.errors import BadInputError
from connectors.engine import trail
from connectors.models import Connection, Document, Integration, Link, Mapping, ReferenceItem
from connectors.services import connections, integrations
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.web.world import NOW

FLOW = "zoho_books_to_procore"
SETTINGS = {
    "zoho_books": {"accounts_region": "us", "region": "us", "organization_id": "601"},
    "procore": {"environment": "production", "company_id": "42"},
}
ROOTS = {
    "zoho_books": {"web_root": "https://books.zoho.com/app/601"},
    "procore": {"web_root": "https://app.procore.com", "company_id": "42"},
}


@dataclass
class Kept:
    """A vendor that somebody renamed in Procore, and a project that is Procore's to name."""

    integration: Integration
    vendor: Document
    project: Document


@pytest.fixture
def kept(people: People) -> Kept:
    tenant_id = people.tenant.pk
    source, target = (connect(tenant_id, key) for key in ("zoho_books", "procore"))
    integration = integrations.create(
        tenant_id=tenant_id,
        resolved=registry.resolve(FLOW),
        name="Sites",
        source=source,
        target=target,
        actor=ACTOR,
        enabled=True,
    )
    with tenant_scope(tenant_id):
        pair(integration, "vendor", ("c1", "Acme Rebar Inc."), ("900", "Acme"))
        pair(integration, "vendor", ("c2", "Bolts"), ("901", "Bolts"))
        pair(integration, "project", ("p1", "School"), ("310", "School"))
        vendor = written(integration, "vendor", "c1", "Acme Rebar Inc.", target, "900")
        project = written(integration, "project", "310", "School", source, "p1")
        differences = [{"field": "name", "ours": "Acme Rebar Inc.", "theirs": "Acme"}]
        found = trail.document_event("drift.found", vendor, details={"differences": differences})
        record(found)
        Document.objects.filter(pk=vendor.pk).update(
            state="held", reason="drifted", words="Somebody changed it at the target: name is Acme"
        )
    return Kept(integration, vendor, project)


def connect(tenant_id: int, key: str) -> Connection:
    connection = connections.create(
        tenant_id=tenant_id,
        spec=registry.provider(key),
        name=registry.provider(key).title,
        settings=SETTINGS[key],
        credentials={"client_id": "an-id", "client_secret": "a-secret"},
        actor=ACTOR,
    )
    with tenant_scope(tenant_id):
        Connection.objects.filter(pk=connection.pk).update(profile=ROOTS[key])
    return connection


def pair(
    integration: Integration, kind: str, ours: tuple[str, str], theirs: tuple[str, str]
) -> None:
    for connection, (key, name) in ((integration.source, ours), (integration.target, theirs)):
        ReferenceItem.objects.create(
            connection=connection, kind=kind, key=key, name=name, active=True, seen_at=NOW
        )
    Mapping.objects.create(
        integration=integration, kind=kind, source_key=ours[0], target_key=theirs[0]
    )


def written(
    integration: Integration, stream: str, key: str, name: str, side: Connection, target_id: str
) -> Document:
    document = Document.objects.create(
        integration=integration, stream=stream, key=key, number=name, party=name, record={}
    )
    mine = Document.objects.filter(pk=document.pk)
    mine.update(state="delivering")
    mine.update(state="posted")
    Link.objects.create(
        document=document,
        connection=side,
        part=target_id,
        target_kind=registry.flow(FLOW).stream(stream).target_kind,
        target_id=target_id,
        target_number=name,
        reference=f"mlc:601:{stream}:{key}:{target_id}",
        status="active",
        payload={"name": name},
        posted_at=NOW,
        confirmed_at=NOW,
    )
    return document


def page(staff: Client, document: Document) -> str:
    answer = staff.get(reverse("admin:connectors_document_change", args=[document.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_vendors_document_speaks_of_the_vendor_and_not_of_money(
    staff: Client, kept: Kept
) -> None:
    text = page(staff, kept.vendor)
    assert "Vendor Acme Rebar Inc." in text
    assert "https://books.zoho.com/app/601#/contacts/c1" in text
    assert "Changed in Procore" in text
    assert "Restore ours" in text
    assert "app.procore.com/42/company/directory" in text
    assert "<dt>Total</dt>" not in text
    assert "<dt>Day</dt>" not in text
    assert "to the cent" not in text


def test_what_procore_owns_is_shown_as_written_to_zoho(staff: Client, kept: Kept) -> None:
    text = page(staff, kept.project)
    assert "Project School" in text
    assert "In Zoho Books" in text
    assert "Posted to Zoho Books; no total was compared." in text


def test_the_list_of_documents_calls_master_data_by_its_name(staff: Client, kept: Kept) -> None:
    listed = staff.get(reverse("admin:connectors_document_changelist"), {"stream": "vendor"})
    assert "Vendor Acme Rebar Inc." in listed.content.decode()


@pytest.mark.parametrize("kind", ["vendor", "project"])
def test_rows_side_by_side_lead_to_their_documents(staff: Client, kept: Kept, kind: str) -> None:
    url = reverse("admin:connectors_integration_alignment", args=[kept.integration.pk])
    answer = staff.get(url, {"kind": kind})
    document = kept.vendor if kind == "vendor" else kept.project
    link = reverse("admin:connectors_document_change", args=[document.pk])
    assert f'href="{link}"' in answer.content.decode()
    found = [row["document"] for row in answer.context["rows"]]
    assert [one.pk for one in found if one is not None] == [document.pk]


def test_the_integrations_page_shows_what_is_kept_up(staff: Client, kept: Kept) -> None:
    url = reverse("admin:connectors_integration_change", args=[kept.integration.pk])
    text = staff.get(url).content.decode()
    assert "Vendors follow Zoho Books" in text
    assert "Create missing vendors" in text


def sentence(staff: Client, kept: Kept, kind: str) -> str:
    url = reverse("admin:connectors_integration_alignment", args=[kept.integration.pk])
    answer = staff.get(url, {"kind": kind})
    words: str = answer.context["keeping"]
    assert words in answer.content.decode()
    return words


def test_the_list_says_whose_word_counts_and_what_is_done_about_it(
    staff: Client, kept: Kept
) -> None:
    assert sentence(staff, kept, "project") == (
        "Procore is their owner, and what is linked in Zoho Books follows its names and status. "
        "What Zoho Books lacks is not made there."
    )
    assert "keeps its own names: the option is off" in sentence(staff, kept, "cost_code")
    options = {
        "codes_follow": True,
        "create_codes": True,
        "code_cost_type": "M",
        "create_projects": True,
        "project_customer": "c9",
    }
    resolved = registry.resolve(FLOW)
    integrations.change(kept.integration, resolved=resolved, actor=ACTOR, options=options)
    assert sentence(staff, kept, "cost_code") == (
        "Zoho Books is their owner, and what is linked in Procore follows its names and status. "
        "What Procore lacks is made there once a document waits for it."
    )
    assert "What Zoho Books lacks is made there." in sentence(staff, kept, "project")


def test_a_rule_of_one_project_leads_to_its_accounts_document(staff: Client, kept: Kept) -> None:
    with tenant_scope(kept.integration.tenant_id):
        account = Document.objects.create(
            integration=kept.integration, stream="cost_code", key="*|5010", record={}
        )
        for source_key in ("*|5010", "p1|5010", "*|charge:tax"):
            Mapping.objects.create(
                integration=kept.integration,
                kind="cost_code",
                source_key=source_key,
                target_key="w1",
            )
    url = reverse("admin:connectors_integration_alignment", args=[kept.integration.pk])
    rows = staff.get(url, {"kind": "cost_code"}).context["rows"]
    found = {row["source_key"]: row["document"] for row in rows}
    assert found == {"*|5010": account, "p1|5010": account, "*|charge:tax": None}


def test_options_that_do_not_go_together_are_refused(kept: Kept) -> None:
    resolved = registry.resolve(FLOW)
    with pytest.raises(BadInputError, match="Customer of created projects"):
        integrations.change(
            kept.integration, resolved=resolved, actor=ACTOR, options={"create_projects": True}
        )
