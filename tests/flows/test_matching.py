"""Which links need no person, which never may be made, and what is suggested for the rest."""

from typing import Any

import pytest

from connectors.core.references import ReferenceRow
from connectors.flows.procurify_to_zoho_books.matching import autolink, exact, suggest


def row(key: str, name: str, kind: str = "vendor", **changes: Any) -> ReferenceRow:
    attributes = changes.pop("attributes", {})
    return ReferenceRow(kind=kind, key=key, name=name, attributes=attributes, **changes)


def links(source: list[ReferenceRow], target: list[ReferenceRow], *linked: tuple[str, str]) -> Any:
    found = autolink(source, target, frozenset(linked))
    return {(link.source_key, link.target_key) for link in found}


def known_as(contact: str) -> dict[str, Any]:
    return {"external_id": contact}


def test_an_external_id_beats_any_name() -> None:
    source = [row("1", "Acme", attributes=known_as("z9"))]
    assert links(source, [row("z1", "Acme"), row("z9", "Other")]) == {("1", "z9")}


def test_an_external_id_that_leads_nowhere_leaves_the_name() -> None:
    source = [row("1", "Acme", attributes=known_as("gone"))]
    assert links(source, [row("z1", "ACME")]) == {("1", "z1")}


def test_an_external_id_used_twice_links_neither_by_it() -> None:
    source = [
        row("1", "One", attributes=known_as("z9")),
        row("2", "Two", attributes=known_as("z9")),
    ]
    assert links(source, [row("z9", "Nine")]) == set()


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (["Acme", "ACME Inc."], ["Acme"]),
        (["Acme"], ["Acme", "Acme, Inc."]),
        (["Acme"], ["Acme East"]),
    ],
    ids=["twice in Procurify", "twice in Zoho", "only alike"],
)
def test_a_name_that_is_not_unique_on_both_sides_is_never_linked(
    source: list[str], target: list[str]
) -> None:
    ours = [row(f"s{at}", name) for at, name in enumerate(source)]
    theirs = [row(f"z{at}", name) for at, name in enumerate(target)]
    assert links(ours, theirs) == set()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("ร้านดี", "ร้านดู"),
        ("カキ商会", "ガキ商会"),
        ("A+ Electric", "A Electric"),
        ("Nordwind GmbH", "Nordwind AG"),
        ("Acme", "Acme Inc."),
        ("Smith & Sons", "Smith and Sons"),
    ],
)
def test_another_company_is_never_linked_by_its_name(ours: str, theirs: str) -> None:
    assert links([row("1", ours)], [row("z1", theirs)]) == set()


def test_companies_that_differ_in_their_form_or_a_sign_are_told_apart() -> None:
    names = ["Nordwind GmbH", "Nordwind AG", "A+ Electric", "A Electric"]
    source = [row(f"s{at}", name) for at, name in enumerate(names)]
    target = [row(f"z{at}", name.upper()) for at, name in enumerate(names)]
    assert links(source, target) == {(f"s{at}", f"z{at}") for at in range(4)}


def test_a_missing_legal_form_is_suggested_and_another_one_is_not() -> None:
    (found,) = suggest("vendor", row("1", "Nordwind GmbH"), [row("z1", "Nordwind")])
    assert found.score >= 90
    assert found.evidence == ("same name but for its legal form",)
    assert suggest("vendor", row("1", "Nordwind GmbH"), [row("z2", "Nordwind AG")]) == []


def test_an_inactive_namesake_counts_as_one_and_is_no_goal() -> None:
    assert links([row("1", "Acme")], [row("z1", "Acme"), row("z2", "Acme", active=False)]) == set()
    assert links([row("1", "Acme")], [row("z2", "Acme", active=False)]) == set()


def test_what_is_linked_stays_as_it_is() -> None:
    assert links([row("1", "Acme")], [row("z1", "Acme")], ("1", "z7")) == set()
    assert links([row("1", "Acme")], [row("z1", "Acme")], ("8", "z1")) == set()


def test_names_that_consist_of_nothing_link_nothing() -> None:
    assert links([row("1", "***")], [row("z1", "---")]) == set()


def test_currencies_are_linked_by_code() -> None:
    source = [row("USD", "USD", "currency", number="USD"), row("GBP", "", "currency", number="GBP")]
    target = [row("z1", "US Dollar", "currency", number="USD")]
    assert links(source, target) == {("USD", "z1")}


@pytest.mark.parametrize("kind", ["account", "tax"])
def test_accounts_and_taxes_are_never_linked_by_themselves(kind: str) -> None:
    assert links([row("5030", "Parts", kind)], [row("5030", "Parts", kind)]) == set()


def test_every_link_says_why() -> None:
    (link,) = autolink([row("1", "Acme")], [row("z1", "Acme")], frozenset())
    assert "only 'Acme'" in link.evidence


