"""A regional construction company: fifteen projects, three months of purchase orders for them.

A seed and sizes enter; the company leaves, with its starting states in Zoho Books and Procore, what
a tenant sets up, an act that edits two hundred orders and some vendors, and the commitments and
vendors expected before and after it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.companies import (
    construction_acts,
    construction_cases,
    construction_kept,
    construction_planted,
    construction_shapes,
)
from connectors.sandbox.companies.company import Company
from connectors.sandbox.companies.construction_cases_at_rest import EDITED as EDITED_ACT
from connectors.sandbox.companies.construction_cases_at_rest import REST, REST_NAME
from connectors.sandbox.companies.construction_codes import ACCOUNTS, OTHER_ACCOUNTS
from connectors.sandbox.companies.construction_mappings import mappings, resolutions
from connectors.sandbox.companies.construction_projects import (
    FEWEST_PLAIN_PROJECTS,
    FEWEST_PROJECTS,
    NAMES,
    ORGANIZATION_ID,
    PROCORE_COMPANY_ID,
    customers,
    procore_project_id,
    procore_state,
    wbs_id,
    zoho_id,
    zoho_projects,
)
from connectors.sandbox.companies.construction_scribe import (
    ACCOUNT_IDS,
    POSTED_STATUSES,
    TAX_IDS,
    Scribe,
)
from connectors.sandbox.companies.construction_shapes import TAX_RATES
from connectors.sandbox.companies.construction_vendors import WITHHELD_TAX, build_cast

NAME = "construction"
START = date(2026, 8, 1)
DAYS_PER_MONTH = 31
ORDERS, EDITED = 300, 200
ZOHO_CLIENT = ("1000.RIDGELINESANDBOXCLIENT", "zoho-builder-secret")
PROCORE_CLIENT = ("ridgeline-connector", "procore-sandbox-secret")
REDIRECT_URI = "http://127.0.0.1:8000/connect/zoho-books/callback/"
CURRENCIES = {code: zoho_id(3, n) for n, code in enumerate(("USD", "CAD", "EUR"), start=1)}
RATES = {"USD": "1", "CAD": "0.735294", "EUR": "1.081081"}
# The ordinary mix: one order in four is for several projects.
SPLIT_EVERY = 4
# Where the vendor is in the directory.
HAND_TYPED_ON = (1, 5, 8)


def build(
    seed: int = 1,
    orders: int | None = None,
    projects: int = 15,
    vendors: int = 40,
    months: int = 3,
    edited: int | None = None,
    plain: bool = False,
    moves: bool = False,
    start: str = START.isoformat(),
) -> Company:
    """The company, of whose `orders` the act edits `edited`, some of them several times.

    `plain` leaves out all that waits or is held and, by default, the edits; `moves` brings some
    of those back that end in order: between projects, and to the end.
    """
    edits = (0 if plain else EDITED) if edited is None else edited
    fewest = FEWEST_PLAIN_PROJECTS if plain and not edits else FEWEST_PROJECTS
    if not fewest <= projects <= len(NAMES):
        raise ValueError(f"Choose between {fewest} and {len(NAMES)} projects, not {projects}.")
    scribe = Scribe(
        random.Random(seed),
        build_cast(vendors, CURRENCIES),
        projects,
        date.fromisoformat(start),
        months * DAYS_PER_MONTH,
    )
    if not plain:
        construction_planted.plant(scribe)
        construction_cases.plant(scribe)
    if edits:
        construction_acts.prepare(scribe, edits, plain=plain, moves=moves)
        if not plain:
            scribe.script.acts[0] += construction_kept.steps(scribe.cast)
            _add_cases(scribe)
    _fill(scribe, ORDERS if orders is None else orders)
    acts = scribe.script.acts
    return Company(
        name=NAME,
        zoho_books=_zoho(scribe),
        procore=_procore(scribe),
        connect=_connect(scribe),
        expected=[_expected(scribe, act, plain=plain) for act in range(len(acts) + 1)],
        acts=acts,
    )


def _add_cases(scribe: Scribe) -> None:
    """What people do besides in the act of edits, and in one of their own."""
    edited, (first, *others) = (scribe.script.edits[act] for act in (EDITED_ACT, REST))
    scribe.script.acts[EDITED_ACT - 1] += edited
    scribe.script.acts.append([{"name": REST_NAME} | first, *others])


def _expected(scribe: Scribe, act: int, *, plain: bool) -> dict[str, Any]:
    """The books after an act; a plain company's vendors are not edited."""
    books = scribe.script.expected(act) | {
        "hand_typed": {"commitments": [*_field_orders(scribe), *_to_be_linked(scribe, act)]}
    }
    after = 0 if plain else act
    for part, mapped in ((books, False), (books["after_mapping"], True)):
        part["vendors"] = construction_kept.expected(scribe.cast, after, mapped=mapped)
        part["projects"] = construction_kept.projects(scribe.projects)
    return books


