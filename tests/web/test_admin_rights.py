"""Staff with some rights attack the pages of people, groups and lists, and gain nothing by it."""

from itertools import cycle
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory
from django.urls import reverse

from connectors.models import sealed_fields, sealed_models
from tenants.models import User
from tests.people import People, make_user
from tests.web.world import World

PASSWORDS = {"password1": "a-new-long-passphrase", "password2": "a-new-long-passphrase"}


def rights(*names: str) -> list[Permission]:
    return list(Permission.objects.filter(codename__in=names))


def staff_with(name: str, *names: str) -> User:
    person = make_user(name)
    person.is_staff = True
    person.save()
    person.user_permissions.add(*rights(*names))
    return person


@pytest.fixture
def helper(client: Client, db: None) -> User:
    """Somebody at the help desk, logged in."""
    person = staff_with(
        "helper",
        *("view_user", "change_user", "add_user", "view_group", "change_group", "add_group"),
        *("delete_group", "view_connection", "view_webhookendpoint"),
    )
    client.force_login(person)
    return person


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def set_password(client: Client, person: User) -> int:
    address = page("auth_user_password_change", person.pk)
    return client.post(address, {**PASSWORDS, "usable_password": "true"}).status_code


def stronger(kind: str) -> User:
    if kind == "superuser":
        return User.objects.create_superuser("root@example.com", None)
    person = staff_with("strong", *(["change_tenant"] if kind == "own right" else []))
    if kind == "right of a group":
        group = Group.objects.create(name="Operators")
        group.permissions.add(*rights("change_tenant"))
        person.groups.add(group)
    if kind == "right while inactive":
        person.user_permissions.add(*rights("change_tenant"))
        person.is_active = False
        person.save()
    return person


STRONGER = ("superuser", "own right", "right of a group", "right while inactive")


@pytest.mark.parametrize("kind", STRONGER)
def test_nobody_takes_over_staff_with_a_right_they_lack(
    client: Client, helper: User, kind: str
) -> None:
    person = stronger(kind)
    before = User.objects.values().get(pk=person.pk)
    assert set_password(client, person) == 403
    changed = {"email": "mine@example.com", "name": "Mine", "is_active": "on"}
    assert client.post(page("tenants_user_change", person.pk), changed).status_code == 403
    assert User.objects.values().get(pk=person.pk) == before


def test_help_for_a_colleague_with_no_right_of_their_own_goes_on(
    client: Client, helper: User
) -> None:
    person = staff_with("colleague", "view_user")
    assert set_password(client, person) == 302
    person.refresh_from_db()
    assert person.check_password(PASSWORDS["password1"])


def test_a_member_is_taken_over_neither_by_password_nor_by_address(
    client: Client, helper: User, people: People
) -> None:
    owner = people.owner
    assert set_password(client, owner) == 403
    changed = {"email": "mine@example.com", "name": "New name", "is_active": "on"}
    assert client.post(page("tenants_user_change", owner.pk), changed).status_code == 302
    owner.refresh_from_db()
    assert (owner.email, owner.name) == ("owner@example.com", "New name")


def test_a_member_who_is_made_inactive_first_is_not_taken_over_either(
    client: Client, helper: User, people: People
) -> None:
    owner, change = people.owner, page("tenants_user_change", people.owner.pk)
    assert client.post(change, {"email": owner.email, "name": "Asleep"}).status_code == 302
    assert set_password(client, owner) == 403
    assert client.post(page("tenants_user_reset_two_factor", owner.pk)).status_code == 403
    client.post(change, {"email": "mine@example.com", "name": "Awake", "is_active": "on"})
    owner.refresh_from_db()
    assert (owner.email, owner.name, owner.is_active) == ("owner@example.com", "Awake", True)
    assert not owner.has_usable_password()


def test_groups_are_the_superusers(client: Client, helper: User) -> None:
    group = Group.objects.create(name="Helpers")
    group.permissions.add(*rights("view_user"))
    helper.groups.add(group)
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    given = {"name": "Helpers", "permissions": everything}
    assert client.get(page("auth_group_change", group.pk)).status_code == 200
    assert client.post(page("auth_group_change", group.pk), given).status_code == 403
    assert client.post(page("auth_group_add"), {**given, "name": "More"}).status_code == 403
    assert client.post(page("auth_group_delete", group.pk), {"post": "yes"}).status_code == 403
    assert [p.codename for p in group.permissions.all()] == ["view_user"]


def test_a_new_person_gets_no_power(client: Client, helper: User) -> None:
    given = {"email": "new@example.com", "name": "New", "usable_password": "true", **PASSWORDS}
    powers = {"is_staff": "on", "is_superuser": "on", "groups": [], "user_permissions": ["1"]}
    assert client.post(page("tenants_user_add"), {**given, **powers}).status_code == 302
    person = User.objects.get(email="new@example.com")
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert not person.user_permissions.exists()


# --- lists as an oracle -----------------------------------------------------------------------


@pytest.mark.parametrize("query", ["sealed_credentials__startswith=g", "secret_id__gte=0"])
def test_a_list_does_not_tell_what_a_ciphertext_begins_with(
    client: Client, helper: User, world: World, query: str
) -> None:
    address = page("connectors_connection_changelist")
    assert client.get(f"{address}?{query}", follow=True).status_code == 400


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str))
def test_no_list_compares_a_secret_or_a_part_of_a_text(model: Any) -> None:
    pages, asking = admin.site._registry[model], RequestFactory().get("/")
    paths = [field.name for field in model._meta.concrete_fields]
    paths += [
        f"{field.name}__{there.name}"
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model
        for there in field.related_model._meta.concrete_fields
    ]
    secrets = {name for sealed in sealed_models() for name in sealed_fields(sealed)}
    secrets |= {"password", "token", "secret_id"}
    for path, part in zip(paths, cycle(("startswith", "contains", "regex", "iexact"))):
        assert not pages.lookup_allowed(f"{path}__{part}", "g", asking), (path, part)
        if path.split("__")[-1] in secrets:
            for whole in ("", "__exact", "__gte", "__lt", "__in", "__isnull"):
                assert not pages.lookup_allowed(path + whole, "g", asking), path
