"""Names and numbers that are surely one spelling, and those that only look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.names import (
    alike_name,
    doubtful,
    legal_form,
    normalise_name,
    normalise_number,
    other_form,
    same_but_form,
    spelt_number,
)

ONE_SPELLING = [
    ("ACME Supplies, Inc.", "Acme supplies inc"),
    ("Müller GmbH", "MULLER G.m.b.H."),
    ("O'Brien Co.", "O\u2019BRIEN Co"),
    ("  Two   Words ", "two\u00a0words"),
    ("\uff21\uff23\uff2d\uff25\u3000Ltd", "Acme Ltd"),
    ("ｶﾞｷ商会", "ガキ商会"),
    ("Smith-Jones", "Smith Jones"),
    ("Smith\u2013Jones", "Smith - Jones"),
    ("Acme\u200b East", "acme east"),
    ("Straße 5", "STRASSE 5"),
    ("Nordic Co.,Ltd.", "nordic co ltd"),
    ("A.B.C. Steel", "ABC Steel"),
    ("Acme (Canada)", "Acme Canada"),
    ("Caf\u00e9", "Cafe\u0301"),
    ("İZMİR", "izmir"),
    ("Moda S.p.A.", "Moda SpA"),
    ("St. Mary", "St Mary"),
    ("\ufb01ne", "fine"),
    ("Йод", "ЙОД"),
    ("Nguyễn Steel", "Nguyen Steel"),
    ('The "Best" Co', "The Best Co"),
    ("Acme, 2 Go", "Acme 2 Go"),
]
TWO_NAMES = [
    ("ร้านดี", "ร้านดู"),
    ("カキ商会", "ガキ商会"),
    ("ビル", "ヒル"),
    ("שָׁלוֹם", "שלום"),
    ("ג'ון", "גון"),
    ("مُحَمَّد", "محمد"),
    ("कि", "क"),
    ("क़", "क"),
    ("Чай", "Чаи"),
    ("ёлка", "елка"),
    ("ά", "α"),
    ("Acme", "\u0410cme"),
    ("\u0425", "X"),
    ("ışık", "isik"),
    ("Mueller", "Müller"),
    ("A+ Electric", "A Electric"),
    ("A- Electric", "A Electric"),
    ("Smith & Sons", "Smith and Sons"),
    ("Smith & Sons", "Smith Sons"),
    ("C#", "C"),
    ("C++", "C"),
    ("#1 Roofing", "1 Roofing"),
    ("a@b", "a b"),
    ("A/B", "AB"),
    ("50% Off", "50 Off"),
    ("Acme\u2122", "Acme TM"),
    ("m²", "m2"),
    ("½ Price", "1/2 Price"),
    ("Route 1.5", "Route 15"),
    ("Route 1-2", "Route 12"),
    ("Route 1-2", "Route 1 2"),
    ("Route 1,5", "Route 15"),
    ("Amazon.com", "Amazon com"),
    ("East Acme", "Acme East"),
    ("Acme East", "Acme West"),
    ("Acme 1", "Acme 2"),
    ("Limited Brands", "Brands"),
    ("Nordwind GmbH", "Nordwind AG"),
    ("Acme", "Acme Inc."),
    ("Acme Inc", "Acme Incorporated"),
    ("Acme Ltd", "Acme Pty Ltd"),
]
ANYTHING = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="aéßİı.,-'&+ ()1\u200b\u200dAXｶﾞガดี\u0301\u0e31", max_size=24),
)


@pytest.mark.parametrize(("one", "other"), ONE_SPELLING)
def test_two_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(("one", "other"), TWO_NAMES)
def test_two_names_are_never_the_same(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


@given(ANYTHING)
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@given(ANYTHING, ANYTHING)
def test_only_case_width_space_accents_and_plain_signs_are_dropped(name: str, other: str) -> None:
    """Every sign that is no Latin accent, no space and no plain punctuation is still there."""
    if normalise_name(name) == normalise_name(other):
        assert alike_name(name) == alike_name(other)


@given(ANYTHING, st.sampled_from("+&#@/%*=<>$€™²½!?\u0e35\u3099\u05b8\u064b\u093c"))
def test_symbols_and_marks_of_other_scripts_make_another_name(name: str, sign: str) -> None:
    assert normalise_name(f"カ{name}カ{sign}") != normalise_name(f"カ{name}カ")


def test_a_name_of_legal_words_only_keeps_one() -> None:
    assert legal_form("the limited") == ("the", "ltd")
    assert legal_form("ltd") == ("ltd", "")
    assert alike_name("Ltd.") == "ltd"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Acme Co., Ltd.", "co ltd"),
        ("Bau GmbH & Co. KG", "gmbh co kg"),
        ("Luxe S.à r.l.", "sarl"),
        ("Polska Sp. z o.o.", "spzoo"),
        ("株式会社カキ", "株式会社"),
        ("ООО Ромашка", "ооо"),
        ("Acme", ""),
    ],
)
def test_legal_forms_are_read_however_they_are_spelled(name: str, form: str) -> None:
    assert legal_form(normalise_name(name))[1] == form


def test_a_missing_legal_form_is_alike_and_another_one_is_not() -> None:
    assert same_but_form("Acme", "Acme Inc.")
    assert same_but_form("Acme Inc", "Acme Incorporated")
    assert other_form("Nordwind GmbH", "Nordwind AG")
    assert other_form("株式会社カキ", "有限会社カキ")
    assert not same_but_form("Nordwind GmbH", "Nordwind AG")
    assert not other_form("Acme", "Acme Inc")


def test_a_name_without_its_form_may_mean_each_that_has_one() -> None:
    assert doubtful(["acme", "acme inc"]) == {"acme", "acme inc"}
    assert doubtful(["acme inc", "acme incorporated"]) == {"acme inc", "acme incorporated"}
    assert doubtful(["nordwind gmbh", "nordwind ag", "a electric", "a+ electric"]) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme", "Acme, Inc."), ("Smith & Sons", "Smith and Sons"), ("ร้านดี", "ร้านดู")],
)
def test_names_that_might_be_one_are_suspected(one: str, other: str) -> None:
    assert alike_name(one) == alike_name(other)


@pytest.mark.parametrize("number", ["INV-7", " inv-7", "Inv - 7 ", "iNV-\t7"])
def test_case_and_space_do_not_make_another_number(number: str) -> None:
    assert spelt_number(number) == "inv-7"
    assert normalise_number(number) == "inv7"


@pytest.mark.parametrize("number", ["INV7", "INV\u20137", "INV \u2014 7", "inv\u22127", "I-N-V-7"])
def test_dashes_of_any_kind_do_not_make_another_invoice_number(number: str) -> None:
    assert normalise_number(number) == normalise_number("INV-7")
    assert spelt_number(number) != spelt_number("INV-7")


@pytest.mark.parametrize("number", ["INV/7", "INV.7", "INV_7", "INV-07", "INV-7a"])
def test_other_signs_do_make_another_number(number: str) -> None:
    assert normalise_number(number) != normalise_number("INV-7")


def test_signs_that_nobody_sees_make_no_other_name() -> None:
    for unseen in "\u00ad\u061c\u200b\u200e\u2060\u2067\ufe0f\ufeff":
        assert normalise_name(f"Ac{unseen}me{unseen}") == "acme"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sol, S.A. de C.V.", "Sol, S.A."),
        ("Sol S. de R.L. de C.V.", "Sol S.A. de C.V."),
        ("Silva Lda.", "Silva S.A."),
        ("García, S.L.U.", "García, S.L."),
        ("Kovács Kft.", "Kovács Zrt."),
        ("Horvat d.o.o.", "Horvat d.d."),
        ("Nordwind GmbH & Co. KGaA", "Nordwind GmbH & Co. KG"),
        ("Rossi S.r.l.s.", "Rossi S.r.l."),
    ],
)
def test_legal_forms_of_other_countries_tell_companies_apart(one: str, other: str) -> None:
    assert other_form(one, other)
    assert normalise_name(one) != normalise_name(other)
