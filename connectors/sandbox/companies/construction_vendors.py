"""The builder's vendors in both systems: linked by mapping, linked by name, missing, or ambiguous.

A number of vendors enters; Zoho contacts, Procore vendors, project directories and, by hand, the
Procore vendor that each contact is leave. The spellings differ the way people's spellings do, and
so do e-mails and phones, of which some are on one side only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.companies.construction_projects import zoho_id

# The tax that Zoho Books withholds from vendors that have it.
WITHHELD_TAX = zoho_id(2, 99)
FIRST = (
    "Aspen", "Boulder", "Cottonwood", "Divide", "Elkhorn", "Flatiron", "Gunnison", "High Plains",
    "Longs Peak", "Mesa", "Pinyon", "Red Rock", "Sagebrush", "Timberline", "Ute Pass",
)  # fmt: skip
SECOND = (
    "Ready Mix", "Rebar", "Steel Erectors", "Lumber", "Roofing Supply", "Door and Hardware",
    "Drywall", "Plumbing Supply", "Mechanical", "Electric Supply", "Excavating", "Asphalt",
    "Equipment Rental",
)  # fmt: skip
# Zoho's spelling and Procore's, for the same company; {} is the plain name.
SPELLINGS = (
    ("{}", "{}"),
    ("{} Inc.", "{}"),
    ("{}, LLC", "{} LLC"),
    ("{}", "{} Inc"),
    ("{} Co.", "{} CO"),
    ("{}  Corp.", "{} Corp"),
    ("{} LLC", "{}, Llc"),
)
# Of these a person links or confirms the pair; the others link by themselves and keep their names.
CONFIRMED = (0, 1, 3)
# Mapped beforehand: Procore knows them by quite another name.
BY_MAPPING = (
    ("Rocky Mtn Precast", "RMP Structures Group"),
    ("Tri-State Crane", "TSC Lifting Services"),
    ("Peak Safety Fence", "Summit Barrier Rentals"),
    ("Western Glazing", "WG Facades"),
    ("Arapahoe Testing Labs", "ATL Engineering"),
    ("Clear Creek Landscape", "Greenway Sites"),
)
# A contact, and a Procore vendor whose name only looks like it; a person knows it is the same.
LOOKALIKE = (
    ("Boreas Insulation", "Boreas Insulating Services"),
    ("Conifer Millwork Inc.", "Conifer Mill Works and Casework"),
)
ABSENT = "Tundra Fireproofing"
TWICE_IN_PROCORE = ("Granby Concrete Pumping", "Granby Concrete Pumping", "GRANBY CONCRETE PUMPING")
TWICE_IN_ZOHO = ("Estes Scaffold LLC", "ESTES SCAFFOLD, Inc.", "Estes Scaffold")
FOREIGN = ("Calgary Curtain Wall", "Calgary Curtain Wall")
# No order is theirs; later they go out of business.
CLOSING = ("Hartsel Paving Inc.", "Hartsel Paving")
# Those of planted cases: names that look the same, one in euros, one whose tax is withheld.
OTHERS = (
    ("ร้านดี", "ร้านดู"),
    ("カキ商会", "ガキ商会"),
    ("A+ Electric", "A Electric"),
    ("Nordwind GmbH", "Nordwind AG"),
)
EURO = ("Bremen Fassaden", "Bremen Fassaden")
WITHHELD = ("Pune Formwork", "Pune Formwork")
ONLY_IN_PROCORE = ("Orchard Title Company", "Kestrel Survey Group")
SPECIAL = len(LOOKALIKE) + 1 + 1 + 2 + 1


@dataclass(frozen=True)
class Vendor:
    """A Zoho contact and the Procore vendor that it is, once it is linked; 0: there is none."""

    contact_id: str
    name: str
    procore_id: int
    procore_name: str


@dataclass(frozen=True)
class Cast:
    """All vendors, by what happens to their orders."""

    mapped: list[Vendor]
    linked: list[Vendor]
    lookalike: list[Vendor]
    absent: Vendor
    twice_in_procore: Vendor
    twice_in_zoho: list[Vendor]
    foreign: Vendor
    closing: Vendor
    others: list[Vendor]
    euro: Vendor
    withheld: Vendor
    contacts: list[dict[str, Any]]
    procore: list[dict[str, Any]]

    @property
    def settled(self) -> list[Vendor]:
        """Those whose orders post without anybody's help."""
        return self.mapped + self.linked

    @property
    def confirmed(self) -> list[Vendor]:
        """Those that a person has linked, or has said of that they are the same."""
        chosen = [v for n, v in enumerate(self.linked) if n % len(SPELLINGS) in CONFIRMED]
        return [*self.mapped, *chosen, self.closing]

    def directories(self, projects: int) -> dict[int, list[int]]:
        """Three of five vendors are in a project's directory already."""
        return {
            project: [
                vendor.procore_id
                for n, vendor in enumerate(self.settled)
                if (n + project) % 5 in (0, 1, 3)
            ]
            for project in range(1, projects + 1)
        }


