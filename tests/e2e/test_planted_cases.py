"""The table of planted cases: each case is judged by its own document, and none is forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.companies import COMPANIES
from connectors.sandbox.companies.company import Company
from tests.e2e import cases
from tests.e2e.planted_cases import Judged, judge, table

ROW: dict[str, Any] = {
    "case": "lines at two prices",
    "kind": "bill",
    "source_key": "7",
    "number": "INV-7",
    "state": "posted",
    "classes": [],
}
RECORD: dict[str, Any] = {
    "number": "INV-7",
    "vendor": "Acme",
    "date": "2026-08-14",
    "status": "open",
    "total": "30.00",
    "currency": "USD",
    "exchange_rate": "1.000000",
    "lines": [
        {"account": "Tools", "amount": "20.00", "quantity": "2", "rate": "10.00"},
        {"account": "Paper", "amount": "10.00", "quantity": "1", "rate": "10.00"},
    ],
}
LEDGER: dict[str, Any] = {"kind": "bill", "source_key": "7", "state": "posted", "class": []}


def judged(
    *,
    row: dict[str, Any] | None = None,
    ledger: dict[str, Any] | None = None,
    records: list[dict[str, Any]] | None = None,
    keys: tuple[str, ...] = ("7",),
) -> Judged:
    """A posted bill that is right in everything that is not said otherwise."""
    case = {**ROW, "records": [RECORD], **(row or {})}
    found = [RECORD] if records is None else records
    rows = [{**LEDGER, **(ledger or {})}]
    (one,) = judge([case], {"bill": keys}, rows, lambda _: found)
    return one


def test_what_is_as_written_is_ok_however_its_amounts_are_spelled() -> None:
    lines = [line | {"amount": f"{line['amount']}000"} for line in reversed(RECORD["lines"])]
    assert judged(records=[RECORD | {"total": "30", "lines": lines}]).ok


def change_a_line(name: str, value: str) -> list[dict[str, Any]]:
    first, second = RECORD["lines"]
    return [RECORD | {"lines": [first | {name: value}, second]}]


WRONG: dict[str, Callable[[], Judged]] = {
    "not at the source": lambda: judged(keys=("8",)),
    "not in the ledger": lambda: judged(ledger={"source_key": "8"}),
    "not at the target": lambda: judged(records=[]),
    "twice at the target": lambda: judged(records=[RECORD, RECORD]),
    "in another state": lambda: judged(ledger={"state": "held", "class": ["paid"]}),
    "other vendor": lambda: judged(records=[RECORD | {"vendor": "Other"}]),
    "other number": lambda: judged(records=[RECORD | {"number": "INV-8"}]),
    "in another month": lambda: judged(records=[RECORD | {"date": "2026-09-14"}]),
    "other status": lambda: judged(records=[RECORD | {"status": "paid"}]),
    "other total": lambda: judged(records=[RECORD | {"total": "30.01"}]),
    "other currency": lambda: judged(records=[RECORD | {"currency": "CAD"}]),
    "other rate of exchange": lambda: judged(records=[RECORD | {"exchange_rate": "1.1"}]),
    "other account": lambda: judged(records=change_a_line("account", "Other")),
    "other amount": lambda: judged(records=change_a_line("amount", "20.01")),
    "other quantity": lambda: judged(records=change_a_line("quantity", "1")),
    "other price": lambda: judged(records=change_a_line("rate", "20")),
    "a line too few": lambda: judged(records=[RECORD | {"lines": RECORD["lines"][:1]}]),
    "too early": lambda: judged(row={"state": "absent", "records": []}, records=[]),
    "posted, though it waits": lambda: judged(
        row={"state": "waiting", "classes": ["tax_missing"], "records": []},
        ledger={"state": "waiting", "class": ["tax_missing"]},
    ),
    "held for another reason": lambda: judged(
        row={"state": "held", "classes": ["paid"], "records": []},
        ledger={"state": "held", "class": ["refused"]},
        records=[],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_case_fails_when_its_document_is(what: str) -> None:
    one = WRONG[what]()
    assert not one.ok
    assert "'lines at two prices'" in str(one)
    assert "INV-7" in str(one)


def test_what_nobody_has_reason_to_read_is_at_the_source_and_nowhere_else() -> None:
    row = {"state": "unread", "records": []}
    elsewhere = {"source_key": "8"}
    assert judged(row=row, ledger=elsewhere, records=[]).ok
    assert not judged(row=row, records=[]).ok, "it was read"
    assert not judged(row=row, ledger=elsewhere).ok, "it was posted"
    assert not judged(row=row, ledger=elsewhere, records=[], keys=()).ok, "it is not there"


def test_one_of_several_planted_reasons_is_enough() -> None:
    row = {"state": "waiting", "classes": ["vendor_missing", "tax_missing"], "records": []}
    waits = {"state": "waiting", "class": ["tax_missing"]}
    assert judged(row=row, ledger=waits, records=[]).ok
    waits["class"] = ["tax_missing", "account_missing"]
    assert not judged(row=row, ledger=waits, records=[]).ok
    waits["class"] = []
    assert not judged(row=row, ledger=waits, records=[]).ok


def test_the_table_says_what_a_document_came_to_and_in_which_stage_it_was_wrong() -> None:
    held = {"state": "held", "classes": ["paid"], "records": []}
    first = judged(row=held, ledger={"state": "held", "class": ["paid"]}, records=[])
    line = table([("first sync", [first]), ("a week later", [judged()])])
    assert len(line) == 1
    assert line[0].startswith("ok | lines at two prices | bill 'INV-7' (7) | held paid; none -> ")
    line = table([("first sync", [first]), ("a week later", [judged(records=[])])])
    assert line[0].startswith("WRONG in a week later")


@pytest.fixture(scope="module", params=sorted(COMPANIES))
def company(request: pytest.FixtureRequest) -> Company:
    return COMPANIES[request.param]()


def planted(company: Company) -> set[str]:
    return {row["case"] for row in company.expected[0]["cases"]}


def test_every_listed_case_is_planted_and_every_planted_case_is_listed(company: Company) -> None:
    judgements = [Judged(case, "", "", "") for case in planted(company)]
    assert cases.unlike(company.name, judgements) == []


def test_books_in_another_base_have_their_own_cases() -> None:
    company = COMPANIES["manufacturing"](plain=True, orders=1, bills=5, zoho_base="CAD")
    judgements = [Judged(case, "", "", "") for case in planted(company)]
    assert cases.unlike(cases.OTHER_BASE, judgements) == []
    with pytest.raises(ValueError, match="Only a plain company"):
        COMPANIES["manufacturing"](zoho_base="CAD")


def test_a_case_that_nobody_plants_or_lists_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cases.CASES, "manufacturing", {"money": ("shares", "cents")})
    judgements = [Judged("cents", "", "", ""), Judged("yen", "", "", "")]
    assert cases.unlike("manufacturing", judgements) == [
        "case 'shares' of manufacturing has no document",
        "case 'yen' of manufacturing is not listed",
    ]


def test_cases_are_the_same_in_every_size(company: Company) -> None:
    """A small company is one of a round with faults."""
    sizes = {
        "manufacturing": {"orders": 60, "bills": 110},
        "construction": {"orders": 160, "edited": 80},
    }
    small = COMPANIES[company.name](**sizes[company.name])
    assert small.expected[-1]["cases"] == company.expected[-1]["cases"]
