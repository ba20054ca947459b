"""What members see of their workspace: the right rows, counted and found, and nobody else's."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.verify_export import verify
from connectors.core import clock
from connectors.core.states import Reason, State
from connectors.dashboard import names
from connectors.models import Document, Integration
from connectors.services import document_list
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World


@pytest.fixture
def viewer(client: Client, people: People) -> Client:
    client.force_login(people.viewer)
    return client


def text_of(client: Client, path: str) -> str:
    answer = client.get(f"/w/acme/{path}")
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def numbers(page: str) -> list[str]:
    """The numbers of the documents of a list, in its order."""
    return re.findall(
        r'class="row-link"[^>]*><span class="only-narrow">[^<]*</span>([^<]+)</a>', page
    )


def many(world: World, number: int, **fields: Any) -> None:
    """So many more documents, each a second older than the one before."""
    with tenant_scope(world.tenant_id):
        Document.objects.bulk_create(
            Document(
                integration=world.integration,
                stream="bill",
                key=f"m{count}",
                number=f"M-{count:03}",
                total=Decimal(count),
                currency="EUR",
                wants_read=False,
                state_at=clock.now() - timedelta(days=1, seconds=count),
                **fields,
            )
            for count in range(number)
        )


def test_every_state_and_reason_has_a_name() -> None:
    assert set(names.STATES) == set(State)
    assert set(names.REASONS) == set(Reason)
    assert names.reason_name("vendor_missing") == "Vendor not linked"
    # A reason of a later version, met while it is rolled out.
    assert names.reason_name("not_known_yet") == "Not known yet"


def test_the_overview_counts_what_stands_still(viewer: Client, world: World) -> None:
    page = text_of(viewer, "")
    assert "2 of 3 documents need somebody" in page
    assert "Total differs" in page
    assert "Vendor not linked" in page
    assert "2,469.00" in page  # both of them
    assert "Main Street purchasing" in page


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_month_is_that_of_the_workspace(viewer: Client, world: World, name: str) -> None:
    with tenant_scope(world.tenant_id):
        Tenant.objects.update(time_zone=name)
    month = clock.now().astimezone(ZoneInfo(name))
    assert f"Posted in {month:%B}" in text_of(viewer, "")


def test_an_empty_workspace_says_what_to_do(client: Client, people: People) -> None:
    client.force_login(people.outsider)
    for path, words in (
        ("", "No integration yet"),
        ("review/", "Nothing waits"),
        ("documents/", "No document yet"),
        ("mappings/", "No mapping yet"),
        ("integrations/", "No integration yet"),
        ("connections/", "No system is connected"),
    ):
        assert words in client.get(f"/w/other/{path}").content.decode(), path


def test_documents_are_filtered_and_counted(viewer: Client, world: World) -> None:
    for query, found in (
        ("", {"PO-41", "INV-51", "INV-52"}),
        ("?state=needs", {"INV-51", "INV-52"}),
        ("?state=posted", {"PO-41"}),
        ("?reason=total_differs", {"INV-52"}),
        ("?kind=bill", {"INV-51", "INV-52"}),
        (f"?integration={world.integration.pk}&state=held", {"INV-52"}),
        ("?q=inv-52", {"INV-52"}),
        ("?q=77001", {"PO-41"}),
        ("?q=mlc:acme:po:41", {"PO-41"}),
        ("?q=1,234.5", {"PO-41", "INV-51", "INV-52"}),
        ("?q=northwind", {"PO-41", "INV-51", "INV-52"}),
        ("?q=nothing", set()),
    ):
        page = text_of(viewer, f"documents/{query}")
        assert set(numbers(page)) == found, query
    assert '>Held <span class="count">1</span>' in text_of(viewer, "documents/")


@pytest.mark.parametrize(
    "query",
    [
        *("state=x", "reason=x", "integration=x", "integration=" + "9" * 30, "integration=٣"),
        *(
            "after=x",
            "after=2026-01-01_1",
            "after=_",
            "after=9999-99-99T00:00_1",
        ),
    ],
)
def test_what_cannot_be_meant_is_left_out(viewer: Client, world: World, query: str) -> None:
    text_of(viewer, f"documents/?{query}")
    assert viewer.get(f"/w/acme/documents/export/?{query}").status_code == 200


def test_pages_follow_each_other_without_gaps(viewer: Client, world: World) -> None:
    many(world, 120)
    seen: list[str] = []
    path = "documents/"
    for _ in range(5):
        page = text_of(viewer, path)
        seen += numbers(page)
        # What comes meanwhile shifts nothing.
        with tenant_scope(world.tenant_id):
            Document.objects.create(
                integration=world.integration, stream="bill", key=f"new{len(seen)}", number="NEW"
            )
        found = re.search(r'href="\?([^"]*after=[^"]+)"', page)
        if found is None:
            break
        path = f"documents/?{found[1].replace('&amp;', '&')}"
    assert len(seen) == len(set(seen)) == 123
    assert document_list.PAGE == 50


def test_the_table_file_has_what_is_filtered_and_no_formula(viewer: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(party="=1+1", total=Decimal("-80.50"))
    answer = viewer.get("/w/acme/documents/export/?state=needs")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Number"] for row in rows] == ["INV-52", "INV-51"]
    assert (rows[0]["Vendor"], rows[0]["Amount"]) == ("'=1+1", "-80.5")
    assert "attachment" in answer["Content-Disposition"]


def test_a_document_says_where_it_stands_and_what_happened(viewer: Client, world: World) -> None:
    held = text_of(viewer, f"documents/{world.held.pk}/")
    assert "Total differs." in held
    assert "The lines add up to 1,230.00" in held
    posted = text_of(viewer, f"documents/{world.posted.pk}/")
    assert "Posted to Zoho Books" in posted
    assert "https://books.zoho.eu/app/601" in posted
    assert "INV-51" in posted  # which needs this order
    waiting = text_of(viewer, f"documents/{world.waiting.pk}/")
    assert f"/w/acme/review/missing/{world.failure.pk}/" in waiting


def test_viewers_get_no_buttons(client: Client, people: People, world: World) -> None:
    paths = (
        f"documents/{world.held.pk}/",
        f"review/missing/{world.failure.pk}/",
        f"mappings/{world.mapping.pk}/?search=conto",
        f"integrations/{world.integration.pk}/",
        f"connections/{world.target.pk}/",
        "settings/",
    )
    shown: dict[str, list[int]] = {}
    for person in (people.viewer, people.operator, people.owner):
        client.force_login(person)
        for path in paths:
            forms = text_of(client, path).count('method="post"')
            shown.setdefault(path, []).append(forms)
    # Each page has the one that signs out.
    for path in paths[:-1]:
        viewer, operator, owner = shown[path]
        assert viewer == 1, path
        assert viewer < operator <= owner, path
    assert shown["settings/"] == sorted(shown["settings/"])


def test_rows_of_another_workspace_are_not_there(
    client: Client, people: People, world: World, other_world: World
) -> None:
    client.force_login(people.owner)
    for path in (
        f"documents/{other_world.held.pk}/",
        f"review/missing/{other_world.failure.pk}/",
        f"review/documents/{other_world.held.pk}/",
        f"mappings/{other_world.mapping.pk}/",
        f"integrations/{other_world.integration.pk}/",
        f"connections/{other_world.target.pk}/",
    ):
        assert client.get(f"/w/acme/{path}").status_code == 404, path
    assert set(numbers(text_of(client, "documents/"))) == {"PO-41", "INV-51", "INV-52"}
    assert client.get("/w/other/").status_code == 404


def test_activity_is_proved_and_exported(client: Client, people: People, world: World) -> None:
    client.force_login(people.admin)
    page = text_of(client, "activity/")
    assert "made the integration Main Street purchasing" in page
    assert "made the integration" not in text_of(client, "activity/?who=people")
    client.post("/w/acme/activity/verify/")
    assert "The chain is whole" in text_of(client, "activity/")
    lines = client.get("/w/acme/activity/export/").getvalue().decode().splitlines(keepends=True)
    assert verify(lines)[0] == len(lines)


def test_queries_do_not_grow_with_documents(viewer: Client, world: World) -> None:
    paths = ("", "documents/", "review/", f"integrations/{world.integration.pk}/", "activity/")

    def asked() -> dict[str, int]:
        found = {}
        for path in paths:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                text_of(viewer, path)
            found[path] = len(queries)
        return found

    asked()
    before = asked()
    many(world, 150)
    with tenant_scope(world.tenant_id):
        Integration.objects.filter(pk=world.integration.pk).update(name="Renamed")
    assert asked() == before
