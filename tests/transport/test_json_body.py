"""No number passes through a float on its way in or out."""

from decimal import Decimal

import pytest

from connectors.core.errors import BadInputError
from connectors.core.money import parse_decimal
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


@pytest.mark.parametrize("odd", ["1e-50000000", "0e-50000000", "-1e50000000", "1.5e999999"])
def test_a_number_that_would_fill_the_memory_stays_a_text_that_no_amount_is(odd: str) -> None:
    read = read_json(f'{{"total": {odd}}}'.encode())
    assert read == {"total": odd}
    assert dump_json(read) == f'{{"total":"{odd}"}}'
    for value in (read["total"], Decimal(odd)):
        with pytest.raises(BadInputError):
            parse_decimal(value)
