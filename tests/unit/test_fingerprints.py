"""A fingerprint changes exactly when what we would post changes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.core.fingerprints import canonical_json, fingerprint, to_plain
from connectors.core.states import State

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@dataclass(frozen=True)
class Row:
    amount: Decimal
    day: date
    tags: tuple[str, ...]


def row(**changes: object) -> Row:
    fields: dict[str, object] = {
        "amount": Decimal("1.50"),
        "day": date(2026, 1, 31),
        "tags": ("a", "b"),
    }
    return Row(**(fields | changes))  # type: ignore[arg-type]


def test_the_spelling_of_a_decimal_makes_no_difference() -> None:
    assert fingerprint(row()) == fingerprint(row(amount=Decimal("1.5")))


def test_every_field_makes_a_difference() -> None:
    changed = [row(amount=Decimal("1.51")), row(day=date(2026, 2, 1)), row(tags=("b", "a"))]
    assert len({fingerprint(each) for each in [row(), *changed]}) == len(changed) + 1


def test_the_order_of_keys_makes_no_difference() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_plain_data_is_ready_for_json() -> None:
    assert to_plain({"state": State.DUE, "row": row(), "some": {2, 1}}) == {
        "state": "due",
        "row": {"amount": "1.5", "day": "2026-01-31", "tags": ["a", "b"]},
        "some": [1, 2],
    }


@given(JSON)
def test_plain_data_survives_as_it_is(value: object) -> None:
    assert to_plain(value) == value
    assert canonical_json(value) == canonical_json(to_plain(value))
