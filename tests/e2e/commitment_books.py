"""Judges commitments: Procore's books against Zoho's orders and the commitments written down.

Both books, the expected ones and the ledger's rows enter as plain JSON; a Result leaves, to the
cent per project and cost code, and with what vendors are called. Standard library only, and nothing
of the service.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from tests.e2e.planted_cases import UNREAD
from tests.e2e.verdict import Ledger, Result, Row, cents, compare_cases, compare_ledger, find_lost

OUR_ORIGIN = "mlc:"
ORIGIN_PARTS_OF_ORDER = 3  # mlc, organization, order; part and generation follow
HEAD = (
    "project",
    "vendor_id",
    "status",
    "accounting_method",
    "contract_date",
    "delivery_date",
    "total",
)

# One that several contacts lead to has no expected name.
VENDOR = ("name", "is_active", "email_address", "business_phone")


class Line(NamedTuple):
    """A line as both sides can say it."""

    wbs: str
    amount: Decimal


class CommitmentBooks:
    """Procore's books: which commitments are ours, and what they come down to."""

    def __init__(self, books: Row) -> None:
        self._directory = {
            (row["project_id"], row["vendor_id"]) for row in books["project_vendors"]
        }
        self._contracts: list[Row] = books["purchase_order_contracts"]

    def ours(self) -> list[Row]:
        """Commitments that carry our origin id; deleted ones no longer count."""
        return [row for row in self._contracts if _is_ours(row)]

    def others(self) -> list[Row]:
        return [row for row in self._contracts if not _is_ours(row)]

    def head(self, row: Row) -> Row:
        """The head of a commitment in the words of the expected books."""
        return {
            "project": row["project"]["id"],
            "vendor_id": (row["vendor"] or {"id": "nobody"})["id"],
            "status": row["status"],
            "accounting_method": row["accounting_method"],
            "contract_date": row["contract_date"],
            "delivery_date": row["delivery_date"],
            "total": Decimal(row["grand_total"]),
        }

    def in_directory(self, row: Row) -> bool:
        return (row["project"]["id"], (row["vendor"] or {"id": 0})["id"]) in self._directory

    def lines(self, row: Row) -> list[Line]:
        return [
            Line(line["wbs_code"]["flat_code"], Decimal(line["amount"]))
            for line in row["line_items"]
        ]

    def of_case(self, case: Row) -> list[Row]:
        """The commitments of a planted case's order."""
        rows = [row for row in self.ours() if _order(row["origin_id"]).endswith(_key(case))]
        return [_of_case(row) for row in rows]

    def line_origins(self, row: Row) -> list[str]:
        return [str(line["origin_id"] or "") for line in row["line_items"]]


def compare(
    source: Row, target: Row, expected: Row, ledger: Ledger, *, mapped: bool = False
) -> Result:
    """Everything that is not as written down."""
    rows = [dict(row) for row in ledger]
    books = CommitmentBooks(target)
    wanted = expected["after_mapping"] if mapped else expected
    result = Result()
    compare_ledger(result, rows, wanted)
    orders = {
        str(order["purchaseorder_id"]): order["purchaseorder_number"]
        for order in source["purchaseorders"]
    }
    unread = {row["source_key"] for row in wanted["cases"] if row["state"] == UNREAD}
    to_be_read = {key: number for key, number in orders.items() if key not in unread}
    find_lost(result, rows, "purchase_order", to_be_read)
    compare_cases(result, rows, wanted, {"purchase_order": orders}, books.of_case)
    _find_duplicates(result, books)
    _find_strangers(result, books, expected["hand_typed"]["commitments"])
    _compare_commitments(result, books, wanted["commitments"])
    _compare_codes(result, books, wanted["commitments"])
    _compare_vendors(result, target["vendors"], wanted["vendors"])
    _compare_projects(result, source["projects"], wanted["projects"])
    result.compared["commitments"] = len(wanted["commitments"])
    found = Counter(str(row["status"]) for row in books.ours())
    result.counts["commitment"] = dict(sorted(found.items())) | {"total": found.total()}
    return result


def _find_duplicates(result: Result, books: CommitmentBooks) -> None:
    """Commitments of ours beyond one: by origin id, by number, and by order within a project."""
    ours = books.ours()
    names: dict[str, Iterable[Any]] = {
        "origin id": (row["origin_id"] for row in ours),
        # Procore gives the number of a closed one once more.
        "number": (row["number"] for row in ours if row["status"] != "Closed"),
        "order and project": ((_order(row["origin_id"]), row["project"]["id"]) for row in ours),
    }
    for what, values in names.items():
        for value, count in Counter(values).items():
            if count > 1:
                result.duplicates.append(f"{count} commitments in Procore for {what} {value}")
    lines = Counter(origin for row in ours for origin in books.line_origins(row))
    for origin, count in lines.items():
        if origin and count > 1:
            result.duplicates.append(f"{count} lines in Procore for origin id {origin}")
    unmarked = lines[""]
    if unmarked:
        result.mismatches.append(f"{unmarked} lines of ours in Procore carry no origin id")


def _find_strangers(result: Result, books: CommitmentBooks, hand_typed: list[Row]) -> None:
    """Commitments without our origin id that nobody typed: ours all the same, and unmarked."""
    typed = Counter((row["project"], row["number"]) for row in hand_typed)
    found = Counter((row["project"]["id"], row["number"]) for row in books.others())
    for project, number in (found - typed).elements():
        result.duplicates.append(f"commitment {number} on project {project} carries no origin id")
    for project, number in (typed - found).elements():
        result.mismatches.append(f"hand-typed commitment {number} on project {project} is gone")


