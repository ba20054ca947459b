"""Signatures as Standard Webhooks describes them, against the example of its own libraries."""

import base64
import datetime as dt

import pytest

from connectors.transport.standard_webhooks import new_secret, signed_headers

AT = dt.datetime.fromtimestamp(1614265330, dt.UTC)


def test_the_known_example_is_signed_alike() -> None:
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=AT,
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_are_random_and_long_enough() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signed_headers("whsec_not base64!", message_id="msg_1", at=AT, body=b"{}")
