"""The staff page that sets both sides' master data side by side."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from connectors.models import Connection, Mapping, ReferenceItem
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import NOW, World


@pytest.fixture
def lists(world: World) -> World:
    """One vendor of every standing; the world itself brings some that stand alone."""
    rows = [
        ("a", "Alpha", True, "A", "Alpha", True),
        ("b", "Beta", True, "B", "Beta Renamed", True),
        ("c", "Gamma", True, "C", "Gamma", False),
        ("d", "Delta", True, "gone", "", True),
    ]
    with tenant_scope(world.tenant_id):
        Mapping.objects.all().delete()
        for ours, name, on, theirs, other, other_on in rows:
            item(world.source, ours, name, on)
            if other:
                item(world.target, theirs, other, other_on)
            Mapping.objects.create(
                integration=world.integration, kind="vendor", source_key=ours, target_key=theirs
            )
    return world


def item(connection: Connection, key: str, name: str, active: bool) -> None:
    ReferenceItem.objects.create(
        connection=connection, kind="vendor", key=key, name=name, active=active, seen_at=NOW
    )


def url(world: World) -> str:
    return reverse("admin:connectors_integration_alignment", args=[world.integration.pk])


def names(staff: Client, world: World, **query: str) -> list[str]:
    rows = staff.get(url(world), {"kind": "vendor", **query}).context["rows"]
    return [(row["source"] or row["target"]).name for row in rows]


def test_every_standing_is_counted_and_shown(staff: Client, lists: World) -> None:
    answer = staff.get(url(lists), {"kind": "vendor"})
    counts = {value: (says, number) for value, says, number, _ in answer.context["standings"]}
    assert counts == {
        "broken": ("gone from Zoho Books", 1),
        "inactive": ("inactive", 1),
        "renamed": ("renamed", 1),
        "only_source": ("only in Procurify", 1),
        "only_target": ("only in Zoho Books", 2),
        "matched": ("matched", 1),
    }
    text = answer.content.decode()
    assert text.index("Delta") < text.index("Gamma") < text.index("Beta Renamed")
    assert "q=a" in text, "a link leads to the mapping"


def test_one_standing_and_a_search(staff: Client, lists: World) -> None:
    assert names(staff, lists, standing="renamed") == ["Beta"]
    assert names(staff, lists, q="beta ren") == ["Beta"]
    assert names(staff, lists, q="nobody") == []
    assert names(staff, lists, standing="only_target") == ["Contoso", "Northwind Traders"]


def test_long_lists_have_pages(staff: Client, lists: World) -> None:
    with tenant_scope(lists.tenant_id):
        for number in range(101):
            item(lists.source, f"n{number}", f"Number {number:03}", True)
    found = names(staff, lists, standing="only_source")
    more = names(staff, lists, standing="only_source", page="2")
    assert len(found) == 100
    assert len(more) == 2
    assert not set(found) & set(more)


def test_another_tenants_rows_are_not_mixed_in(
    staff: Client, lists: World, other_world: World
) -> None:
    assert "Alpha" not in staff.get(url(other_world), {"kind": "vendor"}).content.decode()
    tiles = staff.get(reverse("admin:connectors_integration_alignments")).content.decode()
    assert url(lists) in tiles
    assert url(other_world) in tiles


def test_an_unknown_kind_or_standing_does_no_harm(staff: Client, lists: World) -> None:
    assert staff.get(url(lists), {"kind": "<x>", "standing": "<y>", "page": "z"}).status_code == 200


def test_it_needs_the_permission_to_see_reference_items(
    client: Client, lists: World, people: People
) -> None:
    helper = people.viewer
    helper.is_staff = True
    helper.save()
    helper.user_permissions.add(Permission.objects.get(codename="view_integration"))
    client.force_login(helper)
    assert client.get(url(lists)).status_code == 403
    assert client.get(reverse("admin:connectors_integration_alignments")).status_code == 403
    assert "Side by side" not in client.get(reverse("admin:index")).content.decode()


def confirm(client: Client, world: World, key: str = "a") -> int:
    address = reverse("admin:connectors_integration_confirm", args=[world.integration.pk])
    return client.post(address, {"kind": "vendor", "source_key": key}).status_code


def origin(world: World, key: str = "a") -> str:
    with tenant_scope(world.tenant_id):
        return Mapping.objects.get(kind="vendor", source_key=key).origin


def test_a_person_confirms_an_automatic_link_and_the_trail_says_who(
    staff: Client, lists: World
) -> None:
    with tenant_scope(lists.tenant_id):
        Mapping.objects.filter(source_key="a").update(origin=Mapping.Origin.AUTOMATIC)
    assert confirm(staff, lists) == 302
    assert origin(lists) == Mapping.Origin.PERSON
    with tenant_scope(lists.tenant_id):
        assert AuditEvent.objects.filter(action="mapping.confirmed", source_id="a").count() == 1
    assert confirm(staff, lists, "nobody") == 302, "a message says that it is gone"


def test_confirming_needs_the_permission_to_change_mappings(
    client: Client, lists: World, people: People
) -> None:
    helper = people.viewer
    helper.is_staff = True
    helper.save()
    names = ("view_integration", "view_referenceitem")
    helper.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(helper)
    with tenant_scope(lists.tenant_id):
        Mapping.objects.filter(source_key="a").update(origin=Mapping.Origin.AUTOMATIC)
    assert confirm(client, lists) == 403
    assert origin(lists) == Mapping.Origin.AUTOMATIC
