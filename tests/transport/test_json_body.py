"""No number passes through a float on its way in or out."""

from decimal import Decimal

import pytest

from connectors.transport.json_body import dump_json, read_json


def test_fractions_are_read_digit_by_digit() -> None:
    body = read_json(b'{"total": 112.10, "rate": 0.76923076923076923077, "count": 3}')
    assert body == {
        "total": Decimal("112.10"),
        "rate": Decimal("0.76923076923076923077"),
        "count": 3,
    }
    assert isinstance(body["count"], int)


def test_decimals_are_written_digit_by_digit() -> None:
    body = {"rate": Decimal("0.76923076923076923077"), "name": 'Ä "x"', "n": [1, None, True]}
    assert dump_json(body) == '{"rate":0.76923076923076923077,"name":"Ä \\"x\\"","n":[1,null,true]}'


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}])
def test_a_float_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="Decimal"):
        dump_json(value)


@pytest.mark.parametrize("text", [b"NaN", b'{"a": Infinity}', b"<html>", b'{"a":'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text)
