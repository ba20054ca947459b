"""A second factor: a stolen password alone signs nobody in, and does not remove it."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from cryptography.fernet import Fernet, MultiFernet
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from audit.models import PlatformEvent
from connectors.core import clock
from connectors.engine import doorbell
from connectors.services import sign_in_mail
from tenants.accounts import two_factor
from tenants.accounts.two_factor_forms import NO_KEY
from tenants.models import User
from tests.web.second_factor import (
    CODE_PAGE,
    PASSWORD,
    actions,
    browser,
    code_of,
    give_password,
    is_in,
    make_kim_and_lee,
    set_up,
    signed_in,
    wrong_code,
)


@pytest.fixture(autouse=True)
def people(transactional_db: None, settings: Settings) -> dict[str, User]:
    return make_kim_and_lee(settings)


def test_a_password_alone_signs_nobody_in() -> None:
    secret, _ = set_up(signed_in())
    thief = browser("10.6.6.6")
    answer = give_password(thief, path="/sign-in/?next=/sessions/")
    assert answer["Location"] == CODE_PAGE
    for path in ("/admin/", "/sessions/", "/two-factor/", "/confirm/", "/two-factor/off/"):
        away = thief.get(path)["Location"]
        assert away.startswith(("/sign-in/", "/admin/login/")), path
    give_password(thief, path="/sign-in/?next=/sessions/")
    refused = thief.post(CODE_PAGE, {"code": wrong_code(secret)})
    assert "That code is wrong" in refused.content.decode()
    assert not is_in(thief)
    give_password(thief, path="/sign-in/?next=/sessions/")
    assert thief.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/sessions/"
    assert is_in(thief)


def test_an_answer_of_a_security_key_is_none() -> None:
    set_up(signed_in())
    thief = browser()
    give_password(thief)
    for sent in ({}, {"credential": '{"id": []}'}, {"credential": "[]", "code": ""}):
        page = thief.post(CODE_PAGE, sent).content.decode()
        assert "This field is required" in page, sent
    assert not is_in(thief)


def test_a_code_works_once() -> None:
    secret, _ = set_up(signed_in())
    first, second = browser(), browser("10.0.0.2")
    give_password(first)
    give_password(second)
    code = code_of(secret)
    assert first.post(CODE_PAGE, {"code": code}).status_code == 302
    assert "used already" in second.post(CODE_PAGE, {"code": code}).content.decode()
    assert not is_in(second)


def test_the_code_that_sets_it_up_signs_nobody_in() -> None:
    secret, _ = set_up(signed_in())
    thief = browser("10.6.6.6")
    give_password(thief)
    page = thief.post(CODE_PAGE, {"code": code_of(secret, steps=-1)}).content.decode()
    assert "used already" in page
    assert not is_in(thief)


def test_a_code_of_ones_own_does_not_forget_what_was_guessed(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "6/5m/ip,4/15m/key"}
    _, codes = set_up(signed_in())
    place = browser("10.6.6.6")
    for number in range(5):
        given = {"username": f"guess{number}@example.com", "password": "guessed"}
        place.post("/sign-in/", given)
    give_password(place)
    place.post(CODE_PAGE, {"code": codes[0]})
    assert is_in(place)
    guess = {"username": "lee@example.com", "password": "guessed"}
    place.post("/sign-in/", guess)
    assert "Too many tries" in place.post("/sign-in/", guess).content.decode()


def test_codes_cannot_be_guessed() -> None:
    secret, codes = set_up(signed_in())
    places = [browser(f"10.6.6.{last}") for last in range(1, 8)]
    for place in places:
        give_password(place)
        place.post(CODE_PAGE, {"code": wrong_code(secret)})
    for right in (code_of(secret), codes[0]):
        page = places[0].post(CODE_PAGE, {"code": right}).content.decode()
        assert "Too many tries" in page
    assert not is_in(places[0])
    assert actions().count("wrong_code") == 4
    refused = PlatformEvent.objects.filter(action="two_factor.refused")
    assert {event.subject.partition(" ")[2] for event in refused} == {"kim@example.com"}


def test_a_stranger_keeps_nobody_from_giving_codes(people: dict[str, User]) -> None:
    """By names at the sign-in that read like what codes are counted under."""
    secret, _ = set_up(signed_in())
    names = (f"mfa-auth-user-{people['kim'].pk}", "code kim@example.com", "Code\tkim@example.com")
    for number, name in enumerate(names * 4):
        stranger = browser(f"10.6.6.{number}")
        stranger.post("/sign-in/", {"username": name, "password": "guessed"})
    home = browser()
    give_password(home)
    home.post(CODE_PAGE, {"code": code_of(secret)})
    assert is_in(home)


def test_wrong_codes_from_many_places_are_one_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = set_up(signed_in())
    rung: list[Any] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, ids, at: rung.append(ids))
    for last in range(1, 10):
        place = Client(REMOTE_ADDR=f"10.6.6.{last}", HTTP_USER_AGENT=f"Program {last}")
        give_password(place)
        place.post(CODE_PAGE, {"code": wrong_code(secret)})
    assert actions().count("refused") == len(rung) == 1


def test_a_new_password_ends_a_sign_in_that_waits_for_its_code(people: dict[str, User]) -> None:
    secret, _ = set_up(signed_in())
    thief = browser("10.6.6.6")
    give_password(thief)
    people["kim"].refresh_from_db()
    people["kim"].set_password("another-long-password")
    people["kim"].save()
    assert thief.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/sign-in/"
    assert not is_in(thief)


def test_who_was_made_inactive_meanwhile_gets_nowhere(people: dict[str, User]) -> None:
    secret, _ = set_up(signed_in())
    client = browser()
    give_password(client)
    User.objects.filter(email="kim@example.com").update(is_active=False)
    assert client.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/sign-in/"
    assert not is_in(client)


def test_who_was_deleted_meanwhile_gets_nowhere(people: dict[str, User]) -> None:
    set_up(signed_in())
    client = browser()
    give_password(client)
    people["kim"].delete()
    for answer in (client.get(CODE_PAGE), client.post(CODE_PAGE, {"code": "123456"})):
        assert answer["Location"] == "/sign-in/"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_at_the_moment_of_a_code_lets_nobody_in(
    people: dict[str, User], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Before or after the code is looked at."""
    _, codes = set_up(signed_in())
    client = browser()
    give_password(client)
    looks = RecoveryCodes.validate_code

    def validate_code(self: RecoveryCodes, code: str) -> bool:
        if when == "before":
            two_factor.reset(people["kim"])
        fits = bool(looks(self, code))
        if when == "after":
            two_factor.reset(people["kim"])
        return fits

    monkeypatch.setattr(RecoveryCodes, "validate_code", validate_code)
    assert client.post(CODE_PAGE, {"code": codes[0]}).status_code in {200, 302}
    assert not is_in(client)


