"""Exact amounts: what is read, how it is rounded, and that shares never lose a cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import BadInputError
from connectors.core.money import (
    Money,
    is_whole,
    minor_digits,
    optional_decimal,
    parse_decimal,
    plain,
    share,
    to_cents,
    without_dust,
)

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
AMOUNTS = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=3)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=1_000_000, places=8), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("value", "exact"),
    [("12.50", "12.50"), (3, "3"), (0.1, "0.1"), (Decimal("1E+2"), "100"), (" 7 ", "7")],
)
def test_every_spelling_of_a_number_is_read_exactly(value: object, exact: str) -> None:
    assert parse_decimal(value) == Decimal(exact)


@pytest.mark.parametrize("value", [None, "", "abc", "NaN", "Infinity", True, "1e16", [], "1,5"])
def test_what_is_no_believable_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(BadInputError, match="price of item 7"):
        parse_decimal(value, what="price of item 7")


def test_an_absent_amount_is_none_and_a_broken_one_still_refused() -> None:
    assert optional_decimal(None) is None
    assert optional_decimal("") is None
    with pytest.raises(BadInputError):
        optional_decimal("n/a")


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "USD", "1.01"),
        ("-1.005", "USD", "-1.01"),
        ("2.675", "EUR", "2.68"),
        ("0.5", "JPY", "1"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_rounding_is_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(to_cents(Decimal(amount), currency)) == rounded


def test_minor_units_differ_and_case_does_not_matter() -> None:
    assert [minor_digits(code) for code in ("usd", "jpy", "kwd")] == [2, 0, 3]


@pytest.mark.parametrize(
    ("number", "text"), [("1.500", "1.5"), ("1E+2", "100"), ("0.00", "0"), ("-3.10", "-3.1")]
)
def test_plain_is_short_and_without_exponent(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@given(total=AMOUNTS, weights=WEIGHTS, currency=CURRENCIES)
def test_shares_always_add_up_to_the_total(
    total: Decimal, weights: list[Decimal], currency: str
) -> None:
    shares = share(total, weights, currency)
    assert sum(shares) == to_cents(total, currency)
    assert len(shares) == len(weights)
    assert all(part == to_cents(part, currency) for part in shares)


@given(total=AMOUNTS, weights=WEIGHTS, currency=CURRENCIES)
def test_shares_are_in_proportion_and_less_than_a_unit_off(
    total: Decimal, weights: list[Decimal], currency: str
) -> None:
    whole, cents = sum(weights), to_cents(total, currency)
    if whole == 0:
        return
    unit = Decimal(1).scaleb(-minor_digits(currency))
    for part, weight in zip(share(cents, weights, currency), weights, strict=True):
        assert abs(part - cents * weight / whole) < unit
        assert part * cents >= 0
        assert part == 0 or weight != 0


@given(total=AMOUNTS, weights=WEIGHTS, currency=CURRENCIES)
def test_shares_of_a_credit_are_those_of_the_charge(
    total: Decimal, weights: list[Decimal], currency: str
) -> None:
    shares = share(total, weights, currency)
    assert share(-total, weights, currency) == [-part for part in shares]


def test_the_remainder_goes_to_many_and_never_to_the_last_alone() -> None:
    shares = share(Decimal("1.10"), [Decimal(1)] * 20, "USD")
    assert shares == [Decimal("0.06")] * 10 + [Decimal("0.05")] * 10
    assert share(Decimal("0.01"), [Decimal(0), Decimal(7)], "USD") == [0, Decimal("0.01")]
    assert share(Decimal(10), [Decimal(1)] * 3, "JPY") == [4, 3, 3]
    assert share(Decimal("0.010"), [Decimal(1)] * 3, "KWD")[0] == Decimal("0.004")


def test_no_weights_no_shares_and_zero_weights_share_equally() -> None:
    assert share(Decimal(5), [], "USD") == []
    assert share(Decimal(5), [Decimal(0), Decimal(0)], "USD") == [Decimal("2.5"), Decimal("2.5")]
    assert share(Decimal(5), [Decimal(3), Decimal(-3)], "USD") == [Decimal("2.5"), Decimal("2.5")]


def test_dust_of_floats_is_not_an_amount_and_a_true_difference_is() -> None:
    assert without_dust(Decimal("103.94999999999999"), "USD") == Decimal("103.95")
    assert without_dust(Decimal("100.40"), "JPY") == Decimal("100.40")
    assert not is_whole(Decimal("100.40"), "JPY")
    assert is_whole(Decimal("100.400"), "USD")


def test_money_finer_than_its_currency_is_shown_as_it_is() -> None:
    assert str(Money(Decimal("100.40"), "JPY")) == "100.4 JPY"
    assert str(Money(Decimal("-0.001"), "USD")) == "-0.001 USD"


def test_money_reads_as_people_write_it() -> None:
    assert str(Money(Decimal("1234.5"), "USD")) == "1,234.50 USD"
    assert str(Money(Decimal(1234), "JPY")) == "1,234 JPY"
