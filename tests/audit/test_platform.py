"""The platform's chain: what becomes of people and rights is noted, whichever way it is done."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit import platform
from audit.acting import acting
from audit.chain import ChainBrokenError
from audit.models import PlatformEvent
from audit.verify_export import main as verify_file
from tenants.models import User
from tenants.roles import as_owner
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a-new-long-passphrase"


@pytest.fixture
def root(client: Client) -> User:
    """A superuser, logged in."""
    person = User.objects.create_superuser("root@example.com", None)
    client.force_login(person)
    return person


def told(after: int = 0) -> list[tuple[str, str, dict[str, Any]]]:
    events = PlatformEvent.objects.filter(sequence__gt=after)
    return [(event.action, event.subject, event.details) for event in events]


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def test_a_person_is_made_changed_and_switched_off_on_the_pages(client: Client, root: User) -> None:
    start = platform.read_head().sequence
    new = {"email": "kim@example.com", "name": "Kim", "usable_password": "true"}
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(page("tenants_user_add"), {**new, **passwords}).status_code == 302
    kim = User.objects.get(email="kim@example.com")
    powers = [
        str(pk)
        for pk in Permission.objects.filter(codename="view_user").values_list("pk", flat=True)
    ]
    changed = {"email": kim.email, "name": "Kim", "is_staff": "on", "user_permissions": powers}
    assert client.post(page("tenants_user_change", kim.pk), changed).status_code == 302
    again = {**passwords, "usable_password": "true"}
    assert client.post(page("auth_user_password_change", kim.pk), again).status_code == 302
    subject = f"user:{kim.pk} kim@example.com"
    assert told(start) == [
        ("person.created", subject, {}),
        ("person.password_changed", subject, {}),
        ("person.changed", subject, {"is_staff": [False, True], "is_active": [True, False]}),
        ("person.rights_added", subject, {"rights": ["Tenants | user | Can view user"]}),
        ("person.password_changed", subject, {}),
    ]
    actors = PlatformEvent.objects.filter(sequence__gt=start).values_list("actor", flat=True)
    assert set(actors) == {f"user:{root.pk} root@example.com"}
    assert PASSWORD not in str(list(platform.export()))


def test_a_password_that_is_taken_away_is_noted(client: Client, root: User) -> None:
    kim = User.objects.create_user("kim@example.com", PASSWORD, name="Kim")
    start = platform.read_head().sequence
    taken = {"usable_password": "false", "unset-password": "1"}
    assert client.post(page("auth_user_password_change", kim.pk), taken).status_code == 302
    kim.refresh_from_db()
    assert not kim.has_usable_password()
    assert told(start) == [("person.password_removed", f"user:{kim.pk} kim@example.com", {})]


def test_groups_and_their_rights_are_noted_from_both_ends(db: None) -> None:
    kim, group = make_user("kim"), Group.objects.create(name="Helpers")
    view, change = Permission.objects.filter(codename__in=["view_user", "change_user"]).order_by(
        "-pk"
    )
    start = platform.read_head().sequence
    group.permissions.set([view, change])
    group.user_set.add(kim)
    group.user_set.add(kim)
    group.permissions.remove(change)
    kim.groups.clear()
    group.name = "Help desk"
    group.save()
    group.delete()
    names = [f"Tenants | user | Can {verb} user" for verb in ("change", "view")]
    subject = f"user:{kim.pk} kim@example.com"
    assert told(start) == [
        ("group.rights_added", "Helpers", {"rights": names}),
        ("person.groups_added", subject, {"groups": ["Helpers"]}),
        ("group.rights_removed", "Helpers", {"rights": names[:1]}),
        ("person.groups_removed", subject, {"groups": ["Helpers"]}),
        ("group.changed", "Help desk", {}),
        ("group.deleted", "Help desk", {}),
    ]


def test_what_is_undone_is_not_noted(db: None) -> None:
    start = platform.read_head()
    with transaction.atomic():
        make_user("kim")
        transaction.set_rollback(True)
    assert platform.read_head() == start


def test_a_login_or_an_unchanged_person_is_no_change(db: None) -> None:
    kim = make_user("kim")
    start = platform.read_head()
    kim.save()
    kim.save(update_fields=["last_login"])
    kim.check_password("guessed")
    assert platform.read_head() == start


def test_commands_and_the_service_are_named(db: None) -> None:
    platform.record("tenant.deleted", "acme")
    with acting(lambda: "command:createsuperuser"):
        platform.record("person.created", "x" * 500)
    first, second = PlatformEvent.objects.order_by("-sequence")[:2][::-1]
    assert (first.actor, second.actor) == ("system:service", "command:createsuperuser")
    assert len(second.subject) == 300


def test_only_superusers_see_it(client: Client, root: User) -> None:
    make_user("kim")
    listed = client.get(page("audit_platformevent_changelist"))
    assert "person.created" in listed.content.decode()
    event = PlatformEvent.objects.latest("sequence")
    assert client.get(page("audit_platformevent_change", event.pk)).status_code == 200
    helper = make_user("helper")
    helper.is_staff = True
    helper.save()
    helper.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(helper)
    assert client.get(page("audit_platformevent_changelist")).status_code == 403
    assert client.get(page("audit_platformevent_change", event.pk)).status_code == 403


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_platformevent SET actor = 'x'",
        "DELETE FROM audit_platformevent",
        "TRUNCATE audit_platformevent",
        "TRUNCATE audit_platformhead",
    ],
)
@pytest.mark.parametrize("owner", [False, True])
def test_no_login_changes_an_event(db: None, statement: str, owner: bool) -> None:
    make_user("kim")

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    if owner:
        with as_owner(), pytest.raises(DatabaseError):
            attack()
    else:
        with pytest.raises(DatabaseError):
            attack()
    assert platform.verify() == platform.read_head()


def test_a_cut_end_shows_against_a_head_noted_earlier(
    db: None, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    for name in ("kim", "lee", "mo"):
        make_user(name)
    noted = platform.read_head()
    anchor = f"{noted.sequence}:{noted.hash}"
    call_command("verify_audit", platform=True, anchor=[anchor])
    assert capsys.readouterr().out == f"(platform): 3 events, head {noted.hash}\n"
    call_command("export_audit", platform=True)
    path = tmp_path / "platform.jsonl"
    path.write_text(capsys.readouterr().out)
    assert verify_file([str(path), "--head", noted.hash]) == 0
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_platformevent DISABLE TRIGGER append_only")
        cursor.execute("DELETE FROM audit_platformevent WHERE sequence = 3")
        cursor.execute("ALTER TABLE audit_platformevent ENABLE ALWAYS TRIGGER append_only")
    with pytest.raises(ChainBrokenError, match="event 3 is missing"):
        platform.verify()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_platformhead SET sequence = 2,"
            " hash = (SELECT hash FROM audit_platformevent WHERE sequence = 2)"
        )
    assert platform.verify().sequence == 2
    with pytest.raises(CommandError, match=r"broken for: \(platform\)"):
        call_command("verify_audit", platform=True, anchor=[anchor])
