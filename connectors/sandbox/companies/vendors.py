"""The manufacturer's vendors in both systems: linked by id, linked by name, missing, or ambiguous.

A number of vendors enters; Procurify vendors, Zoho contacts and, by hand, the Zoho name that each
belongs to leave. The spellings differ the way people's spellings do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.companies.accounts import CURRENCIES, WITHHELD, currency_id, zoho_id

FIRST = (
    "Northgate", "Harbor", "Silver Creek", "Ironwood", "Summit", "Evergreen", "Redline", "Columbia",
    "Granite", "Bluewater", "Pioneer", "Falcon", "Westfield", "Keystone", "Lakeshore",
)  # fmt: skip
SECOND = (
    "Fasteners", "Steel Supply", "Bearings", "Packaging", "Industrial Coatings", "Tool and Die",
    "Electric", "Plastics", "Hydraulics", "Castings", "Logistics", "Safety", "Abrasives",
)  # fmt: skip
# Procurify's spelling and Zoho's, for the same company; {} is the plain name.
SPELLINGS = (
    ("{}", "{}"),
    ("{} Inc.", "{}, INC"),
    ("{}, LLC", "{} LLC"),
    ("{} (West)", "{} West"),
    ("{} Ltd.", "{} LTD"),
    ("{}  Corp.", "{} Corp"),
    ("{} LLC", "{}, Llc"),
)
# Linked by external id; Zoho knows them by quite another name.
BY_EXTERNAL_ID = (
    ("Olympic Metal Centre", "OMC Holdings"),
    ("Rainier Machine Parts", "RMP Distribution"),
    ("Juniper Controls", "JC Automation Group"),
    ("Whitman Gears", "Palouse Power Transmission"),
    ("Okanagan Hardware", "OKH Wholesale"),
    ("Fraser Valley Steel", "FVS Metals"),
    ("Burrard Electric", "Burrard Power Products"),
    ("Tacoma Bolt", "TB Industrial"),
)
# Procurify's name, a contact in Zoho that only looks like it, and the name somebody adds later.
MISSING = (
    ("Pacific Crate Works", "Pacific Crating", "Pacific Crate Works"),
    ("Meridian Lasers Inc.", "Meridian Lasers GmbH", "MERIDIAN LASERS, Inc"),
    ("Stillwater Foundry", "", "Stillwater  FOUNDRY"),
)
TWICE_IN_ZOHO = ("Orchard Compressors", "Orchard Compressors", "ORCHARD COMPRESSORS, Inc.")
TWICE_IN_PROCURIFY = ("Juanita Tool Rental", "JUANITA TOOL RENTAL", "Juanita Tool Rental")
FOREIGN = ("Thames Valve Company", "Thames Valve Company")
# Procurify's name, and a contact of Zoho that is another company though it looks the same.
OTHERS = (
    ("ร้านดี", "ร้านดู"),
    ("カキ商会", "ガキ商会"),
    ("A+ Electric", "A Electric"),
    ("Nordwind GmbH", "Nordwind AG"),
)
# Those of the cases about money, and their currencies.
OF_CASES = (
    ("Osaka Carbide", "JPY"),
    ("Shuwaikh Consulting", "KWD"),
    ("Chennai Castings", "USD"),
)
# A vendor whose contact is merged into the second one.
MERGED = ("Kitsap Springs", "Palouse Spring Works")
CAD_EVERY = 4
SPECIAL = len(MISSING) + 1 + 2 + 1
OTHER, EMPLOYEE, CARD_PROVIDER = 1, 5, 6


@dataclass(frozen=True)
class Vendor:
    """A Procurify vendor; `zoho_name` is the contact that it belongs to once it is linked."""

    id: int
    name: str
    currency: str
    zoho_name: str


@dataclass(frozen=True)
class Cast:
    """All vendors, by what happens to their documents."""

    linked: list[Vendor]
    missing: list[Vendor]
    twice_in_zoho: Vendor
    twice_in_procurify: list[Vendor]
    foreign: Vendor
    others: list[Vendor]
    yen: Vendor
    dinars: Vendor
    withheld: Vendor
    once_more: Vendor
    merged: Vendor
    procurify: list[dict[str, Any]]
    contacts: list[dict[str, Any]]

    def of_currency(self, currency: str) -> list[Vendor]:
        return [vendor for vendor in self.linked if vendor.currency == currency]

    def contact_id(self, name: str) -> str:
        return str(next(row["contact_id"] for row in self.contacts if row["contact_name"] == name))


def build_cast(count: int) -> Cast:
    """`count` vendors in Procurify, the special ones included but for those of planted cases."""
    fewest = len(BY_EXTERNAL_ID) + len(SPELLINGS) + SPECIAL
    most = len(FIRST) * len(SECOND) + len(BY_EXTERNAL_ID) + SPECIAL
    if not fewest <= count <= most:
        raise ValueError(f"Choose between {fewest} and {most} vendors, not {count}.")
    scene = _Casting()
    linked = [scene.by_external_id(*names) for names in BY_EXTERNAL_ID]
    linked += [scene.by_name(n) for n in range(count - len(BY_EXTERNAL_ID) - SPECIAL)]
    missing = [scene.missing(*names) for names in MISSING]
    ours, once, again = TWICE_IN_ZOHO
    twice_in_zoho = scene.vendor(ours, "USD", once)
    scene.contact(once, "USD")
    scene.contact(again, "USD")
    first, second, contact = TWICE_IN_PROCURIFY
    twice_in_procurify = [scene.vendor(name, "USD", contact) for name in (first, second)]
    scene.contact(contact, "USD")
    foreign = scene.vendor(FOREIGN[0], "GBP", FOREIGN[1])
    scene.contact(FOREIGN[1], "USD")
    scene.bystanders()
    others = [scene.missing(ours, theirs, "") for ours, theirs in OTHERS]
    yen, dinars, withheld = (scene.same_name(*names) for names in OF_CASES)
    scene.contacts[-1]["tds_tax_id"] = WITHHELD
    # Mapped to the contact of the first one beforehand.
    once_more = scene.vendor(f"{linked[0].name} (old account)", "USD", linked[0].zoho_name)
    merged = scene.same_name(MERGED[0], "USD")
    scene.contact(MERGED[1], "USD")
    return Cast(
        linked, missing, twice_in_zoho, twice_in_procurify, foreign, others, yen, dinars, withheld,
        once_more, merged, scene.rows, scene.contacts,
    )  # fmt: skip


class _Casting:
    """Numbers vendors and contacts as they are written down."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []

    def vendor(
        self,
        name: str,
        currency: str,
        zoho_name: str,
        external_id: str | None = None,
        kind: int = 3,
    ) -> Vendor:
        number = len(self.rows) + 1
        currencies = {code: n for n, (code, _) in enumerate(CURRENCIES, start=1)}
        self.rows.append(
            {
                "id": number,
                "name": name,
                "active": True,
                "type": kind,
                "currency": currencies[currency],
                "external_id": external_id,
                "email": [f"orders@vendor{number}.example"],
                "phoneOne": f"206-555-{number:04d}",
                "city": "Surrey" if currency == "CAD" else "Seattle",
                "country": "Canada" if currency == "CAD" else "United States",
                "dateModified": "2026-06-15T18:00:00.000000Z",
            }
        )
        return Vendor(number, name, currency, zoho_name)

    def contact(self, name: str, currency: str, kind: str = "vendor") -> str:
        key = zoho_id(4, len(self.contacts) + 1)
        self.contacts.append(contact_record(name, currency, kind) | {"contact_id": key})
        return key

    def by_external_id(self, name: str, zoho_name: str) -> Vendor:
        currency = "CAD" if len(self.rows) % CAD_EVERY == CAD_EVERY - 1 else "USD"
        return self.vendor(name, currency, zoho_name, self.contact(zoho_name, currency))

    def by_name(self, number: int) -> Vendor:
        # Steps of 7 walk through all pairs, because 7 shares no factor with their number.
        pick = number * 7 % (len(FIRST) * len(SECOND))
        plain = f"{FIRST[pick % len(FIRST)]} {SECOND[pick // len(FIRST)]}"
        ours, theirs = SPELLINGS[number % len(SPELLINGS)]
        currency = "CAD" if number % CAD_EVERY == 1 else "USD"
        self.contact(theirs.format(plain), currency)
        return self.vendor(ours.format(plain), currency, theirs.format(plain))

    def same_name(self, name: str, currency: str) -> Vendor:
        self.contact(name, currency)
        return self.vendor(name, currency, name)

    def missing(self, name: str, lookalike: str, later: str) -> Vendor:
        if lookalike:
            self.contact(lookalike, "USD")
        return self.vendor(name, "USD", later)

    def bystanders(self) -> None:
        """Records that a vendor sync must leave alone."""
        self.vendor("Various walk-in", "USD", "", kind=OTHER)
        self.vendor("Robin Keller", "USD", "", kind=EMPLOYEE)
        self.vendor("Corporate Card", "USD", "", kind=CARD_PROVIDER)
        self.contact("Mountain Outfitters", "USD", "customer")
        self.contact("Northgate Retail Group", "USD", "customer")


def contact_record(name: str, currency: str, kind: str = "vendor") -> dict[str, Any]:
    """A contact as a person types it into Zoho Books."""
    return {
        "contact_name": name,
        "company_name": name,
        "contact_type": kind,
        "currency_id": currency_id(currency),
        "payment_terms": 30,
        "status": "active",
    }