def test_the_likeliest_vendor_comes_first_with_its_evidence() -> None:
    wanted = row(
        "1",
        "Northgate Plastics",
        attributes={"emails": ["ap@northgate.example"], "phone": "+1 (604) 555-0100"},
    )
    targets = [
        row("z1", "Southgate Plastic"),
        row(
            "z2",
            "Northgate Plastic Mfg",
            attributes={"emails": ["x@northgate.example"], "phone": "1-604-555-0100"},
        ),
        row("z3", "Whitman Gears"),
        row("z4", "Northgate Plastics", active=False),
    ]
    found = suggest("vendor", wanted, targets)
    assert [item.target_key for item in found] == ["z2", "z1"]
    assert "same phone" in found[0].evidence
    assert "same e-mail domain" in found[0].evidence
    assert found[0].score == 100


def test_an_equal_code_is_the_best_reason_for_an_account() -> None:
    source = row("5030", "Components", "account", number="5030")
    targets = [
        row("z1", "Komponents", "account", number="5031"),
        row("z2", "Purchased parts", "account", number="5030"),
    ]
    found = suggest("account", source, targets)
    assert found[0].target_key == "z2"
    assert "same code" in found[0].evidence


def test_a_tax_is_suggested_by_its_rate_and_name() -> None:
    targets = [
        row("z1", "GST", "tax", attributes={"rate": "7"}),
        row("z2", "Goods tax", "tax", attributes={"rate": "5"}),
        row("z3", "GST federal", "tax", attributes={"rate": "5"}),
        row("z4", "HST", "tax", attributes={"rate": "13"}),
    ]
    found = suggest("tax", row("GST|5", "tax GST 5%", "tax"), targets)
    assert found[0].target_key == "z3"
    assert "same rate of 5%" in found[0].evidence


def test_several_taxes_at_once_are_a_group_of_their_sum() -> None:
    group = row("z1", "GST and PST", "tax", attributes={"rate": "12"})
    (found,) = suggest("tax", row("GST|5 + PST|7", "", "tax"), [group])
    assert "same rate of 12%" in found.evidence


def exactly(source: list[ReferenceRow], target: list[ReferenceRow], *linked: Any) -> Any:
    found = exact(source, target, frozenset(linked))
    return {(link.source_key, link.target_key) for link in found}


def account(key: str, name: str, number: str = "", **changes: Any) -> ReferenceRow:
    return row(key, name, kind="account", number=number, **changes)


def test_accounts_match_exactly_by_code_or_name_but_never_by_themselves() -> None:
    source = [account("50", "Rent", "50"), account("60", "Fuel", "60")]
    target = [account("a1", "Offices", "50"), account("a2", "FUEL")]
    assert exactly(source, target) == {("50", "a1"), ("60", "a2")}
    assert links(source, target) == set()


@pytest.mark.parametrize(
    ("source", "target", "linked"),
    [
        ([("50", "Rent", "5"), ("51", "Hire", "5")], [("a1", "Offices", "5")], ()),
        ([("50", "Rent", "5")], [("a1", "Offices", "5"), ("a2", "Cars", "5")], ()),
        ([("50", "Rent", "5")], [("a1", "Offices", "5"), ("a2", "Rent", "6")], ()),
        ([("50", "Rent", "5"), ("51", "Cars", "6")], [("a1", "Cars", "5")], ()),
        ([("50", "Rent", "5")], [("a1", "Offices", "5")], (("50", "a9"),)),
        ([("50", "Rent", "5")], [("a1", "Offices", "5")], (("49", "a1"),)),
    ],
    ids=[
        *("twice in Procurify", "twice in Zoho", "code and name differ", "meant by two"),
        *("linked already", "taken already"),
    ],
)
def test_what_is_not_exact_on_both_sides_is_left_out(source: Any, target: Any, linked: Any) -> None:
    ours, theirs = [account(*one) for one in source], [account(*one) for one in target]
    assert exactly(ours, theirs, *linked) == set()


def test_an_inactive_account_is_no_exact_match() -> None:
    target = [account("a1", "Offices", "50", active=False)]
    assert exactly([account("50", "Rent", "50")], target) == set()


def test_taxes_match_exactly_by_name_and_rate() -> None:
    source = [
        row("GST|5", "tax GST 5%", kind="tax"),
        row("GST|5 + PST|7", "tax GST 5% + PST 7%", kind="tax"),
        row("VAT|20", "tax VAT 20%", kind="tax"),
    ]
    target = [
        row("t5", "Gst", kind="tax", attributes={"rate": "5.0"}),
        row("t12", "GST", kind="tax", attributes={"rate": "12"}),
        row("t19", "VAT", kind="tax", attributes={"rate": "19"}),
    ]
    assert exactly(source, target) == {("GST|5", "t5")}


def test_exact_vendors_are_those_that_need_no_person() -> None:
    source, target = [row("1", "Acme"), row("2", "Zeta")], [row("z1", "ACME"), row("z2", "Zetta")]
    assert exactly(source, target) == links(source, target) == {("1", "z1")}
