"""How long a token lives, whatever the answer says of it."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.transport.token_request import access_token, token_life

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@pytest.mark.parametrize(
    ("body", "usual", "life"),
    [
        ({"expires_in": 3600}, HOUR, HOUR),
        ({"expires_in": "1800"}, HOUR, timedelta(minutes=30)),
        ({"expires_in": 3600000, "expires_in_sec": 3600}, HOUR, HOUR),
        ({"expires_in": 3600000}, HOUR, HOUR),
        ({"expires_in": 1800000}, HOUR, timedelta(minutes=30)),
        ({"expires_in": 7200}, HOUR, HOUR),
        ({"expires_in": 3599.5}, HOUR, timedelta(seconds=3599.5)),
        ({"expires_in": 86400000}, DAY, DAY),
        ({"expires_in": "soon"}, HOUR, HOUR),
        ({"expires_in": -1}, HOUR, HOUR),
        ({"expires_in": 0}, HOUR, HOUR),
        ({"expires_in": None}, HOUR, HOUR),
        ({"expires_in": True}, HOUR, HOUR),
        ({"expires_in": []}, HOUR, HOUR),
        ({"expires_in": "inf"}, HOUR, HOUR),
        ({"expires_in": "nan"}, HOUR, HOUR),
        ({"expires_in": 10**30}, HOUR, HOUR),
        ({"expires_in": 1}, HOUR, HOUR),
        ({"expires_in": 299}, HOUR, HOUR),
        ({"expires_in": 300}, HOUR, timedelta(minutes=5)),
        ({}, DAY, DAY),
    ],
)
def test_a_token_lives_no_longer_than_such_tokens_do(
    body: dict[str, Any], usual: timedelta, life: timedelta
) -> None:
    assert token_life(body, usual) == life


@pytest.mark.parametrize(
    "said", [None, "", 1, True, [], ["x"], {"a": 1}, "a b", "a\nb", "1000.\u20ac"]
)
def test_what_no_header_can_carry_is_no_token(said: Any) -> None:
    assert access_token({"access_token": said}) == ""
    assert access_token({"access_token": " 1000.ab-c_d== "}) == "1000.ab-c_d=="