def test_the_session_gets_a_new_key_with_the_password_and_with_the_code() -> None:
    secret, _ = set_up(signed_in())
    client = browser()
    give_password(client)
    keys = [client.session.session_key]
    give_password(client)
    keys.append(client.session.session_key)
    client.post(CODE_PAGE, {"code": code_of(secret)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


def test_a_stolen_session_and_password_do_not_turn_it_off() -> None:
    home = signed_in()
    secret, codes = set_up(home)
    assert (
        "That code is wrong"
        in home.post("/two-factor/off/", {"code": wrong_code(secret)}).content.decode()
    )
    assert Authenticator.objects.count() == 2
    home.post("/two-factor/off/", {"code": codes[0]})
    assert not Authenticator.objects.exists()
    assert is_in(signed_in())


def test_pages_that_change_it_want_the_password_of_just_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = signed_in()
    set_up(home)
    later = clock.now() + timedelta(minutes=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    for path in ("/two-factor/off/", "/two-factor/codes/", "/two-factor/codes/new/"):
        for answer in (home.get(path), home.post(path, {"code": "1"})):
            assert answer.status_code in {302, 405}, path
            assert answer.status_code == 405 or answer["Location"].startswith("/confirm/"), path
    assert Authenticator.objects.count() == 2


def test_what_is_stored_opens_with_the_services_keys_only() -> None:
    begun = signed_in("lee")
    begun.get("/two-factor/on/")
    assert decrypt(begun.session["mfa.totp.secret"]).isalnum()
    secret, codes = set_up(signed_in())
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in codes)
    app = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert decrypt(app.data["secret"]) == secret


def test_a_key_that_is_missing_is_told_on_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    home = signed_in()
    secret, codes = set_up(home)
    home.post("/two-factor/codes/new/", {"code": code_of(secret)})
    waiting = browser()
    give_password(waiting)
    with monkeypatch.context() as patched:
        other = MultiFernet([Fernet(Fernet.generate_key())])
        patched.setattr("encrypted_model_fields.fields.CRYPTER", other)
        for path in ("/two-factor/off/", "/two-factor/codes/new/"):
            assert home.get(path).status_code == 200, path
            assert NO_KEY in unescape(home.post(path, {"code": codes[0]}).content.decode()), path
        assert NO_KEY in unescape(waiting.post(CODE_PAGE, {"code": "1"}).content.decode())
        assert home.get("/two-factor/codes/")["Location"] == "/two-factor/"
        assert NO_KEY in unescape(home.get("/two-factor/").content.decode())
    # They were not seen by that.
    assert "<code>" in home.get("/two-factor/codes/").content.decode()


def test_a_secret_whose_key_is_lost_before_its_first_code_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = signed_in()
    home.get("/two-factor/on/")
    other = MultiFernet([Fernet(Fernet.generate_key())])
    monkeypatch.setattr("encrypted_model_fields.fields.CRYPTER", other)
    assert "That code is wrong" in home.post("/two-factor/on/", {"code": "1"}).content.decode()
    set_up(home)


def test_setting_it_up_twice_at_once_keeps_the_first() -> None:
    home = signed_in()
    home.get("/two-factor/on/")
    secret = decrypt(home.session["mfa.totp.secret"])
    auth.TOTP.activate(User.objects.get(email="kim@example.com"), secret)
    answer = home.post("/two-factor/on/", {"code": code_of(secret)})
    assert answer["Location"] == "/two-factor/off/"
    assert home.get("/two-factor/on/")["Location"] == "/two-factor/off/"


def test_staff_set_it_up_before_all_else_where_it_is_required(settings: Settings) -> None:
    settings.STAFF_NEEDS_TWO_FACTOR = True
    client = signed_in()
    for path in ("/", "/admin/", "/admin/connectors/document/", "/sessions/", "/two-factor/"):
        assert client.get(path)["Location"] == "/two-factor/on/", path
        assert client.post(path)["Location"] == "/two-factor/on/", path
    assert "Set up the app to go on" in client.get("/two-factor/on/").content.decode()
    assert client.get("/healthz").status_code == 200
    set_up(client)
    assert is_in(client)
    member = User.objects.create_user("member@example.com", PASSWORD)
    other = browser()
    other.force_login(member)
    assert other.get("/sessions/").status_code == 200


def test_staff_reset_it_for_others_but_not_for_themselves(people: dict[str, User]) -> None:
    lost = signed_in("lee")
    set_up(lost)
    home = signed_in()
    set_up(home)
    page = f"/admin/tenants/user/{people['lee'].pk}/change/"
    reset = f"/admin/tenants/user/{people['lee'].pk}/two-factor/"
    assert reset in home.get(page).content.decode()
    assert "Be sure that it is them" in home.get(reset).content.decode()
    assert home.post(reset)["Location"] == page
    assert not is_in(lost)
    assert is_in(signed_in("lee"))
    assert home.post(f"/admin/tenants/user/{people['kim'].pk}/two-factor/").status_code == 403
    assert home.post("/admin/tenants/user/999999/two-factor/").status_code == 404
    gone = PlatformEvent.objects.get(action="two_factor.turned_off")
    assert gone.actor.endswith("kim@example.com")
    assert gone.subject.endswith("lee@example.com")


def test_the_help_desk_resets_nobody_with_more_rights(people: dict[str, User]) -> None:
    set_up(signed_in("lee"))
    helper = User.objects.create_user("desk@example.com", PASSWORD, is_staff=True)
    permissions = helper.user_permissions.model.objects.filter(content_type__app_label="tenants")
    helper.user_permissions.set(permissions)
    desk = signed_in("desk")
    assert desk.post(f"/admin/tenants/user/{people['lee'].pk}/two-factor/").status_code == 403
    assert Authenticator.objects.count() == 2


def test_the_command_lets_in_who_lost_everything() -> None:
    set_up(signed_in())
    call_command("reset_two_factor", "KIM@example.com")
    assert is_in(signed_in())
    gone = PlatformEvent.objects.get(action="two_factor.turned_off")
    assert gone.actor == "command:reset_two_factor"
    for email, words in (("kim@example.com", "no authenticator"), ("x@y.example", "Nobody")):
        with pytest.raises(CommandError, match=words):
            call_command("reset_two_factor", email)


def test_people_are_told_of_each_change() -> None:
    home = signed_in()
    secret, codes = set_up(home)
    home.post("/two-factor/codes/new/", {"code": codes[0]})
    home.post("/two-factor/off/", {"code": code_of(secret)})
    for event in PlatformEvent.objects.filter(action__in=sign_in_mail.SUBJECTS).order_by("pk"):
        sign_in_mail.send(event.pk)
    subjects = [message.subject for message in mail.outbox]
    assert subjects == [
        "A new sign-in to ml-connector",
        "Two-factor authentication is on",
        "New recovery codes",
        "Two-factor authentication is off",
    ]
    assert all(message.to == ["kim@example.com"] for message in mail.outbox)
    assert "kim@example.com" in mail.outbox[-1].body
    assert "/two-factor/" in mail.outbox[-1].body
