"""Text is made storable where JSON enters: nothing that PostgreSQL refuses gets any further."""

import json
from typing import Any

import pytest

from connectors.core.storable import storable, storable_text
from connectors.transport.json_body import read_json

POISON = {
    "NUL": (r"a\u0000b", "ab"),
    "NUL as it is": ("a\x00b", "ab"),
    "first half of an emoji": (r"a\ud83d", "a\ufffd"),
    "second half of an emoji": (r"\ude00a", "\ufffda"),
    "halves the wrong way round": (r"\uDE00\uD83D", "\ufffd\ufffd"),
    "two halves": (r"\ud83d\ude00", "😀"),
    "an escaped escape": (r"\\u0000", "\\u0000"),
    "a line break as it is": ("a\nb", "a\nb"),
}


@pytest.mark.parametrize(("sent", "kept"), POISON.values(), ids=POISON.keys())
def test_what_a_provider_sends_can_be_stored(sent: str, kept: str) -> None:
    found: Any = read_json(f'{{"rows": [{{"name": "{sent}"}}], "{sent}": 1}}'.encode())
    assert found == {"rows": [{"name": kept}], kept: 1}
    json.dumps(found, ensure_ascii=False).encode()


def test_bytes_that_are_half_a_character_can_be_stored() -> None:
    assert read_json(b'{"name": "a\xed\xa0\xbd"}') == {"name": "a\ufffd"}


def test_good_text_is_the_same_object() -> None:
    text = "Jalapeño 😀"
    assert storable_text(text) is text
    assert storable({"a": [text, 1, None]}) == {"a": [text, 1, None]}
