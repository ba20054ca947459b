"""The manufacturer's accounts, taxes, currencies and places, in both systems, side by side.

Literal tables enter; master data of both providers and the mappings that a tenant sets up
beforehand leave. Which Procurify code means which Zoho account is said here by hand.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

ORGANIZATION_ID = "460000000000001"
SUBDOMAIN = "cascadia-works"


class Account(NamedTuple):
    """One Procurify account code and the Zoho account that it belongs on; none: not mapped yet."""

    code: str
    description: str
    zoho_name: str
    zoho_type: str
    mapped: bool = True


ACCOUNTS = (
    Account("5010", "Raw steel and bar stock", "Raw Materials - Steel", "cost_of_goods_sold"),
    Account("5020", "Fasteners and hardware", "Raw Materials - Hardware", "cost_of_goods_sold"),
    Account("5030", "Purchased components", "Purchased Components", "cost_of_goods_sold"),
    Account("5040", "Packaging", "Packaging Materials", "cost_of_goods_sold"),
    Account("5050", "Outside processing", "Subcontract Processing", "cost_of_goods_sold"),
    Account("5900", "Inbound freight", "Freight Inbound", "cost_of_goods_sold"),
    Account("6010", "Shop supplies", "Shop Supplies", "expense"),
    Account("6020", "Tooling", "Small Tools and Tooling", "expense"),
    Account("6030", "Machine maintenance", "Repairs and Maintenance", "expense"),
    Account("6040", "Safety equipment", "Safety Equipment", "expense"),
    Account("6110", "Office supplies", "Office Supplies", "expense"),
    Account("6115", "Printing", "Office Supplies", "expense"),
    Account("6120", "Software subscriptions", "Software and Subscriptions", "expense"),
    Account("6130", "Professional services", "Professional Fees", "expense"),
    Account("6140", "Utilities", "Utilities", "expense"),
    Account("1510", "Machinery under construction", "Machinery in Progress", "fixed_asset", False),
    Account("6990", "Research projects", "Research and Development", "expense", False),
    Account("6150", "Courier", "Courier Charges", "expense"),
    Account("6160", "Memberships", "Dues and Memberships", "expense"),
)
STOCK_CODES = ("5010", "5020", "5030", "5040", "5050", "6010", "6020")
OVERHEAD_CODES = ("6030", "6040", "6110", "6115", "6120", "6130", "6140")
FREIGHT_CODE = "5900"
UNMAPPED_CODES = ("1510", "6990")
ZOHO_NAMES = {account.code: account.zoho_name for account in ACCOUNTS}

CHARGES = {
    "charge:freight": ("Freight and shipping", "Freight Inbound"),
    "charge:tax": ("Tax amounts without a rate", "Taxes Not Recoverable"),
    "charge:other": ("Other order charges", "Other Purchase Charges"),
}
FREIGHT_ACCOUNT, TAX_ACCOUNT, OTHER_ACCOUNT = (name for _, name in CHARGES.values())
EXTRA_ZOHO_ACCOUNTS = (
    ("Taxes Not Recoverable", "expense"),
    ("Other Purchase Charges", "cost_of_goods_sold"),
    ("Accounts Payable", "accounts_payable"),
    ("Operating Bank Account", "bank"),
    ("Sales", "income"),
)


class Tax(NamedTuple):
    """A percent tax as Procurify names it and the Zoho tax that it is."""

    name: str
    rate: str
    zoho_name: str
    mapped: bool = True


TAXES = (
    Tax("GST", "5", "GST"),
    Tax("HST", "13", "HST Ontario"),
    Tax("Sales Tax", "8.25", "Sales Tax 8.25"),
    Tax("Purchase order tax", "5", "GST"),
    Tax("Eco Levy", "2.5", "Environmental Levy", False),
)
CURRENCIES = (
    ("USD", "1.000000"), ("CAD", "0.769231"), ("GBP", "1.265823"), ("JPY", "0.006700"),
    ("KWD", "3.250000"),
)  # fmt: skip
DECIMALS = {"JPY": 0, "KWD": 3}
# The tax that Zoho Books withholds from vendors that have it.
WITHHELD = "460000000299999"
LOCATIONS = (("Seattle Plant", "USD"), ("Spokane Warehouse", "USD"), ("Surrey Assembly", "CAD"))
DEPARTMENTS = ("Production", "Distribution", "Assembly")


def zoho_id(kind: int, number: int) -> str:
    """Ids of the length that Zoho uses; the kind keeps them apart."""
    return f"46000000{kind:02d}{number:05d}"


def currency_id(code: str) -> str:
    """Zoho's id of a currency."""
    return zoho_id(3, [name for name, _ in CURRENCIES].index(code) + 1)


def zoho_account_ids() -> dict[str, str]:
    """Zoho account names and their ids; two Procurify codes share one account."""
    names = dict.fromkeys(account.zoho_name for account in ACCOUNTS)
    names |= dict.fromkeys(name for name, _ in EXTRA_ZOHO_ACCOUNTS)
    return {name: zoho_id(1, number) for number, name in enumerate(names, start=1)}


