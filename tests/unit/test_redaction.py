"""Secrets go, whatever shape they come in; everything else stays."""

import json

import pytest

from connectors.core.redaction import REDACTED, redact

TOKEN = "1000.8cb99dxxxxxxxx".replace("x", "a") + ".6a4f5d0c9b8e7f6a5b4c3d2e1f0a9b8c"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fw"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer s3cr3t-value", "s3cr3t-value"),
        ("authorization: Zoho-oauthtoken " + TOKEN, TOKEN),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("sent Bearer abc.def to the server", "abc.def"),
        ("Cookie: sessionid=q1w2e3; csrftoken=r4t5", "q1w2e3"),
        (f"got {TOKEN}, will use it", TOKEN),
        (f"id {JWT} seen", JWT),
        ('{"access_token": "plain-value", "expires_in": 3600}', "plain-value"),
        ('{"refresh_token" : "with \\" quote"}', "quote"),
        ("{'client_secret': 'python form'}", "python form"),
        ("POST /token?client_secret=abc123&grant_type=x", "abc123"),
        ("grant_type=authorization_code&refresh_token=zzz999", "zzz999"),
        ("GET /callback?state=1&code=grant77&location=eu", "grant77"),
        ("postgresql://login:pa55@host/db", "pa55"),
        ("redis://:pa55@host/0", "pa55"),
    ],
)
def test_a_secret_in_text_goes(text: str, secret: str) -> None:
    clean = redact(text)
    assert secret not in clean
    assert REDACTED in clean


@pytest.mark.parametrize(
    "text",
    [
        "PO-1000.25 has 1000.50 EUR outstanding",
        '{"code": 1001, "message": "Bill number already exists"}',
        "account code=5020 is not mapped",
        "The token was refreshed 55 minutes ago",
        "https://books.zoho.eu/api/v3/bills?organization_id=60001234&page=2",
        "basic",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_what_surrounds_a_secret_stays() -> None:
    clean = redact("POST /oauth/v2/token?client_id=1000.ABC&client_secret=abc&grant_type=x")
    assert clean == f"POST /oauth/v2/token?client_id=1000.ABC&client_secret={REDACTED}&grant_type=x"


def test_nested_values_are_copied_and_cleaned() -> None:
    value = {
        "headers": [("Authorization", "Bearer abc"), {"X-API-Key": "key1"}],
        "body": {"refresh_token": {"even": "nested"}, "total": 12, "empty": None},
    }
    before = json.dumps(value)
    clean = redact(value)
    assert json.dumps(value) == before
    assert "abc" not in json.dumps(clean)
    assert clean["headers"][1] == {"X-API-Key": REDACTED}
    assert clean["body"] == {"refresh_token": REDACTED, "total": 12, "empty": None}


def test_bytes_are_read_as_text() -> None:
    assert redact(b"access_token=abc") == f"access_token={REDACTED}"