def _fill(scribe: Scribe, orders: int) -> None:
    """Ordinary orders up to the number that was asked for."""
    if len(scribe.orders) > orders:
        raise ValueError(
            f"This company needs at least orders={len(scribe.orders)}, fewer edited, or plain=true."
        )
    while len(scribe.orders) < orders:
        turn = scribe.next("ordinary")
        if turn % SPLIT_EVERY:
            shaper = construction_shapes.ONE_PROJECT[turn % len(construction_shapes.ONE_PROJECT)]
            shape = shaper(scribe.rng, scribe.project())
        else:
            several = construction_shapes.SEVERAL_PROJECTS
            splitter = several[turn // SPLIT_EVERY % len(several)]
            shape = splitter(scribe.rng, scribe.several_projects())
        status = POSTED_STATUSES[turn % len(POSTED_STATUSES)]
        scribe.posted(scribe.order(shape, status=status))


def _zoho(scribe: Scribe) -> dict[str, Any]:
    client_id, secret = ZOHO_CLIENT
    return {
        "region": "us",
        "clients": [{"client_id": client_id, "client_secret": secret, "redirect_uris": ["*"]}],
        "organizations": [
            {
                "organization_id": ORGANIZATION_ID,
                "name": "Ridgeline Builders Inc.",
                "time_zone": "America/Denver",
                "currency_code": "USD",
                "plan_name": "ELITE",
                "is_default_org": True,
                "rate_precision": 4,
            }
        ],
        "currencies": [
            {
                "currency_id": key,
                "currency_code": code,
                "price_precision": 2,
                "exchange_rate": RATES[code],
            }
            for code, key in CURRENCIES.items()
        ],
        "chartofaccounts": _accounts(),
        "taxes": [
            {"tax_id": key, "tax_name": name, "tax_percentage": TAX_RATES[name]}
            for name, key in TAX_IDS.items()
        ]
        + [{"tax_id": WITHHELD_TAX, "tax_name": "TDS", "tax_percentage": "1"}],
        "contacts": scribe.cast.contacts + customers(),
        "projects": zoho_projects(scribe.projects),
        "purchaseorders": scribe.orders,
    }


def _accounts() -> list[dict[str, Any]]:
    rows = [
        {
            "account_id": ACCOUNT_IDS[account.code],
            "account_name": account.name,
            "account_code": account.code,
            "account_type": "cost_of_goods_sold",
        }
        for account in ACCOUNTS
    ]
    return rows + [
        {
            "account_id": zoho_id(1, 90 + n),
            "account_name": name,
            "account_code": "",
            "account_type": kind,
        }
        for n, (name, kind) in enumerate(OTHER_ACCOUNTS)
    ]


def _procore(scribe: Scribe) -> dict[str, Any]:
    client_id, secret = PROCORE_CLIENT
    directories = scribe.cast.directories(scribe.projects)
    return procore_state(scribe.projects, directories) | {
        "client_id": client_id,
        "client_secret": secret,
        "vendors": scribe.cast.procore,
        "purchase_order_contracts": [*_hand_typed(scribe), *scribe.typed],
    }


def _field_orders(scribe: Scribe) -> Iterator[dict[str, Any]]:
    """Where they stand and how they are called, for those who compare the books."""
    for project in HAND_TYPED_ON:
        if project <= scribe.projects:
            yield {"project": procore_project_id(project), "number": f"FIELD-{project:02d}"}


def _to_be_linked(scribe: Scribe, act: int) -> Iterator[dict[str, Any]]:
    """Those that a person says later are an order's."""
    for row in scribe.typed:
        if scribe.linked[row["number"]] > act:
            yield {"project": row["project_id"], "number": row["number"]}


def _hand_typed(scribe: Scribe) -> Iterator[dict[str, Any]]:
    """What superintendents typed into Procore themselves, which is none of our business."""
    vendor = scribe.cast.settled[0].procore_id
    there = [project for project in HAND_TYPED_ON if project <= scribe.projects]
    for n, project in enumerate(there, start=1):
        line = {
            "id": 370_000 + n,
            "wbs_code_id": wbs_id(project, "01-560.M"),
            "description": "Field purchase",
            "amount": "480.00",
            "quantity": "1",
            "unit_cost": "480.00",
        }
        yield {
            "id": 360_000 + n,
            "project_id": procore_project_id(project),
            "number": f"FIELD-{project:02d}",
            "title": "Field purchase",
            "vendor_id": vendor,
            "status": "Approved",
            "contract_date": scribe.start.isoformat(),
            "line_items": [line],
        }


def _connect(scribe: Scribe) -> dict[str, Any]:
    """What the tenant types in when connecting, maps beforehand, and would resolve later."""
    zoho_client, zoho_secret = ZOHO_CLIENT
    procore_client, procore_secret = PROCORE_CLIENT
    active = range(1, scribe.projects + 1)
    return {
        "zoho_books": {
            "region": "us",
            "client_id": zoho_client,
            "client_secret": zoho_secret,
            "organization_id": ORGANIZATION_ID,
            "redirect_uri": REDIRECT_URI,
        },
        "procore": {
            "client_id": procore_client,
            "client_secret": procore_secret,
            "environment": "production",
            "company_id": str(PROCORE_COMPANY_ID),
            "project_ids": ", ".join(str(procore_project_id(project)) for project in active),
            # Where the connection's test may try what the integration's option needs.
            "try_project": str(procore_project_id(1)),
        },
        "history_start": (scribe.start - timedelta(days=31)).isoformat(),
        "integration_options": {"reopen_approved": True},
        "mappings": mappings(scribe.projects, scribe.cast),
        "deeds": scribe.script.deeds,
        "resolutions": resolutions(scribe.projects, scribe.cast),
    }
