"""Tolerant reading: every spelling is taken, and what cannot be read is named."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.core.reading import Fields


def fields(**raw: object) -> Fields:
    return Fields(raw, "bill INV-7")


@pytest.mark.parametrize("value", [None, "", "absent"])
def test_null_empty_and_absent_are_alike(value: object) -> None:
    one = fields() if value == "absent" else fields(note=value, due=value, tax=value, items=value)
    assert one.text("note") == ""
    assert one.day("due") is None
    assert one.amount("tax") == 0
    assert one.objects("items") == []
    assert one.id_of("vendor") == ""
    assert "note" not in one


@pytest.mark.parametrize("value", [2, "2", 2.0, "2.00", Decimal(2)])
def test_whole_numbers_in_any_spelling(value: object) -> None:
    assert fields(status=value).integer("status") == 2


@pytest.mark.parametrize("value", [{"id": 812, "name": "Acme"}, 812, "812"])
def test_a_reference_may_be_an_object_or_an_id(value: object) -> None:
    assert fields(vendor=value).id_of("vendor") == "812"


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), ("true", True), ("false", False), (0, False), (None, True)]
)
def test_flags_are_read_as_meant(value: object, meant: bool) -> None:
    assert fields(active=value).flag("active", default=True) is meant


def test_days_keep_their_own_offset() -> None:
    assert fields(date="2026-01-31T23:30:00-08:00").day("date") == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("raw", "read", "words"),
    [
        ({"price": "12,5"}, lambda f: f.number("price"), "price of bill INV-7 is not a number"),
        ({}, lambda f: f.number("total"), "total of bill INV-7 is missing"),
        ({"status": 2.5}, lambda f: f.integer("status"), "status of bill INV-7 is not a whole"),
        ({"date": "soon"}, lambda f: f.day("date"), "date of bill INV-7 is not a date"),
        ({"items": {}}, lambda f: f.objects("items"), "items of bill INV-7 is not a list"),
        ({"items": [1]}, lambda f: f.objects("items"), "items 1 of bill INV-7 is not a JSON"),
        ({"note": []}, lambda f: f.text("note"), "note of bill INV-7 is not a text"),
        ({}, lambda f: f.required_text("id"), "id of bill INV-7 is missing"),
    ],
)
def test_what_cannot_be_read_is_named(raw: dict[str, Any], read: Any, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        read(fields(**raw))
