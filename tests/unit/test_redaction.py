"""Secrets go, whatever shape they come in; everything else stays."""

import json

import pytest

from connectors.core.redaction import MOST_CHARACTERS, REDACTED, redact

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


SECRET = "s3cr3t-V4lue"
NAMES = (
    *("client_secret", "clientSecret", "client-secret", "ClientSecret", "CLIENT_SECRET"),
    *("access_token", "accessToken", "access-token", "refreshToken", "X-Auth-Token", "csrftoken"),
    *("password", "userPassword", "DB_PASSWORD", "passwd", "passphrase", "apiKey", "x-api-key"),
    *("secret_key", "AWS_SECRET_ACCESS_KEY", "private_key", "FIELD_ENCRYPTION_KEYS", "sessionid"),
    *("session_id", "code_verifier", "client_assertion", "csrfmiddlewaretoken", "sealed_secret"),
)
SHAPES = (
    "{name}: {secret}",
    "{name}={secret}",
    "{name} = {secret}",
    "{name} := '{secret}'",
    '{name} => "{secret}"',
    "  - {name}: {secret}\n    region: eu",
    "{name}: |\n  {secret}\nregion: eu",
    "export {name}={secret}; run",
    "--{name} {secret} --region eu",
    "--{name}={secret} --region eu",
    "https://a.example/b?x=1&{name}={secret}&y=2",
    "go to /login?next=%2Fcb%3F{name}%3D{secret}%26x%3D1",
    "x=1&user[{name}]={secret}&y=2",
    '{{"x": 1, "{name}": "{secret}", "y": 2}}',
    '{{"{name}":["{secret}","b"],"y":2}}',
    '{{"{name}": {{"inner": "{secret}", "deep": {{}}}}, "y": 2}}',
    "{{'{name}': '{secret}', 'y': 2}}",
    "{{b'{name}': b'{secret}'}}",
    "[(b'{name}', b'{secret}'), (b'host', b'a')]",
    "Credentials(x=1, {name}='{secret}', y=2)",
    "Credentials({name}=SecretStr('{secret}'), y=2)",
    "<soap><{name}>{secret}</{name}></soap>",
    'Content-Disposition: form-data; name="{name}"\r\n\r\n{secret}\r\n--end',
    "{{&quot;{name}&quot;: &quot;{secret}&quot;}}",
    "{{&#34;{name}&#34;: &#34;{secret}&#34;}}",
    "%7B%22{name}%22%3A%22{secret}%22%7D",
    "{{\\u0022{name}\\u0022: \\u0022{secret}\\u0022}}",
    '{{"{name}": "{secret}',
)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_goes_by_its_name_in_every_shape(shape: str) -> None:
    for name in NAMES:
        text = shape.format(name=name, secret=SECRET)
        clean = redact(text)
        assert SECRET not in clean, text
        assert redact(clean) == clean, "what is redacted stays as it is"
        if "region: eu" in text and "pass" not in name:
            assert "region: eu" in clean, clean
        if "y=2" in text and "%" not in text:
            assert "y=2" in clean, clean


@pytest.mark.parametrize("layers", range(5))
@pytest.mark.parametrize("secret", [SECRET, 'with " and \\ in it', "it's", "ends in \\"])
def test_json_inside_json(layers: int, secret: str) -> None:
    text = json.dumps({"accessToken": secret, "vendor": "Northwind"})
    for _ in range(layers):
        text = json.dumps({"body": text, "total": 7})
    clean = redact(text)
    assert json.dumps(secret)[1:-1] not in clean
    assert SECRET not in clean
    assert "in it" not in clean
    assert "Northwind" in clean
    for _ in range(layers):
        outer = json.loads(clean)
        assert outer["total"] == 7
        clean = outer["body"]
    assert json.loads(clean) == {"accessToken": REDACTED, "vendor": "Northwind"}
    assert SECRET not in redact(repr(text))
    assert SECRET not in redact(repr(text.encode()))


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("postgresql://me:p@ss@db/x", "postgresql://me:[redacted]@db/x"),
        ("postgresql://me:p@s:s@db:5432/x", "postgresql://me:[redacted]@db:5432/x"),
        ("amqp://me:p/a?s#s@db/x", "amqp://me:[redacted]@db/x"),
        ("redis://:p@ss@db/0", "redis://:[redacted]@db/0"),
        (r"postgresql:\/\/me:p@ss@db\/x", r"postgresql:\/\/me:[redacted]@db\/x"),
        ("http://db:8000/a@b", "http://db:8000/a@b"),
        ("ssh://git@example.com/x", "ssh://git@example.com/x"),
    ],
)
def test_a_password_in_an_address(url: str, clean: str) -> None:
    assert redact(f"cannot reach {url}, sorry") == f"cannot reach {clean}, sorry"


def test_a_private_key_goes_whole() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert redact(f"before {key} after") == f"before {REDACTED} after"
    assert body not in redact(key[:60])


@pytest.mark.parametrize(
    "text",
    [
        "Basic Supplies Ltd, Bearer bonds 2026, Basic office chairs",
        "The Secret Garden Ltd: 40 chairs, 3 tokens: none, Cookie: 40 boxes of cookies",
        "Secretary: Jane, password_reset: fine, token_type: bearer, authorized: yes",
        "Vendor: Keyword Studios; Passport fees: 120.00 EUR; Access road: 3.5 km",
        "PO-7 line 2: Key cabinet, 3 keys: 12.00; Session fee: 80.00; Code: 5020",
        "https://books.zoho.eu/app/601#/bills/77?filter=open and mail to a@b.example",
        '{"line_items": [{"name": "Basic kit", "rate": 12.5, "account_code": "5020"}]}',
        "AssertionError: the lines add up to 12.00",
        "password: null, token: None, secret: false",
    ],
)
def test_what_an_accountant_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_a_structure_that_holds_itself_is_cut() -> None:
    inner: dict[str, object] = {"token": SECRET}
    inner["again"] = inner
    assert SECRET not in json.dumps(redact(inner))


def test_a_long_text_is_cut_before_it_is_looked_at() -> None:
    clean = redact("a" * 10 * MOST_CHARACTERS)
    assert len(clean) < MOST_CHARACTERS + 20
    assert clean.endswith("[cut]")
    cut = "x" * (MOST_CHARACTERS - 30) + ' {"password": "' + SECRET * 10
    assert SECRET not in redact(cut)
    assert len(redact(b"\xff" * 10 * MOST_CHARACTERS)) < MOST_CHARACTERS + 20


def test_names_of_members_are_cleaned_and_bytes_count_as_names() -> None:
    assert redact({b"Authorization": SECRET, f"token={SECRET}": 1, "secret": True}) == {
        b"Authorization": REDACTED,
        f"token={REDACTED}": 1,
        "secret": True,
    }


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
