"""Mappings on the members' pages: found, linked one by one and at once, undone, unlinked."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from connectors.models import Document, Link, Mapping, MappingFailure
from connectors.services import mapping_list
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.mapping_pages import export, get, item, mapped, place
from tests.web.test_dashboard_actions import actors, post, said, state_of
from tests.web.world import World


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def posted_with(world: World, key: str) -> None:
    """The posted order rests on the mapping of this vendor."""
    used = {"kind": "vendor", "source_key": key, "target_key": "9002"}
    with tenant_scope(world.tenant_id):
        Link.objects.update(mappings=[used])


# --- the list ----------------------------------------------------------------------------------


def test_what_is_missing_comes_first_with_its_suggestion(operator: Client, world: World) -> None:
    item(world, "source", "8", "Contoso Ltd")
    item(world, "source", "11", "Adatum")
    page = get(operator, f"mappings/?{place(world)}")
    waits, unlinked, linked = (
        page.index(f'class="row-link" href="{start}')
        for start in (
            f"/w/acme/mappings/unlinked/?{place(world).replace('&', '&amp;')}&amp;source=7",
            f"/w/acme/mappings/unlinked/?{place(world).replace('&', '&amp;')}&amp;source=11",
            f"/w/acme/mappings/{world.mapping.pk}/",
        )
    )
    assert waits < unlinked < linked
    assert "same name but for its legal form" in page[waits:unlinked]
    assert 'name="target" value="9001"' in page[waits:unlinked]
    assert "1 waits" in page


def test_a_suggestion_is_linked_in_the_list(operator: Client, world: World) -> None:
    given = {
        "integration": world.integration.pk,
        "kind": "vendor",
        "source": "7",
        "target": "9001",
        "back": f"/w/acme/mappings/?{place(world)}&show=waiting",
    }
    answer = post(operator, "mappings/link/", given)
    assert answer["Location"].endswith("show=waiting")
    assert "1 document will post now" in said(operator, answer)
    assert mapped(world)["7"] == "9001"
    assert state_of(world.waiting) == "due"
    assert actors(world, "mapping.set") == ["operator@example.com"]


@pytest.mark.parametrize(
    "changed",
    [{"source": "nobody"}, {"target": "7"}, {"target": ""}, {"source": "\x00"}],
)
def test_nothing_unknown_is_linked(operator: Client, world: World, changed: dict[str, str]) -> None:
    given = {"integration": world.integration.pk, "kind": "vendor", "source": "7"}
    answer = post(operator, "mappings/link/", {**given, "target": "9001", **changed})
    assert 'class="notice' in said(operator, answer)
    assert mapped(world) == {"8": "9002"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"7", "8", "11"}),
        ("&show=waiting", {"7"}),
        ("&show=open", {"11"}),
        ("&show=linked", {"8"}),
        ("&show=x", {"7", "8", "11"}),
        ("&q=contoso", {"8"}),
        ("&q=ADA", {"11"}),
        ("&q=northwind", {"7"}),
        ("&q=11", {"11"}),
        ("&q=nothing", set()),
    ],
)
def test_the_list_and_its_file_have_what_is_filtered(
    operator: Client, world: World, query: str, found: set[str]
) -> None:
    item(world, "source", "11", "Adatum")
    rows = csv.DictReader(io.StringIO(export(operator, world, query).removeprefix("\ufeff")))
    assert {row["Source id"] for row in rows} == found
    page = get(operator, f"mappings/?{place(world)}{query}")
    assert page.count('class="row-link"') == len(found)


def test_pages_follow_each_other_over_all_segments(
    operator: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping_list, "PAGE", 3)
    for number in range(5):
        item(world, "source", f"s{number}", f"Same name {number // 3}")
    path, seen = f"mappings/?{place(world)}", []
    for _ in range(4):
        page = get(operator, path)
        seen += re.findall(r'class="row-link"[^>]*>([^<]*)<', page)
        more = re.search(r'href="\?([^"]*after=[^"]+)"', page)
        if more is None:
            break
        path = f"mappings/?{more[1].replace('&amp;', '&')}"
    assert len(seen) == 7
    assert seen[0] == "Northwind Traders Inc"
    assert seen[-1] == "8"


@pytest.mark.parametrize("after", ["x", "open.x.y", "linked.9", "." * 400])
def test_odd_places_begin_somewhere(operator: Client, world: World, after: str) -> None:
    assert operator.get(f"/w/acme/mappings/?{place(world)}", {"after": after}).status_code == 200


def test_queries_do_not_grow_with_mappings(operator: Client, world: World) -> None:
    paths = [f"mappings/{page}?{place(world)}" for page in ("", "uses/", "export/")]

    def asked() -> list[int]:
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                operator.get(f"/w/acme/{path}")
            found.append(len(queries))
        return found

    asked()
    before = asked()
    with tenant_scope(world.tenant_id):
        for number in range(60):
            common = {"integration": world.integration, "kind": "vendor"}
            MappingFailure.objects.create(**common, source_key=f"f{number}", label=f"F {number}")
            Mapping.objects.create(
                **common, source_key=f"m{number}", target_key="9002", origin="person"
            )
    # A page that is full asks for no further segment.
    assert all(now <= then for now, then in zip(asked(), before, strict=True))


def test_another_workspace_has_its_own(
    operator: Client, people: People, world: World, other_world: World
) -> None:
    foreign = f"integration={other_world.integration.pk}&kind=vendor"
    for path in ("import", "exact", "unlinked"):
        answer = operator.get(f"/w/acme/mappings/{path}/?{foreign}&source=7")
        assert answer["Location"] == "/w/acme/mappings/", path
    given = {"integration": other_world.integration.pk, "kind": "vendor"}
    post(operator, "mappings/link/", {**given, "source": "7", "target": "9001"})
    post(operator, "mappings/undo/", {**given, "source": "8", "event": "1"})
    for name in ("unlink", "apply", "change"):
        path = f"mappings/{other_world.mapping.pk}/{name}/"
        assert post(operator, path, {"target": "9002"}).status_code == 404, name
    assert mapped(other_world) == {"8": "9002"}


# --- exact matches -----------------------------------------------------------------------------


def test_exact_matches_are_seen_and_then_linked(operator: Client, world: World) -> None:
    item(world, "source", "20", "Adatum Ltd.")
    item(world, "target", "9020", "ADATUM, Ltd")
    item(world, "source", "21", "Litware")
    item(world, "target", "9021", "Litware")
    path = f"mappings/exact/?{place(world)}"
    page = get(operator, path)
    assert "2 vendor pairs match exactly" in page
    assert mapped(world) == {"8": "9002"}
    chosen = re.findall(r'name="pair" value="([0-9a-f]+)"', page)
    # A second one of the same name comes meanwhile.
    item(world, "target", "9022", "Litware")
    answer = post(operator, path, {"pair": chosen})
    assert "1 mapping set" in said(operator, answer)
    assert mapped(world) == {"8": "9002", "20": "9020"}
    assert "None of the chosen pairs" in said(operator, post(operator, path, {"pair": chosen}))


def test_accounts_are_linked_by_code_only_where_it_is_unique(
    operator: Client, world: World
) -> None:
    for key, name, number in (("50", "Rent", "50"), ("60", "Fuel", "60"), ("61", "Fuel", "61")):
        item(world, "source", key, name, number=number, kind="account")
    for key, name, number in (("a1", "Offices", "50"), ("a2", "Fuel", "99"), ("a3", "Oil", "61")):
        item(world, "target", key, name, number=number, kind="account")
    page = get(operator, f"mappings/exact/?{place(world, 'account')}")
    assert "2 account pairs" in page
    pairs = re.findall(r'name="pair" value="([0-9a-f]+)"', page)
    post(operator, f"mappings/exact/?{place(world, 'account')}", {"pair": pairs})
    assert mapped(world) == {"8": "9002", "50": "a1", "61": "a3"}


# --- one mapping -------------------------------------------------------------------------------


def test_undo_sets_the_former_target_and_then_none(operator: Client, world: World) -> None:
    item(world, "source", "7", "Northwind", kind="other")
    given = {"integration": world.integration.pk, "kind": "vendor", "source": "7"}
    for target in ("9001", "9002"):
        post(operator, "mappings/link/", {**given, "target": target})
    posted_with(world, "7")

    def events() -> list[AuditEvent]:
        with tenant_scope(world.tenant_id):
            rows = AuditEvent.objects.filter(source_id="7", action__startswith="mapping.")
            return list(rows.order_by("-sequence"))

    with tenant_scope(world.tenant_id):
        row = Mapping.objects.get(source_key="7")
    page = get(operator, f"mappings/{row.pk}/")
    assert "Undo links it to Northwind Traders again" in page
    assert "1 posted document" in page
    assert page.count("mappings/undo/") == 1
    stale = events()[1].sequence
    refused = post(operator, "mappings/undo/", {**given, "event": stale})["Location"]
    shown = operator.get(refused, follow=True).content.decode()
    assert "nothing was undone" in shown
    undone = post(operator, "mappings/undo/", {**given, "event": events()[0].sequence})
    assert undone["Location"].startswith("/w/acme/mappings/unlinked/")
    assert mapped(world)["7"] == "9001"
    with tenant_scope(world.tenant_id):
        assert Link.objects.get().mappings[0]["target_key"] == "9002"


def test_undoing_the_first_link_leaves_none(operator: Client, world: World) -> None:
    given = {"integration": world.integration.pk, "kind": "vendor", "source": "7"}
    post(operator, "mappings/link/", {**given, "target": "9001"})
    with tenant_scope(world.tenant_id):
        event = AuditEvent.objects.get(action="mapping.set")
    answer = post(operator, "mappings/undo/", {**given, "event": event.sequence})
    page = get(operator, answer["Location"].removeprefix("/w/acme/"))
    assert "is not linked any more" in page
    assert "removed the mapping of" in page
    assert mapped(world) == {"8": "9002"}
    # Undoing that links it again.
    sequence = re.search(r'name="event" value="(\d+)"', page)
    assert sequence
    post(operator, "mappings/undo/", {**given, "event": sequence[1]})
    assert mapped(world)["7"] == "9001"


def test_usage_is_shown_before_unlinking(operator: Client, world: World) -> None:
    path = f"mappings/{world.mapping.pk}/"
    assert "No posted document uses this mapping" in get(operator, path)
    posted_with(world, "8")
    page = get(operator, path)
    assert "1 posted document" in page
    assert "1,234.50" in page
    uses = get(operator, f"mappings/uses/?{place(world)}")
    assert f'id="uses-{world.mapping.pk}" hx-swap-oob="true"><span class="second">1<' in uses
    assert "1,234.50" in uses
    stale = post(operator, f"{path}unlink/", {"target": "9001"})
    assert "changed meanwhile" in said(operator, stale)
    answer = post(operator, f"{path}unlink/", {"target": "9002"})
    assert "is not linked any more" in said(operator, answer)
    assert mapped(world) == {}
    assert actors(world, "mapping.removed") == ["operator@example.com"]
    assert operator.get(f"/w/acme/{path}").status_code == 404


def test_applying_shows_what_would_change_and_refuses_what_is_old(
    operator: Client, world: World
) -> None:
    path = f"mappings/{world.mapping.pk}/apply/"
    assert "No posted document would change" in get(operator, path)
    answer = post(operator, path, {"digest": "0" * 64})
    assert answer["Location"] == f"/w/acme/{path}"
    assert "nothing was applied" in said(operator, answer)
    with tenant_scope(world.tenant_id):
        assert not Document.objects.filter(state="due").exists()


def test_viewers_look_and_change_nothing(client: Client, people: People, world: World) -> None:
    client.force_login(people.viewer)
    pages = (f"mappings/?{place(world)}", f"mappings/unlinked/?{place(world)}&source=7")
    for path in pages:
        assert get(client, path).count('method="post"') == 1, path  # which signs out
    for path in ("link/", "undo/", f"{world.mapping.pk}/unlink/", f"{world.mapping.pk}/apply/"):
        assert post(client, f"mappings/{path}", {"target": "9002"}).status_code == 403, path
    for path in ("import/", "exact/"):
        assert client.get(f"/w/acme/mappings/{path}?{place(world)}").status_code == 403, path
    assert mapped(world) == {"8": "9002"}
