"""Mappings on the members' pages: found, exported and imported, linked at once, undone, applied."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from connectors.models import Document, Link, Mapping, MappingFailure, ReferenceItem
from connectors.services import mapping_list
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_dashboard_actions import actors, post, said, state_of
from tests.web.world import NOW, World

HEAD = "Source id,Source name,Source code,Target id,Target name,Target code\n"


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def place(world: World, kind: str = "vendor") -> str:
    return f"integration={world.integration.pk}&kind={kind}"


def get(client: Client, path: str) -> str:
    answer = client.get(f"/w/acme/{path}")
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def item(world: World, side: str, key: str, name: str, **fields: Any) -> None:
    with tenant_scope(world.tenant_id):
        ReferenceItem.objects.create(
            connection=world.source if side == "source" else world.target,
            **{"kind": "vendor", "key": key, "name": name, "seen_at": NOW, **fields},
        )


def mapped(world: World) -> dict[str, str]:
    with tenant_scope(world.tenant_id):
        return dict(Mapping.objects.values_list("source_key", "target_key"))


def dry_run(client: Client, world: World, text: str | bytes, kind: str = "vendor") -> str:
    content = text if isinstance(text, bytes) else text.encode()
    answer = client.post(
        f"/w/acme/mappings/import/?{place(world, kind)}",
        {"file": SimpleUploadedFile("mappings.csv", content)},
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def carried(page: str) -> dict[str, str]:
    """What the form of a dry run sends to import it."""
    found = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("content", "digest")
    }
    return {name: match[1] if match else "" for name, match in found.items()}


def bring_in(client: Client, world: World, page: str) -> Any:
    return client.post(f"/w/acme/mappings/import/?{place(world)}", carried(page))


def export(client: Client, world: World, query: str = "") -> str:
    answer = client.get(f"/w/acme/mappings/export/?{place(world)}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


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


# --- table files -------------------------------------------------------------------------------


def test_what_was_exported_changes_nothing(operator: Client, world: World) -> None:
    odd = '=HYPERLINK(1), "quoted"; über\nsecond line'
    item(world, "source", "8", odd, number="-08")
    item(world, "source", "12", "'=1+1", number="+7")
    with tenant_scope(world.tenant_id):
        ReferenceItem.objects.filter(key="9002").update(name="@Contoso", active=False)
    text = export(operator, world)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert all(not cell.startswith(("=", "@")) for row in rows for cell in row)
    for variant in (text, text.removeprefix("\ufeff")):
        page = dry_run(operator, world, variant)
        assert "0 changes" in page, page
        assert "3 unchanged." in page
    semicolons = io.StringIO()
    csv.writer(semicolons, delimiter=";").writerows(rows)
    assert "0 changes" in dry_run(operator, world, semicolons.getvalue())


def test_a_dry_run_changes_nothing_and_its_import_exactly_that(
    operator: Client, world: World
) -> None:
    item(world, "target", "9003", "Fabrikam", number="F-1")
    page = dry_run(operator, world, f"{HEAD}7,,,9001,,\n8,,,,,F-1\n")
    assert "2 changes: 1 new, 1 changed" in page
    assert "Import 2 mappings" in page
    assert mapped(world) == {"8": "9002"}
    answer = bring_in(operator, world, page)
    assert "2 mappings set. 1 document will post now." in said(operator, answer)
    assert mapped(world) == {"7": "9001", "8": "9003"}
    assert state_of(world.waiting) == "due"
    assert actors(world, "mapping.set") == ["operator@example.com"] * 2
    with tenant_scope(world.tenant_id):
        assert set(Mapping.objects.values_list("origin", flat=True)) == {"import"}


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("nobody,,,9001,,", "Source id", "Procurify has no vendor “nobody”"),
        (",Nobody,,9001,,", "Source name", "Procurify has no vendor “Nobody”"),
        (",,,9001,,", "Source id", "Enter an id, a name or a code"),
        ("7,,,9999,,", "Target id", "Zoho Books has no vendor “9999”"),
        ("7,,,,Nobody,", "Target name", "Zoho Books has no vendor “Nobody”"),
        ("7,,,,,N-0", "Target code", "Zoho Books has no vendor “N-0”"),
        ("7,,,,Twin,", "Target name", "has 2 of the kind vendor called “Twin”"),
        ("7,,,,Contoso,T-1", "Target name", "Zoho Books has no vendor “Contoso”"),
        ("7,,,9001,Contoso,", "Target name", "The id 9001 is “Northwind Traders”"),
        ("7,,,5000,,", "Target id", "is of the kind account in Zoho Books, not vendor"),
        ("7,,,,Rent,", "Target name", "is of the kind account in Zoho Books, not vendor"),
        ("7,,,9004,,", "Target id", "Closed is not in use in Zoho Books"),
        ("7,,,,Closed,", "Target name", "Closed is not in use in Zoho Books"),
        ("8,,,,,", "Target id", "an import unlinks nothing"),
    ],
)
def test_each_error_names_its_line_and_column(
    operator: Client, world: World, line: str, column: str, words: str
) -> None:
    for key, name, fields in (
        ("9004", "Closed", {"active": False}),
        ("9005", "Twin", {"number": "T-1"}),
        ("9006", "Twin", {"number": "T-2"}),
        ("5000", "Rent", {"kind": "account"}),
    ):
        item(world, "target", key, name, **fields)
    page = dry_run(operator, world, f"{HEAD}\n{line}\n")
    row = page[page.index("Dry run") :]
    assert re.search(r">3</td><th", row)
    assert f'<span class="strong">{column}:</span>' in row
    assert words in row
    assert "Import 1" not in page


def test_one_line_with_an_error_and_nothing_is_imported(operator: Client, world: World) -> None:
    page = dry_run(operator, world, f"{HEAD}7,,,9001,,\n7,,,9002,,\n")
    assert "Line 2 names it already." in page
    assert "1 new" in page
    digest = re.search(r"[0-9a-f]{32}", page)
    given = {"content": "", "digest": digest[0] if digest else ""}
    answer = operator.post(f"/w/acme/mappings/import/?{place(world)}", given)
    assert answer.status_code == 200
    assert mapped(world) == {"8": "9002"}


def test_names_and_codes_are_enough_where_they_are_unique(operator: Client, world: World) -> None:
    item(world, "target", "9005", "Twin", number="T-1")
    item(world, "target", "9006", "Twin", number="T-2")
    page = dry_run(operator, world, f"{HEAD},Northwind  Traders Inc,,,Twin,T-2\n")
    bring_in(operator, world, page)
    assert mapped(world)["7"] == "9006"


def test_what_changed_since_the_dry_run_is_shown_anew(operator: Client, world: World) -> None:
    page = dry_run(operator, world, f"{HEAD}7,,,9001,,\n")
    given = {"integration": world.integration.pk, "kind": "vendor", "source": "7"}
    post(operator, "mappings/link/", {**given, "target": "9002"})
    again = bring_in(operator, world, page).content.decode()
    assert "nothing was imported" in again
    assert "0 new, 1 changed" in again
    assert mapped(world)["7"] == "9002"
    bring_in(operator, world, again)
    assert mapped(world)["7"] == "9001"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Line 1 names no column"),
        (b"a,b\n1,2\n", "Line 1 names no column"),
        (b"Source id\n7\n", "“Target id”"),
        (HEAD.encode(), "no line below its first one"),
        (HEAD.encode() + b"7,M\xfcller,,9001,,\n", "Line 2 is not in UTF-8"),
        (HEAD.encode() + b'7,"open,,9001,,\n', "Line 2 cannot be read"),
        (HEAD.encode() + b"7,,,9001,,\n" * 5_001, "more than 5,000 lines"),
        (HEAD.encode() + b"7" * 900_000, "At most 900,000 are read"),
        (HEAD.encode() + b"7" * 140_000, "Line 2 cannot be read"),
    ],
)
def test_a_file_that_is_none_says_why(
    operator: Client, world: World, content: bytes, words: str
) -> None:
    assert words in dry_run(operator, world, content)
    assert mapped(world) == {"8": "9002"}


@pytest.mark.parametrize("content", ["", "x", "AAAA", "ü", "eJwDAAAAAAE="])
def test_a_form_without_its_file_is_refused(operator: Client, world: World, content: str) -> None:
    given = {"content": content, "digest": "0" * 32}
    answer = operator.post(f"/w/acme/mappings/import/?{place(world)}", given)
    assert answer.status_code == 200
    assert 'class="notice notice-held"' in answer.content.decode()
    assert mapped(world) == {"8": "9002"}


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
