"""The builder's expected commitments, typed into Procore's simulator by hand, come out as written.

So the author's arithmetic and the simulators' agree before any sync has run, and the comparer reads
the simulators' real books, over the sandbox's real control door.
"""

import re
from contextlib import suppress

import pytest

from connectors.sandbox import procore, procurify, zoho_books
from connectors.sandbox.companies import COMPANIES, construction
from connectors.sandbox.world import SimulatorFactory, World
from tests.e2e.comparer import Result, compare_over_http
from tests.e2e.right_commitments import Commitments
from tests.e2e.verdict import Row
from tests.sandbox.serving import serving

SIMULATORS: dict[str, SimulatorFactory] = {
    "procore": procore.Simulator,
    "procurify": procurify.Simulator,
    "zoho_books": zoho_books.Simulator,
}


class Typist:
    """Types expected commitments into Procore's pages, and names into those of both sides, as
    somebody without this service would.
    """

    def __init__(self, world: World) -> None:
        self.procore = world.simulator("procore")
        self.zoho = world.simulator("zoho_books")
        codes = self.procore.books()["wbs_codes"]
        self.codes = {(row["project_id"], row["flat_code"]): row["id"] for row in codes}

    def type_in(self, books: Row) -> None:
        for want in books["commitments"]:
            self.commitment(want)
        for want in books["vendors"]:
            said = {name: value for name, value in want.items() if value != "" and name != "id"}
            self.procore.edit("vendors", str(want["id"]), said)
        for want in books["projects"]:
            self.zoho.edit("projects", want["project_id"], {"project_name": want["name"]})

    def commitment(self, want: Row) -> None:
        """In place of one that somebody typed in before, and that is linked by now."""
        for row in self.procore.books()["purchase_order_contracts"]:
            place = row["project"]["id"], row["number"], row["origin_id"]
            if place == (want["project"], want["number"], None):
                self.procore.delete("purchase_order_contracts", str(row["id"]))
        entry = {"project_id": want["project"], "vendor_id": want["vendor_id"]}
        with suppress(ValueError):  # it is in the directory already
            self.procore.add("project_vendors", entry)
        record = {
            "project_id": want["project"],
            "number": want["number"],
            "vendor_id": want["vendor_id"],
            "status": want["status"],
            "accounting_method": want["accounting_method"],
            "contract_date": want["contract_date"],
            "delivery_date": want["delivery_date"],
            "origin_id": want["origin"],
            "line_items": [
                {
                    "wbs_code_id": self.codes[want["project"], line["wbs"]],
                    "amount": line["amount"],
                    "uom": line.get("unit"),
                    "description": line.get("text"),
                    "origin_id": f"{want['origin']}:{want['project']}:{number}",
                }
                for number, line in enumerate(want["lines"], start=1)
            ],
        }
        self.procore.add("purchase_order_contracts", record)


@pytest.fixture
def world() -> World:
    made = World(SIMULATORS, COMPANIES)
    made.load_company("construction")
    return made


def judged(world: World, ledger: list[Row], *, mapped: bool = False) -> Result:
    with serving(world) as url:
        return compare_over_http(url, ledger, mapped=mapped)


def ledger(act: int, *, mapped: bool = False) -> list[Row]:
    return Commitments(construction.build(), act, mapped=mapped).ledger


@pytest.mark.soak
@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("act", [0, 1])
def test_the_expected_books_can_be_kept_in_procore_to_the_cent(
    world: World, act: int, mapped: bool
) -> None:
    assert world.company is not None
    expected = world.company.expected[act]
    Typist(world).type_in(expected["after_mapping"] if mapped else expected)
    for _ in range(act):
        world.play_next_act()
    result = judged(world, ledger(act, mapped=mapped), mapped=mapped)
    assert result.ok, str(result)
    assert result.counts["commitment"]["Approved"] > 200


@pytest.mark.soak
def test_books_that_did_not_follow_the_edits_are_found_out(world: World) -> None:
    Typist(world).type_in(world.expected())
    rows = ledger(0)
    world.play_next_act()
    result = judged(world, rows)
    text = str(result)
    # Two orders are new, and one that was older than the history start has been edited.
    assert len(result.lost) == 3
    # Nobody has linked the one that was typed in by hand.
    (typed,) = result.duplicates
    assert re.match(r"commitment PO-\d+ on project \d+ carries no origin id", typed)
    assert result.cents_off > 0
    for words in (
        "status Approved, not Closed",
        "should be held (invoiced)",
        "should be waiting (cost_code_missing)",
        "is not in Procore",
        "delivery_date",
        "lines lack",
    ):
        assert words in text
