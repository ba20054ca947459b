"""Master data of Zoho Books and Procore: what is cached of it, linked by itself, or suggested."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.core.alignment import Standing, align
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.flow import SOURCE, TARGET, ReferenceStream
from connectors.core.records import Page, Raw
from connectors.core.references import ReferenceRow
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.flows.zoho_books_to_procore.references import INDEXES, flat_code

FLAT = ReferenceRow(
    kind="cost_code",
    key="03-300.M",
    name="Concrete",
    number="03-300.M",
    attributes={"projects": {"100": {"wbs_code_id": "1"}}},
)


def stream(side: str, kind: str) -> ReferenceStream:
    (found,) = [one for one in FLOW.references if (one.side, one.kind) == (side, kind)]
    return found


def row(kind: str, key: str, name: str, **changes: Any) -> ReferenceRow:
    return ReferenceRow(kind=kind, key=key, name=name, **changes)


class Procore:
    """Two permitted projects, one of them closed to the service account, and one of others."""

    def projects(self) -> Iterator[Page[Raw]]:
        rows: list[dict[str, Any]] = [{"id": 100}, {"id": 200}, {"id": 300}]
        yield Page(rows=[{"active": True, "name": "P", **one} for one in rows], number=1)

    def project_currency(self, project_id: str) -> str | None:
        assert project_id != "300", "another company's project is not asked for"
        return {"100": "", "200": "CAD"}[project_id]

    def company_currency(self) -> str:
        return "USD"

    def is_erp_integrated(self, project_id: str) -> bool | None:
        return {"100": None, "200": True}[project_id]

    def may_use(self, project_id: str) -> bool:
        return project_id != "300"

    def budgeted_wbs_codes(self, project_id: str) -> frozenset[str]:
        if project_id == "200":
            raise ProviderError(ErrorFacts(kind=ErrorKind.PERMISSION, message="tool disabled"))
        return frozenset({"1"})

    def wbs_codes(self, project_id: str) -> Iterator[Page[Raw]]:
        assert project_id == "100", "the others are not to be read"
        rows = [{"id": 1, "flat_code": "03-300.M"}, {"id": 2, "flat_code": "32-900.C"}]
        yield Page(rows=rows, number=1)

    def purchase_order_contracts(self, project_id: str, **_: Any) -> Iterator[Page[Raw]]:
        if project_id == "200":
            raise ProviderError(ErrorFacts(kind=ErrorKind.REJECTED, message="tool disabled"))
        yield Page(rows=[{"id": 5, "number": "PO-5", "project": {"id": 100}}], number=1)

    def vendors(self) -> Iterator[Page[Raw]]:
        yield Page(rows=[{"id": 9, "name": "Acme", "project_ids": [100]}], number=1)


def rows_of(side: str, kind: str, client: Any) -> list[ReferenceRow]:
    return [one for page in stream(side, kind).fetch(client, None) for one in page.rows]


def test_budget_codes_of_permitted_projects_are_cached_with_their_flat_codes() -> None:
    rows = {one.key: one for one in rows_of(TARGET, "cost_code", Procore())}
    assert set(rows) == {"1", "2", "03-300.M", "32-900.C"}
    assert rows["1"].attributes["budgeted"] is True
    about = rows["32-900.C"].attributes["projects"]
    assert about == {"100": {"wbs_code_id": "2", "active": True, "budgeted": False}}


def test_a_project_that_shows_nothing_is_named_and_keeps_no_other_from_being_read() -> None:
    codes = stream(TARGET, "cost_code").fetch(Procore(), None)
    (said,) = (one for page in codes for one in page.remarks)
    assert "Project 200 shows none of its budget codes." in said
    (index,) = INDEXES
    pages = list(index.fetch(Procore(), None))
    assert [row.number for page in pages for row in page.rows] == ["PO-5"]
    (said,) = (one for page in pages for one in page.remarks)
    assert "Project 200 does not show its commitments." in said
    assert "tool disabled" in said


def test_only_permitted_projects_are_offered_and_vendors_know_their_projects() -> None:
    found = [(one.key, one.attributes["currency"]) for one in rows_of(TARGET, "project", Procore())]
    assert found == [("100", "USD"), ("200", "CAD")]
    owned = {
        row.key: row.attributes["erp_integrated"] for row in rows_of(TARGET, "project", Procore())
    }
    assert owned == {"100": False, "200": True}
    (vendor,) = rows_of(TARGET, "vendor", Procore())
    assert vendor.attributes["projects"] == ["100"]


def test_a_flat_code_is_active_while_one_project_uses_it() -> None:
    def code(project: str, **changes: Any) -> ReferenceRow:
        about = {"project_id": project, "budgeted": True}
        return row("cost_code", project, "Concrete", number="03-300.M", attributes=about, **changes)

    both = flat_code([code("1", active=False), code("2")])
    assert both.active
    assert [one["active"] for one in both.attributes["projects"].values()] == [False, True]


def test_accounts_are_keyed_as_rules_and_charges_stand_beside_them() -> None:
    class Zoho:
        def chart_of_accounts(self) -> Iterator[Page[Raw]]:
            rows = [
                {"account_id": "a1", "account_name": "Concrete", "account_code": "5010"},
                {"account_id": "a2", "account_name": "Bank", "account_code": ""},
            ]
            yield Page(rows=rows, number=1)

    keys = [one.key for one in rows_of(SOURCE, "cost_code", Zoho())]
    assert keys[:2] == ["*|5010", "*|a2"]
    assert keys[2:] == ["*|charge:tax", "*|charge:discount", "*|charge:adjustment"]


def test_webhooks_lead_to_their_master_data() -> None:
    assert stream(TARGET, "project").resources == {"Projects"}
    assert stream(TARGET, "vendor").resources == {"Company Vendors"}
    assert stream(TARGET, "cost_code").resources == {"Cost Codes"}
    assert FLOW.watched == {"Purchase Order Contracts": "commitment"}
    assert FLOW.streams[0].resource == "purchaseorder"


# --- links and suggestions ---------------------------------------------------------------------


def test_vendors_link_by_a_name_that_occurs_once_on_either_side() -> None:
    ours = [
        row("vendor", "z1", "Acme, Inc"),
        row("vendor", "z2", "Twice"),
        row("vendor", "z3", "B"),
    ]
    theirs = [
        row("vendor", "p1", "ACME  Inc."),
        row("vendor", "p2", "Twice"),
        row("vendor", "p3", "TWICE LLC"),
    ]
    links = FLOW.autolink(ours, theirs, frozenset())
    assert [(one.source_key, one.target_key) for one in links] == [("z1", "p1")]
    assert FLOW.autolink(ours, theirs, frozenset({("z9", "p1")})) == [], "taken by another"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("ร้านดี", "ร้านดู"),
        ("カキ商会", "ガキ商会"),
        ("A+ Electric", "A Electric"),
        ("Nordwind GmbH", "Nordwind AG"),
        ("Acme", "Acme Inc."),
    ],
)
def test_another_company_is_never_linked_by_its_name(ours: str, theirs: str) -> None:
    source, target = [row("vendor", "z1", ours)], [row("vendor", "p1", theirs)]
    assert FLOW.autolink(source, target, frozenset()) == []


def test_another_legal_form_is_not_even_suggested() -> None:
    ours = row("vendor", "z1", "Nordwind GmbH", attributes={"emails": ["a@nordwind.de"]})
    theirs = row("vendor", "p1", "Nordwind AG", attributes={"emails": ["b@nordwind.de"]})
    plain = row("vendor", "p2", "Nordwind")
    assert [one.target_key for one in FLOW.suggest("vendor", ours, [theirs, plain])] == ["p2"]


def test_projects_link_by_number_or_by_name_without_the_number() -> None:
    ours = [row("project", "z1", "Depot", number="26-004"), row("project", "z2", "Mill Creek")]
    theirs = [
        row("project", "p1", "26-004 - Depot Square", number="26-004"),
        row("project", "p2", "26-013 - Mill Creek", number="26-013"),
    ]
    links = FLOW.autolink(ours, theirs, frozenset())
    assert {(one.source_key, one.target_key) for one in links} == {("z1", "p1"), ("z2", "p2")}


def test_a_cost_code_links_only_by_the_very_same_code_with_one_cost_type() -> None:
    ours = [row("cost_code", "*|03-300", "Concrete", number="03-300")]
    assert [one.target_key for one in FLOW.autolink(ours, [FLAT], frozenset())] == ["03-300.M"]
    labour = replace(FLAT, key="03-300.L", number="03-300.L")
    assert FLOW.autolink(ours, [FLAT, labour], frozenset()) == []
    other = row("cost_code", "*|5010", "Concrete", number="5010")
    assert FLOW.autolink([other], [FLAT], frozenset()) == []


def flat(number: str, **attributes: Any) -> ReferenceRow:
    about = {"projects": {"100": {"wbs_code_id": number}}, **attributes}
    return row("cost_code", number, "Site", number=number, attributes=about)


@pytest.mark.parametrize(
    ("account", "target"),
    [
        ("32-900.10", flat("32-900.20.M", cost_code="32-900.20", cost_type="M")),
        ("32-900", flat("32-900.20.M", cost_code="32-900.20", cost_type="M")),
        ("32-900.10", flat("32-900.20.M")),
        ("32-900", flat("32-900.20.M")),
        ("32-900", flat("32-900.20")),
        ("03", flat("03.300", cost_code="03.300", cost_type="")),
        ("SJ1", flat("SJ1.03-300.M", cost_code="", cost_type="")),
        ("03-300", flat("SJ1.03-300.M", cost_code="", cost_type="")),
        ("03", flat("03-300.M", cost_code="03-300", cost_type="M")),
    ],
)
def test_a_code_is_never_linked_by_a_part_of_it(account: str, target: ReferenceRow) -> None:
    ours = [row("cost_code", f"*|{account}", "Site", number=account)]
    assert FLOW.autolink(ours, [target], frozenset()) == []


@pytest.mark.parametrize(
    ("account", "target"),
    [
        ("32-900.20", flat("32-900.20.M", cost_code="32-900.20", cost_type="M")),
        ("32-900.20.M", flat("32-900.20.M")),
        ("SJ1.03-300.M", flat("SJ1.03-300.M", cost_code="", cost_type="")),
        ("a-100", flat("A-100.m", cost_code="A-100", cost_type="m")),
    ],
)
def test_a_whole_code_is_linked_segment_by_segment(account: str, target: ReferenceRow) -> None:
    ours = [row("cost_code", f"*|{account}", "Site", number=account)]
    assert [one.target_key for one in FLOW.autolink(ours, [target], frozenset())] == [target.key]


@pytest.mark.parametrize(("key", "wanted"), [("*|5010", "03-300.M"), ("p1|5010", "1")])
def test_rules_for_all_projects_are_offered_flat_codes_and_others_budget_codes(
    key: str, wanted: str
) -> None:
    code = row("cost_code", "1", "Concrete", number="03-300.M", attributes={"project_id": "100"})
    missing = row("cost_code", key, "cost code for 5010 Concrete")
    (found,) = FLOW.suggest("cost_code", missing, [FLAT, code])
    assert found.target_key == wanted


# --- side by side ------------------------------------------------------------------------------


def test_both_sides_stand_beside_each_other_what_needs_a_person_first() -> None:
    ours = [
        row("vendor", "z1", "Acme, Inc."),
        row("vendor", "z2", "Boreas"),
        row("vendor", "z3", "Conifer", active=False),
        row("vendor", "z4", "Divide"),
        row("vendor", "z5", "Old", active=False),
    ]
    theirs = [
        row("vendor", "p1", "ACME Inc"),
        row("vendor", "p2", "Borealis"),
        row("vendor", "p3", "Conifer"),
        row("vendor", "p9", "Elkhorn"),
    ]
    found = align("vendor", ours, theirs, {"z1": "p1", "z2": "p2", "z3": "p3", "z8": "gone"})
    assert [(one.standing, one.source_key, one.target_key) for one in found] == [
        (Standing.BROKEN, "z8", "gone"),
        (Standing.INACTIVE, "z3", "p3"),
        (Standing.RENAMED, "z2", "p2"),
        (Standing.ONLY_SOURCE, "z4", ""),
        (Standing.ONLY_TARGET, "", "p9"),
        (Standing.MATCHED, "z1", "p1"),
    ]