def build_cast(count: int, currencies: dict[str, str]) -> Cast:
    """`count` vendors in Zoho Books, the special ones included but for the one that closes down
    and those of planted cases.

    `currencies` are ids by code.
    """
    fewest = len(BY_MAPPING) + len(SPELLINGS) + SPECIAL
    most = len(FIRST) * len(SECOND) + len(BY_MAPPING) + SPECIAL
    if not fewest <= count <= most:
        raise ValueError(f"Choose between {fewest} and {most} vendors, not {count}.")
    scene = _Casting(currencies)
    mapped = [scene.pair(*names) for names in BY_MAPPING]
    linked = [scene.spelled(n) for n in range(count - len(BY_MAPPING) - SPECIAL)]
    lookalike = [scene.pair(*names) for names in LOOKALIKE]
    absent = scene.contact(ABSENT, 0, "")
    ours, once, again = TWICE_IN_PROCORE
    twice_in_procore = scene.pair(ours, once)
    scene.vendor(again)
    first, second, theirs = TWICE_IN_ZOHO
    twice = scene.vendor(theirs)
    twice_in_zoho = [scene.contact(name, twice, theirs) for name in (first, second)]
    foreign = scene.pair(*FOREIGN, currency="CAD")
    for name in ONLY_IN_PROCORE:
        scene.vendor(name)
    closing = scene.pair(*CLOSING)
    others = [scene.pair(*names) for names in OTHERS]
    euro = scene.pair(*EURO, currency="EUR")
    withheld = scene.pair(*WITHHELD)
    scene.contacts[-1]["tds_tax_id"] = WITHHELD_TAX
    return Cast(
        mapped, linked, lookalike, absent, twice_in_procore, twice_in_zoho, foreign, closing,
        others, euro, withheld, scene.contacts, scene.vendors,
    )  # fmt: skip


class _Casting:
    """Numbers contacts and vendors as they are written down."""

    def __init__(self, currencies: dict[str, str]) -> None:
        self.contacts: list[dict[str, Any]] = []
        self.vendors: list[dict[str, Any]] = []
        self._currencies = currencies

    def contact(self, name: str, vendor: int, vendor_name: str, currency: str = "USD") -> Vendor:
        number = len(self.contacts) + 1
        key = zoho_id(4, number)
        self.contacts.append(
            {
                "contact_id": key,
                "contact_name": name,
                "company_name": name,
                "contact_type": "vendor",
                "currency_id": self._currencies[currency],
                "payment_terms": 30,
                "status": "active",
                "email": f"orders@builder-vendor{number}.example" if number % 6 else "",
                "phone": f"+1 303 555 {number:04d}" if number % 4 == 1 else "",
            }
        )
        return Vendor(key, name, vendor, vendor_name)

    def vendor(self, name: str) -> int:
        number = len(self.vendors) + 1
        key = 320_000 + number
        self.vendors.append(
            {
                "id": key,
                "name": name,
                "is_active": True,
                "city": "Golden",
                "state_code": "CO",
                "email_address": f"office{number}@site.example" if number % 3 == 0 else "",
                "business_phone": f"(720) 555-{number:04d}" if number % 5 < 2 else "",
            }
        )
        return key

    def pair(self, ours: str, theirs: str, currency: str = "USD") -> Vendor:
        return self.contact(ours, self.vendor(theirs), theirs, currency)

    def spelled(self, number: int) -> Vendor:
        # Steps of 7 walk through all pairs, because 7 shares no factor with their number.
        pick = number * 7 % (len(FIRST) * len(SECOND))
        plain = f"{FIRST[pick % len(FIRST)]} {SECOND[pick // len(FIRST)]}"
        ours, theirs = SPELLINGS[number % len(SPELLINGS)]
        return self.pair(ours.format(plain), theirs.format(plain))
