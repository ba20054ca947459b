"""The arithmetic of orders and bills, worked out by hand."""

from decimal import Decimal

import pytest

from connectors.sandbox.zoho_books.totals import TaxedLine, Terms, add_up

FIVE, SEVEN = Decimal(5), Decimal("7.25")


def taxed(rate: str, quantity: str = "1", tax: str = "g", percentage: Decimal = FIVE) -> TaxedLine:
    return TaxedLine(Decimal(quantity), Decimal(rate), tax, percentage)


def plain(rate: str, quantity: str = "1") -> TaxedLine:
    return TaxedLine(Decimal(quantity), Decimal(rate))


@pytest.mark.parametrize(
    ("lines", "terms", "sub_total", "tax", "total"),
    [
        # 3 x 3.335 = 10.005 is rounded half up on the line.
        ([plain("3.335", "3")], Terms(), "10.01", "0", "10.01"),
        ([plain("-0.005")], Terms(), "-0.01", "0", "-0.01"),
        # Two lines of 0.10 at 5%: 0.010 together, but 0.01 + 0.01 line by line.
        ([taxed("0.10"), taxed("0.10")], Terms(), "0.20", "0.01", "0.21"),
        ([taxed("0.10"), taxed("0.10")], Terms(tax_per_line=True), "0.20", "0.02", "0.22"),
        # Two taxes are rounded apart: 0.505 and 0.73225.
        (
            [taxed("10.10"), taxed("10.10", tax="p", percentage=SEVEN)],
            Terms(),
            "20.20",
            "1.24",
            "21.44",
        ),
        # 10% off before tax: base 180 of 200, tax 5% of the taxed half less its share.
        ([taxed("100"), plain("100")], Terms(discount="10%"), "200", "4.50", "184.50"),
        # The same after tax: 10% of 205.
        (
            [taxed("100"), plain("100")],
            Terms(discount="10%", discount_before_tax=False),
            "200",
            "5.00",
            "184.50",
        ),
        ([taxed("100"), plain("50")], Terms(discount="15.00"), "150", "4.50", "139.50"),
        # Inclusive: 105 contains 5.
        ([taxed("105")], Terms(inclusive=True), "100.00", "5.00", "105.00"),
        ([taxed("99.99")], Terms(inclusive=True), "95.23", "4.76", "99.99"),
        ([plain("10")], Terms(adjustment=Decimal("-0.03")), "10", "0", "9.97"),
        ([taxed("1001")], Terms(precision=0), "1001", "50", "1051"),
        ([taxed("1.0005", "3")], Terms(precision=3), "3.002", "0.150", "3.152"),
    ],
)
def test_totals(lines: list[TaxedLine], terms: Terms, sub_total: str, tax: str, total: str) -> None:
    found = add_up(lines, terms)
    assert (found.sub_total, found.tax_total, found.total) == (
        Decimal(sub_total),
        Decimal(tax),
        Decimal(total),
    )


def test_an_empty_document_adds_up_to_nothing() -> None:
    assert add_up([], Terms(discount="10%")).total == 0
