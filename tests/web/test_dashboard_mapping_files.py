"""Mappings as table files: out as filtered, in after a dry run, all or nothing."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connectors.models import Mapping, ReferenceItem
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.mapping_pages import export, item, mapped, place
from tests.web.test_dashboard_actions import actors, post, said, state_of
from tests.web.world import World

HEAD = "Source id,Source name,Source code,Target id,Target name,Target code\n"


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


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