def _compare_commitments(result: Result, books: CommitmentBooks, expected: list[Row]) -> None:
    found = books.ours()
    for want in expected:
        numbered = [row for row in found if row["number"] == want["number"]]
        # The one that is meant, of several with one number.
        numbered.sort(key=lambda row: row["origin_id"] != want["origin"])
        if not numbered:
            result.mismatches.append(f"{_words(want)} is not in Procore")
            continue
        found.remove(numbered[0])
        _compare_commitment(result, books, want, numbered[0])
    for row in found:
        result.mismatches.append(
            f"commitment {row['number']} on project {row['project']['id']} should not be in Procore"
        )


def _compare_commitment(result: Result, books: CommitmentBooks, want: Row, row: Row) -> None:
    have = books.head(row)
    for name in HEAD:
        wanted = Decimal(want[name]) if name == "total" else want[name]
        if have[name] != wanted:
            result.mismatches.append(f"{_words(want)}: {name} {have[name]}, not {want[name]}")
    result.cents_off += cents(have["total"] - Decimal(want["total"]))
    if _order(row["origin_id"]) != _order(want["origin"]):
        result.mismatches.append(f"{_words(want)}: origin id {row['origin_id']} is another order's")
    if not books.in_directory(row):
        result.mismatches.append(f"{_words(want)}: the vendor is not in the project's directory")
    have_lines, want_lines = Counter(books.lines(row)), Counter(_lines(want))
    missing, extra = want_lines - have_lines, have_lines - want_lines
    if missing or extra:
        lacks, has = _listed(missing), _listed(extra)
        result.mismatches.append(f"{_words(want)}: lines lack [{lacks}] and have [{has}]")


def _compare_codes(result: Result, books: CommitmentBooks, expected: list[Row]) -> None:
    """What all commitments together put on each cost code of each project."""
    have = _sums((row["project"]["id"], books.lines(row)) for row in books.ours())
    want = _sums((row["project"], _lines(row)) for row in expected)
    cells = {*have, *want}
    result.compared["cost_codes"] = len(cells)
    result.compared["projects"] = len({project for project, _ in cells})
    for project, wbs in sorted(cells):
        found, wanted = have[project, wbs], want[project, wbs]
        if found != wanted:
            result.cents_off += cents(found - wanted)
            result.mismatches.append(f"project {project} code {wbs}: {found}, not {wanted}")


def _compare_projects(result: Result, rows: list[Row], expected: list[Row]) -> None:
    """What the organization's projects are called, and that there is none too many."""
    found = {row["project_id"]: row["project_name"] for row in rows}
    for want in expected:
        have = found.pop(want["project_id"], None)
        if have != want["name"]:
            result.mismatches.append(
                f"project {want['project_id']}: name {have!r}, not {want['name']!r} in Zoho Books"
            )
    for project_id, name in found.items():
        result.mismatches.append(f"project {project_id} {name!r} is in Zoho Books too many")
    result.compared["zoho_projects"] = len(expected)


def _compare_vendors(result: Result, rows: list[Row], expected: list[Row]) -> None:
    """What the company's vendors are called, and that there is none too many."""
    found = {row["id"]: row for row in rows}
    for want in expected:
        row = found.pop(want["id"], None)
        if row is None:
            result.mismatches.append(f"vendor {want['id']} {want['name']} is gone from Procore")
            continue
        for name in VENDOR:
            have = row[name] if row[name] is not None else ""
            if have != want[name] and (want[name] or name != "name"):
                result.mismatches.append(
                    f"vendor {want['id']} in Procore: {name} {have!r}, not {want[name]!r}"
                )
    for row in found.values():
        result.mismatches.append(f"vendor {row['id']} {row['name']} should not be in Procore")
    result.compared["vendors"] = len(expected)


def _sums(commitments: Iterable[tuple[int, list[Line]]]) -> dict[tuple[int, str], Decimal]:
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for project, lines in commitments:
        for line in lines:
            sums[project, line.wbs] += line.amount
    return sums


def _lines(want: Row) -> list[Line]:
    return [Line(line["wbs"], Decimal(line["amount"])) for line in want["lines"]]


def _listed(lines: Counter[Line]) -> str:
    return "; ".join(sorted(f"{line.wbs} {line.amount}" for line in lines.elements()))


def _is_ours(row: Row) -> bool:
    return str(row.get("origin_id") or "").startswith(OUR_ORIGIN)


def _order(origin: str) -> str:
    return ":".join(origin.split(":")[:ORIGIN_PARTS_OF_ORDER])


def _key(case: Row) -> str:
    return f":{case['source_key']}"


def _of_case(row: Row) -> Row:
    """A commitment in the words of a planted case."""
    return {
        "number": row["number"],
        "vendor": (row["vendor"] or {"company": "nobody"})["company"],
        "status": row["status"],
        "total": row["grand_total"],
        "lines": [
            {
                "wbs": line["wbs_code"]["flat_code"],
                "amount": line["amount"],
                "quantity": line.get("quantity") or "0",
                "rate": line.get("unit_cost") or "0",
                "unit": line.get("uom") or "",
                "text": line.get("description") or "",
            }
            for line in row["line_items"]
        ],
    }


def _words(want: Row) -> str:
    return f"commitment {want['number']} on project {want['project']}"
