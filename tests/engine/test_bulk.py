"""Many rows in one statement say exactly what Django would have written, and cross no wall."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError

from connectors.engine.bulk import insert_rows, update_rows
from connectors.models import Document
from tenants.scope import tenant_scope
from tests.engine.tiny.world import World, make_world

NOW = datetime(2026, 11, 20, 9, 30, 1, 234567, tzinfo=UTC)
SAID: dict[str, Any] = {
    "number": "PO \"7\" \\ {1,2} 'x' é 🚧",
    "party": "",
    "day": date(2026, 8, 3),
    "total": Decimal("-0.000001"),
    "sightings": {"order": "2026-08-03T09:00:00Z", "deep": [1, None, {"a": "\\u0041"}]},
    "record": {"amount": "12.50", "lines": [{"quantity": 3}], "none": None, "empty": {}},
    "read_at": NOW,
    "wants_read": False,
    "gone": True,
    "sweep": 2**40,
    "open_attempt": None,
}
NOTHING_SAID: dict[str, Any] = {"day": None, "total": None, "record": None, "read_at": None}


@pytest.fixture
def documents(world: World) -> Iterator[list[Document]]:
    """Three new ones, inside the scope."""
    with world.scope():
        yield [
            Document(integration=world.integration, stream="parents", key=f"p{number}")
            for number in range(3)
        ]


def said(document: Document, names: Any) -> dict[str, Any]:
    return {name: getattr(document, name) for name in names}


def test_inserted_rows_are_what_django_would_have_inserted(documents: list[Document]) -> None:
    for name, value in SAID.items():
        setattr(documents[1], name, value)
    insert_rows(documents)
    found = {d.key: d for d in Document.objects.all()}
    assert said(found["p1"], SAID) == SAID
    assert said(found["p0"], NOTHING_SAID) == NOTHING_SAID
    Document.objects.all().delete()
    Document.objects.bulk_create(documents)
    for document in Document.objects.all():
        for field in Document._meta.concrete_fields:
            if field.name not in ("id", "created_at", "state_at"):
                assert getattr(document, field.attname) == getattr(
                    found[document.key], field.attname
                )
    assert found["p0"].created_at.tzinfo is not None


def test_only_the_named_fields_of_the_given_rows_change(documents: list[Document]) -> None:
    Document.objects.bulk_create(documents)
    first, second, _ = documents
    for name, value in SAID.items():
        setattr(first, name, value)
    second.number, second.party, second.record = "2", "not named, so not saved", {"a": "b"}
    update_rows([first, second], list(SAID.keys() - {"party"}))
    one, two, three = Document.objects.order_by("key")
    assert said(one, SAID) == SAID
    assert (two.number, two.party, two.record) == ("2", "", {"a": "b"})
    assert (three.number, three.record, three.wants_read) == ("", None, True)


def test_nothing_to_write_is_no_statement(world: World, django_assert_num_queries: Any) -> None:
    with world.scope(), django_assert_num_queries(0):
        insert_rows([])
        update_rows([], ["number"])


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "N" * 121},
        {"total": Decimal("1e15")},
        {"party": "a NUL \x00"},
        {"record": {"memo": "half a character \ud83d"}},
    ],
    ids=["too long", "too large", "NUL", "half a character"],
)
def test_what_a_column_cannot_hold_is_refused_and_not_cut(
    documents: list[Document], changes: dict[str, Any]
) -> None:
    Document.objects.bulk_create(documents)
    for name, value in changes.items():
        setattr(documents[0], name, value)
    with pytest.raises(DataError):
        update_rows(documents, list(changes))


def test_rows_of_another_tenant_stay_as_they_are(world: World) -> None:
    other = make_world("other")
    with other.scope():
        theirs = Document.objects.create(
            integration=other.integration, stream="parents", key="theirs", number="1"
        )
    theirs.number = "2"
    with world.scope():
        update_rows([theirs], ["number"])
    with tenant_scope(other.tenant.pk):
        assert Document.objects.get().number == "1"