def zoho_tax_ids() -> dict[str, str]:
    names = dict.fromkeys(tax.zoho_name for tax in TAXES)
    return {name: zoho_id(2, number) for number, name in enumerate(names, start=1)}


def account_id(code: str, department: int) -> int:
    """Procurify's account (code in a department); departments count from 1."""
    position = next(n for n, account in enumerate(ACCOUNTS, start=1) if account.code == code)
    return position * 10 + department


def procurify_state() -> dict[str, Any]:
    """Reference data as Procurify holds it."""
    return {
        "currencies": [
            {"id": n, "name": name, "rate": rate, "base": name == "USD", "active": True}
            for n, (name, rate) in enumerate(CURRENCIES, start=1)
        ],
        "locations": [
            {"id": n, "name": name, "currency": currency, "external_id": None}
            for n, (name, currency) in enumerate(LOCATIONS, start=1)
        ],
        "departments": [
            {"id": n, "name": name, "branch": n, "external_id": None, "active": True}
            for n, name in enumerate(DEPARTMENTS, start=1)
        ],
        "account_codes": [_code_row(n, account) for n, account in enumerate(ACCOUNTS, start=1)],
        "accounts": [
            {"id": n * 10 + department, "account_code": n, "department": department}
            for n in range(1, len(ACCOUNTS) + 1)
            for department in range(1, len(DEPARTMENTS) + 1)
        ],
        "users": [
            {
                "id": 1,
                "email": f"integration@{SUBDOMAIN}.example",
                "firstName": "Robin",
                "lastName": "Keller",
                "is_active": True,
            }
        ],
    }


def zoho_state(base: str = "USD") -> dict[str, Any]:
    """Reference data as Zoho Books holds it, its rates against its own base currency.

    GBP is missing there on purpose.
    """
    against = {code: Decimal(rate) for code, rate in CURRENCIES}
    types = {account.zoho_name: account.zoho_type for account in ACCOUNTS}
    types |= dict(EXTRA_ZOHO_ACCOUNTS)
    rates = {tax.zoho_name: tax.rate for tax in TAXES}
    return {
        "organizations": [
            {
                "organization_id": ORGANIZATION_ID,
                "name": "Cascadia Works Inc.",
                "time_zone": "America/Los_Angeles",
                "currency_code": base,
                "plan_name": "ELITE",
                "is_default_org": True,
            },
            {
                "organization_id": "460000000000002",
                "name": "Cascadia Works (old books)",
                "time_zone": "America/Los_Angeles",
                "currency_code": "USD",
                "plan_name": "FREE",
                "is_default_org": False,
            },
        ],
        "currencies": [
            {
                "currency_id": currency_id(code),
                "currency_code": code,
                "price_precision": DECIMALS.get(code, 2),
                "exchange_rate": str(round(against[code] / against[base], 6)),
            }
            for code, _ in CURRENCIES
            if code != "GBP"
        ],
        "chartofaccounts": [
            {
                "account_id": key,
                "account_name": name,
                "account_code": "",
                "account_type": types[name],
            }
            for name, key in zoho_account_ids().items()
        ],
        "taxes": [
            {"tax_id": key, "tax_name": name, "tax_percentage": rates[name]}
            for name, key in zoho_tax_ids().items()
        ]
        + [{"tax_id": WITHHELD, "tax_name": "TDS", "tax_percentage": "1"}],
    }


def mappings() -> list[dict[str, str]]:
    """What the tenant maps before the first run."""
    rows = [_account_mapping(account) for account in ACCOUNTS if account.mapped]
    accounts = zoho_account_ids()
    rows += [
        _mapping("account", key, label, name, accounts[name])
        for key, (label, name) in CHARGES.items()
    ]
    return rows + [_tax_mapping(tax) for tax in TAXES if tax.mapped]


def later_mappings() -> list[dict[str, str]]:
    """What a person would choose for the codes and taxes left out above."""
    rows = [_account_mapping(account) for account in ACCOUNTS if not account.mapped]
    return rows + [_tax_mapping(tax) for tax in TAXES if not tax.mapped]


def _code_row(number: int, account: Account) -> dict[str, Any]:
    return {
        "id": number,
        "code": account.code,
        "description": account.description,
        "account_type": 0 if account.zoho_type == "fixed_asset" else 2,
        "active": True,
        "parent": None,
    }


def _account_mapping(account: Account) -> dict[str, str]:
    target = zoho_account_ids()[account.zoho_name]
    return _mapping("account", account.code, account.description, account.zoho_name, target)


def _tax_mapping(tax: Tax) -> dict[str, str]:
    label = f"{tax.name} {tax.rate}%"
    target = zoho_tax_ids()[tax.zoho_name]
    return _mapping("tax", f"{tax.name}|{tax.rate}", label, tax.zoho_name, target)


def _mapping(kind: str, key: str, label: str, name: str, target_id: str) -> dict[str, str]:
    return {
        "kind": kind,
        "source_key": key,
        "source_label": label,
        "target_name": name,
        "target_id": target_id,
    }
