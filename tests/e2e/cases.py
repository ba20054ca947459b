"""The cases that each company must plant, by what they are about.

The companies say for each case which document it is and what must become of it; this list says that
none is forgotten. Standard library only.
"""

from collections.abc import Iterable

from tests.e2e.planted_cases import Judged

OTHER_BASE = "manufacturing in another base"
# Company, then subject, then the cases, in the words of the company's own table.
CASES: dict[str, dict[str, tuple[str, ...]]] = {
    "manufacturing": {
        "money": (
            "split line billed by half: the rest of the order stays open",
            "1.10 over 20 equal parts",
            "bill of 1200 yen",
            "100.40 yen, which is no amount of yen",
            "bill of 12.345 dinars",
            "rate of a foreign bill within one base",
            "order with a credit, billed in part, whose comment is edited",
            "bill of a vendor whose tax is withheld",
        ),
        "identity": (
            "vendor ร้านดี is not ร้านดู",
            "vendor カキ商会 is not ガキ商会",
            "vendor A+ Electric is not A Electric",
            "vendor Nordwind GmbH is not Nordwind AG",
            "invoice number corrected after posting",
            "create whose answer is lost while its number is corrected",
            "change of the due date alone, lost on its way",
            "number of a yearly series in two fiscal years",
            "one invoice under two vendors that are one contact",
            "bill moved to a vendor that has its number",
        ),
        "at rest": (
            "order dismissed, its bill is then posted without it",
            "bill of an order older than the history start",
            "bill of an order that was cancelled",
            "twin of a bill that was withdrawn",
            "bill of a month that was reopened",
            "posted bill that was deleted in Zoho Books, posted anew",
            "order cancelled and reopened, posted as its successor",
            "number of a bill that was voided and withdrawn, used again",
            "bill typed into Zoho Books by hand, linked by a person",
            "closed order with a bill that awaits approval and is denied",
            "closed order whose last open bill is dismissed",
            "posted bill, dismissed when it changed, and withdrawn later",
            "account mapped elsewhere after posting",
            "line with a text longer than Zoho Books takes",
            "invoice number longer than Zoho Books takes",
        ),
        "policy": (
            "vendor merged into another contact after posting",
            "account closed in Zoho Books after posting, and mapped elsewhere",
            "bills dated by their invoices from some day on",
        ),
    },
    # The manufacturing company, small and plain, with Zoho Books kept in Canadian dollars.
    OTHER_BASE: {
        "money": (
            "order in Procurify's base, which is not Zoho Books'",
            "bill in Procurify's base, which is not Zoho Books'",
            "bill in Zoho Books' base, which is not Procurify's",
            "bill in a currency that is nobody's base",
        ),
    },
    "construction": {
        "money": (
            "order in EUR for a project in USD",
            "lines in units that Procore lists and that it does not",
            "1.00 off over three equal parts",
            "order of a vendor whose tax is withheld",
        ),
        "identity": (
            "vendor ร้านดี is not ร้านดู",
            "vendor カキ商会 is not ガキ商会",
            "vendor A+ Electric is not A Electric",
            "vendor Nordwind GmbH is not Nordwind AG",
            "account 32-900.10 is not 32-900.C",
            "create whose answer is lost while its number is corrected",
            "change of the delivery date alone, lost on its way",
        ),
        "at rest": (
            "order that a person dismissed",
            "posted order, dismissed when it changed, and cancelled later",
            "commitment typed into Procore by hand, linked by a person",
            "posted commitment that was deleted in Procore, posted anew",
            "number of a cancelled order, used again",
            "order older than the history start",
            "order older than the history start that is edited",
            "line with a text longer than Procore takes",
            "account mapped elsewhere after posting",
        ),
    },
}


def unlike(company: str, judged: Iterable[Judged]) -> list[str]:
    """Cases that are listed and were not judged, and the other way round."""
    listed = {case for of_subject in CASES[company].values() for case in of_subject}
    seen = {one.case for one in judged}
    return [
        *(f"case {case!r} of {company} has no document" for case in sorted(listed - seen)),
        *(f"case {case!r} of {company} is not listed" for case in sorted(seen - listed)),
    ]
