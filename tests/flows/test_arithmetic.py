"""Lines and totals for any amounts: nothing is lost in a split, nothing appears in a total."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.core.money import minor_digits, to_cents
from connectors.flows.procurify_to_zoho_books.lines import Source, item_lines
from connectors.flows.procurify_to_zoho_books.totals import (
    Discount,
    Priced,
    bill_total,
    net_amount,
    order_total,
)
from connectors.flows.zoho_books_to_procore.lines import Charge
from connectors.flows.zoho_books_to_procore.lines import Line as CommitmentLine
from connectors.flows.zoho_books_to_procore.parts import split as commitments_of
from connectors.providers.procurify.records import Allocation

CENT = Decimal("0.01")
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
CODES = st.sampled_from(["5030", "6010", "6020"])
QUANTITIES = st.decimals(min_value=0, max_value=5000, places=5)
PRICES = st.decimals(min_value=0, max_value=5000, places=8)
AMOUNTS = st.decimals(min_value=0, max_value=1_000_000, places=2)
RATES = st.sampled_from([Decimal(0), Decimal(5), Decimal("8.25"), Decimal(13)])


def source(amount: Decimal, allocations: list[tuple[str, Decimal]], **changes: object) -> Source:
    fields: dict[str, object] = {
        "id": "7",
        "name": "Thing",
        "sku": "",
        "unit": "",
        "note": "",
        "quantity": None,
        "price": None,
        "amount": amount,
        "account": "5030",
        "account_name": "",
        "allocations": tuple(
            Allocation(id=str(at), amount=share, account_code=code)
            for at, (code, share) in enumerate(allocations)
        ),
    }
    return Source(**(fields | changes))  # type: ignore[arg-type]


@given(quantity=QUANTITIES, price=PRICES, off=st.integers(-3, 3), currency=CURRENCIES)
def test_lines_of_an_item_make_its_amount_and_its_quantity(
    quantity: Decimal, price: Decimal, off: int, currency: str
) -> None:
    amount = to_cents(quantity * price + off * CENT, currency)
    lines = item_lines(source(amount, [], quantity=quantity, price=price), currency)
    assert sum(line.amount(currency) for line in lines) == amount
    assert sum(line.quantity for line in lines) == (quantity or 1)
    assert all(line.rate == to_cents(line.rate, currency) for line in lines)
    assert len({line.rate for line in lines}) == len(lines) <= 2


@given(
    shares=st.lists(st.tuples(CODES, st.decimals(0, 10_000, places=8)), min_size=2, max_size=8),
    currency=CURRENCIES,
)
def test_shares_make_exactly_the_cost_however_they_round(
    shares: list[tuple[str, Decimal]], currency: str
) -> None:
    amount = to_cents(sum((share for _, share in shares), Decimal(0)), currency)
    lines = item_lines(source(amount, shares), currency)
    assert sum(line.amount(currency) for line in lines) == amount
    unit = Decimal(1).scaleb(-minor_digits(currency))
    found = {line.key.partition(":")[2]: line.amount(currency) for line in lines}
    for at, (_, share) in enumerate(shares):
        part = found.get(str(at), Decimal(0))
        assert abs(part - share) < 2 * unit
        assert part >= 0
        assert share or not part


@given(
    shares=st.lists(st.tuples(CODES, st.decimals(-500, 900, places=2)), min_size=2, max_size=6),
    quantity=st.decimals(min_value="0.01", max_value=5000, places=3),
    currency=st.sampled_from(["USD", "KWD"]),
)
def test_shares_of_a_quantity_make_the_cost_to_the_cent(
    shares: list[tuple[str, Decimal]], quantity: Decimal, currency: str
) -> None:
    amount = sum((share for _, share in shares), Decimal(0))
    item = source(amount, shares, quantity=quantity, price=amount / quantity)
    lines = item_lines(item, currency)
    assert sum(line.amount(currency) for line in lines) == amount
    assert all(line.quantity >= 0 for line in lines)
    if all(share >= 0 for _, share in shares) and amount:
        assert sum(line.quantity for line in lines) == quantity


@given(
    shares=st.lists(st.tuples(CODES, st.decimals(1, 10_000, places=2)), min_size=2, max_size=6),
    rate=st.sampled_from([Decimal(5), Decimal(13)]),
)
def test_shares_that_contain_tax_lose_it_and_nothing_else(
    shares: list[tuple[str, Decimal]], rate: Decimal
) -> None:
    gross = sum((share for _, share in shares), Decimal(0))
    net = to_cents(gross / (1 + rate / 100), "USD")
    lines = item_lines(source(net, shares, containing=(gross,)), "USD")
    assert sum(line.amount("USD") for line in lines) == net


PRICED = st.lists(
    st.builds(
        lambda amount, rate: Priced(amount=amount, tax_id=f"t{rate}" if rate else "", rate=rate),
        AMOUNTS,
        RATES,
    ),
    min_size=1,
    max_size=8,
)


@given(lines=PRICED)
def test_an_order_and_a_bill_of_the_same_lines_agree(lines: list[Priced]) -> None:
    assert order_total(lines, "USD") == bill_total(lines, "USD", inclusive=False, per_line=False)


@given(lines=PRICED)
def test_rounding_tax_per_line_moves_the_total_by_half_a_cent_a_line_at_most(
    lines: list[Priced],
) -> None:
    whole = bill_total(lines, "USD", inclusive=False, per_line=False)
    each = bill_total(lines, "USD", inclusive=False, per_line=True)
    taxes = len({line.tax_id for line in lines})
    assert abs(whole - each) <= CENT / 2 * (len(lines) + taxes)


@given(lines=PRICED)
def test_amounts_that_include_their_tax_are_the_total(lines: list[Priced]) -> None:
    total = bill_total(lines, "USD", inclusive=True, per_line=False)
    assert total == sum(line.amount for line in lines)
    for line in lines:
        assert 0 <= net_amount(line, "USD", inclusive=True) <= line.amount
        assert net_amount(line, "USD", inclusive=False) == line.amount


@given(lines=PRICED, percent=st.integers(0, 100))
def test_a_discount_of_a_percentage_is_that_much_of_everything(
    lines: list[Priced], percent: int
) -> None:
    full = order_total(lines, "USD")
    discounted = order_total(lines, "USD", Discount(text=f"{percent}%"))
    taxes = len({line.tax_id for line in lines})
    assert abs(discounted - full * (100 - percent) / 100) <= CENT * (1 + taxes)


@given(lines=PRICED, amount=AMOUNTS)
def test_a_discount_after_tax_is_its_amount(lines: list[Priced], amount: Decimal) -> None:
    discount = Discount(text=str(amount), before_tax=False)
    assert order_total(lines, "USD", discount) == order_total(lines, "USD") - amount


def test_known_totals() -> None:
    thirds = [Priced(amount=Decimal("10.10"), tax_id="gst", rate=Decimal(5))] * 3
    assert bill_total(thirds, "USD", inclusive=False, per_line=False) == Decimal("31.82")
    assert bill_total(thirds, "USD", inclusive=False, per_line=True) == Decimal("31.83")
    assert order_total(thirds, "USD", Discount(text="10%")) == Decimal("28.63")
    assert order_total([], "USD") == 0


@given(
    parts=st.lists(
        st.lists(st.integers(-500_000, 900_000), min_size=1, max_size=4), min_size=1, max_size=6
    ),
    charge=st.integers(-99_999, 99_999).filter(bool),
    key=st.sampled_from(["charge:tax", "charge:discount", "charge:adjustment"]),
    currency=CURRENCIES,
)
def test_charges_over_projects_lose_no_unit_and_never_change_their_sign(
    parts: list[list[int]], charge: int, key: str, currency: str
) -> None:
    unit = Decimal(1).scaleb(-minor_digits(currency))
    lines = [
        (f"p{at}", commitment_line(f"{at}-{n}", f"p{at}", amount * unit))
        for at, amounts in enumerate(parts)
        for n, amount in enumerate(amounts)
    ]
    found = commitments_of("PO-7", lines, [Charge(key=key, amount=charge * unit)], {}, currency)
    shares = [line.amount for part in found for line in part.lines if line.key == key]
    assert sum(shares) == charge * unit
    assert all(share * charge > 0 for share in shares)
    assert all(share == to_cents(share, currency) for share in shares)


def commitment_line(key: str, project: str, amount: Decimal) -> CommitmentLine:
    return CommitmentLine(
        key=key,
        source_project=project,
        project_label=project,
        source_code="5010",
        code_label="5010",
        description="",
        amount=amount,
        quantity=Decimal(1),
        rate=amount,
    )
