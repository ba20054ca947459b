"""JSON without floats, in both directions.

Numbers with a fraction are read as Decimal and written digit by digit as they are; a float that
found its way into a body is refused, since nobody could say any more which amount was meant.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.core.money import plain
from connectors.core.storable import may_be_unstorable, storable

_MOST_DIGITS = 400


def read_json(content: bytes) -> Any:
    """Parse JSON; ValueError for anything else, NaN and Infinity included.

    Texts are made storable; control characters that stand there unescaped are no reason to refuse.
    """
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    value = json.loads(
        text.removeprefix("\ufeff"),
        parse_float=_number,
        parse_constant=_refuse_constant,
        strict=False,
    )
    return storable(value) if may_be_unstorable(text) else value


def dump_json(value: Any) -> str:
    """Write JSON; a Decimal becomes a number of exactly its digits."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value!r}")
        return plain(value)
    if isinstance(value, float):
        raise TypeError(f"a float has no place in a request body: {value!r}; use Decimal")
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(name))}:{dump_json(item)}" for name, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dump_json(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _number(text: str) -> Decimal | str:
    """A Decimal; the text itself of 1e-50000000 and its like, which no amount may be made of.

    Written out it would fill the memory. As a text it stays to be seen, and its record is refused.
    """
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and abs(exponent) <= _MOST_DIGITS else text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
