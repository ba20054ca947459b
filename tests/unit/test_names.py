"""Names and numbers that a person would call the same, and those that only look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.names import normalise_name, normalise_number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME Supplies, Inc.", "Acme supplies"),
        ("Müller GmbH", "MULLER"),
        ("Smith & Sons Ltd", "Smith and Sons"),
        ("O'Brien Co.", "OBrien"),
        ("  Two   Words  ", "two words"),
        ("Northgate Plastics Pty Ltd", "Northgate Plastics"),
    ],
)
def test_spellings_of_one_company_are_equal(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme East", "Acme West"), ("Acme 1", "Acme 2"), ("Limited Brands", "Brands")],
)
def test_different_companies_stay_different(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


def test_a_name_of_legal_words_only_keeps_one() -> None:
    assert normalise_name("The Limited") == "the"
    assert normalise_name("Ltd.") == "ltd"


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@pytest.mark.parametrize("number", ["INV-7", " inv-7", "Inv - 7 ", "iNV-\t7"])
def test_case_and_space_do_not_make_another_number(number: str) -> None:
    assert normalise_number(number) == "inv-7"


def test_other_signs_do_make_another_number() -> None:
    assert normalise_number("INV-7") != normalise_number("INV7")
