"""Recovery codes: each signs in once, and none is had without a code."""

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from pytest_django import Settings

from audit.models import PlatformEvent
from tenants.models import User
from tests.web.second_factor import (
    CODE_PAGE,
    browser,
    code_of,
    give_password,
    is_in,
    make_kim_and_lee,
    set_up,
    signed_in,
    signed_in_again,
    wrong_code,
)


@pytest.fixture(autouse=True)
def people(transactional_db: None, settings: Settings) -> dict[str, User]:
    return make_kim_and_lee(settings)


def test_a_recovery_code_works_once_and_is_told() -> None:
    _, codes = set_up(signed_in())
    assert len(set(codes)) == 10
    for works in (True, False):
        client = browser()
        give_password(client)
        client.post(CODE_PAGE, {"code": codes[3]})
        assert is_in(client) is works
    told = PlatformEvent.objects.get(action="two_factor.recovered")
    assert told.details["address"] == "10.0.0.1"
    page = signed_in_again(codes[4]).get("/two-factor/").content.decode()
    assert "8 recovery codes left" in page


def test_recovery_codes_are_shown_once_and_end_with_new_ones() -> None:
    home = signed_in()
    secret, codes = set_up(home)
    again = home.get("/two-factor/codes/").content.decode()
    assert not any(code in again for code in codes)
    assert home.head("/two-factor/codes/").status_code == 405
    renewed = home.post("/two-factor/codes/new/", {"code": code_of(secret)})
    assert renewed["Location"] == "/two-factor/codes/"
    fresh = re.findall(r"<code>(\d{8})</code>", home.get("/two-factor/codes/").content.decode())
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert not is_in(signed_in_again(codes[0]))
    assert is_in(signed_in_again(fresh[0]))


def test_a_stolen_session_and_password_make_no_new_recovery_codes() -> None:
    """With one of them the app could be turned off."""
    home = signed_in()
    secret, codes = set_up(home)
    assert "The 10 that are left" in home.get("/two-factor/codes/new/").content.decode()
    for sent in ({}, {"code": ""}, {"code": wrong_code(secret)}):
        assert home.post("/two-factor/codes/new/", sent).status_code == 200, sent
    assert "<code>" not in home.get("/two-factor/codes/").content.decode()
    home.post("/two-factor/off/", {"code": codes[0]})
    assert home.get("/two-factor/codes/new/")["Location"] == "/two-factor/"


def test_codes_that_were_never_seen_are_not_for_another_session() -> None:
    home = signed_in()
    _, codes = set_up(home)
    home.post("/two-factor/codes/new/", {"code": codes[0]})
    other = browser()
    other.force_login(User.objects.get(email="kim@example.com"))
    assert other.get("/two-factor/codes/")["Location"] == "/two-factor/"
    assert "<code>" in home.get("/two-factor/codes/").content.decode()


def test_recovery_codes_of_an_earlier_app_end_with_a_new_one(people: dict[str, User]) -> None:
    old = RecoveryCodes.activate(people["kim"]).generate_codes()
    _, codes = set_up(signed_in())
    assert not set(codes) & set(old)
    assert not is_in(signed_in_again(old[0]))
    assert is_in(signed_in_again(codes[0]))
