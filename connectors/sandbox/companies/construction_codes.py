"""The builder's cost accounts in Zoho Books and the codes of Procore's budgets, side by side.

Literal tables enter; which WBS code an account means in which project is said here by hand, and so
is which codes a project lacks, has closed, or has no budget for. No records are made here.
"""

from __future__ import annotations

from typing import NamedTuple

# Cost types, which Procore's API calls line item types: code, name, base type.
COST_TYPES = (
    ("L", "Labor", "labor"),
    ("M", "Materials", "materials"),
    ("E", "Equipment", "equipment"),
    ("C", "Commitment", "commitment"),
    ("P", "Professional Services", "professional_services"),
    ("O", "Other", "other"),
)
DIVISIONS = {
    "01": "General Requirements",
    "02": "Existing Conditions",
    "03": "Concrete",
    "05": "Metals",
    "06": "Wood and Plastics",
    "07": "Thermal and Moisture",
    "08": "Openings",
    "09": "Finishes",
    "22": "Plumbing",
    "23": "HVAC",
    "26": "Electrical",
    "31": "Earthwork",
    "32": "Exterior Improvements",
}


class Code(NamedTuple):
    """A budget code of every project: its flat code, and the cost code's own name."""

    flat: str
    name: str

    @property
    def division(self) -> str:
        return self.flat[:2]

    @property
    def number(self) -> str:
        """The cost code without its division."""
        return self.flat[3:6]

    @property
    def cost_type(self) -> str:
        return self.flat[7:]


CODES = (
    Code("01-310.O", "Permits and Fees"),
    Code("01-450.P", "Testing and Inspection"),
    Code("01-500.O", "Temporary Facilities"),
    Code("01-540.E", "Construction Equipment"),
    Code("01-545.E", "Scaffolding"),
    Code("01-560.M", "Small Tools"),
    Code("01-580.O", "Fuel and Hauling"),
    Code("01-590.M", "Safety"),
    Code("01-700.O", "Sales Tax"),
    Code("01-705.O", "Sales Tax, Owner Reimbursed"),
    Code("01-710.O", "Purchase Discounts"),
    Code("01-720.O", "Purchase Adjustments"),
    Code("02-400.C", "Demolition"),
    Code("02-410.C", "Salvage"),
    Code("03-200.M", "Reinforcing"),
    Code("03-300.M", "Cast-in-Place Concrete"),
    Code("05-100.M", "Structural Steel"),
    Code("06-100.M", "Rough Carpentry"),
    Code("06-200.M", "Finish Carpentry"),
    Code("07-500.M", "Roofing"),
    Code("08-100.M", "Doors and Frames"),
    Code("09-250.M", "Gypsum Board"),
    Code("22-100.M", "Plumbing Fixtures"),
    Code("23-100.M", "Ductwork"),
    Code("23-200.M", "Air Handling"),
    Code("26-100.M", "Electrical Equipment"),
    Code("31-200.C", "Earth Moving"),
    Code("31-250.C", "Erosion Control"),
    Code("32-100.C", "Paving"),
    Code("32-900.C", "Planting"),
)
FLAT_CODES = tuple(code.flat for code in CODES)


class Account(NamedTuple):
    """A cost account of Zoho Books and the WBS code that it means in most projects."""

    code: str
    name: str
    wbs: str
    mapped: bool = True


ACCOUNTS = (
    Account("5010", "Concrete and Cement", "03-300.M"),
    Account("5020", "Reinforcing Steel", "03-200.M"),
    Account("5030", "Structural Steel", "05-100.M"),
    Account("5040", "Lumber and Framing", "06-100.M"),
    Account("5050", "Roofing Materials", "07-500.M"),
    Account("5060", "Doors and Hardware", "08-100.M"),
    Account("5070", "Drywall and Finishes", "09-250.M"),
    Account("5080", "Plumbing Materials", "22-100.M"),
    Account("5090", "HVAC Materials", "23-100.M"),
    Account("5100", "Electrical Materials", "26-100.M"),
    Account("5110", "Earthwork", "31-200.C"),
    Account("5120", "Paving and Site Concrete", "32-100.C"),
    Account("5130", "Equipment Rental", "01-540.E"),
    Account("5140", "Scaffold Rental", "01-545.E"),
    Account("5150", "Temporary Facilities", "01-500.O"),
    Account("5160", "Permits and Fees", "01-310.O"),
    Account("5170", "Small Tools", "01-560.M"),
    Account("5180", "Testing and Inspection", "01-450.P"),
    Account("5190", "Surveying", "01-310.O"),
    Account("5950", "Demolition", "02-400.C"),
    Account("5960", "Landscaping", "32-900.C"),
    Account("5900", "Fuel Surcharges", "01-580.O", False),
    Account("5910", "Safety Supplies", "01-590.M", False),
    Account("32-900.10", "Irrigation", "32-900.C", False),
)
WHOLE_CODE = "32-900.10"
UNMAPPED = ("5900", "5910")
# That of a planted case, which no other order has.
SURVEYING = "5190"
EARTHWORK, DEMOLITION, LANDSCAPING = "5110", "5950", "5960"
OTHER_ACCOUNTS = (
    ("Accounts Payable", "accounts_payable"),
    ("Operating Bank Account", "bank"),
    ("Contract Revenue", "income"),
)
CHARGES = {
    "charge:tax": "01-700.O",
    "charge:discount": "01-710.O",
    "charge:adjustment": "01-720.O",
}

# A project is named here by its number, from 1. What these say of it wins over the tables above.
OWN_RULES = {
    (2, "5090"): "23-200.M",
    (6, "5040"): "06-200.M",
    (2, "charge:tax"): "01-705.O",
    (8, "charge:tax"): "01-705.O",
}
ABSENT = {4: ("31-200.C",)}
INACTIVE = {3: ("02-400.C",), 7: ("02-400.C",)}
UNBUDGETED = {5: ("32-900.C",), 9: ("32-900.C",)}
# What a person would choose where the company-wide rule leads to no usable code.
RESOLVED = {
    (3, DEMOLITION): "02-410.C",
    (7, DEMOLITION): "02-410.C",
    (4, EARTHWORK): "31-250.C",
}
_WBS = {account.code: account.wbs for account in ACCOUNTS} | CHARGES


def wbs(project: int, code: str) -> str:
    """The WBS code that an account or a charge belongs on in a project."""
    own = OWN_RULES.get((project, code)) or RESOLVED.get((project, code))
    return own or _WBS[code]


def plain_accounts(project: int) -> tuple[str, ...]:
    """Accounts that post in this project without anybody's help."""
    unusable = ABSENT.get(project, ()) + INACTIVE.get(project, ()) + UNBUDGETED.get(project, ())
    return tuple(
        account.code
        for account in ACCOUNTS
        if account.mapped and account.code != SURVEYING and account.wbs not in unusable
    )
