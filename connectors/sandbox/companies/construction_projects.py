"""The builder's projects in both systems: cost codes, WBS codes, budgets and directories.

The tables of codes and a number of projects enter; Zoho projects and the Procore company with its
projects leave, and the ids by which each side knows them.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.companies.construction_codes import (
    ABSENT,
    CODES,
    COST_TYPES,
    DIVISIONS,
    FLAT_CODES,
    INACTIVE,
    UNBUDGETED,
    Code,
)

ORGANIZATION_ID = "770000000000001"
PROCORE_COMPANY_ID = 562_001
# What is planted or edited needs ten; a split order needs three, and the fourth lacks a code.
FEWEST_PROJECTS, FEWEST_PLAIN_PROJECTS = 10, 4
# Zoho's name, Procore's name, and the owner who pays for it.
NAMES = (
    ("Alder Elementary Addition", "Alder Elementary School Addition", "Mesa School District"),
    ("Bannock Street Lofts", "Bannock Street Lofts", "Front Range Living"),
    ("Cedar Creek Clinic", "Cedar Creek Clinic", "Foothills Health"),
    ("Depot Square Retail", "Depot Square Retail - Shell", "Depot Square Partners"),
    ("Eagle Ridge Fire Station 4", "Eagle Ridge Fire Station No. 4", "City of Eagle Ridge"),
    ("Fairview Parking Structure", "Fairview Parking Structure", "City of Fairview"),
    ("Gateway Distribution Center", "Gateway Distribution Center", "Gateway Logistics"),
    ("Harmony Senior Living", "Harmony Senior Living", "Harmony Homes"),
    ("Iron Works Brewery", "Iron Works Brewery Build-Out", "Iron Works Brewing"),
    ("Juniper Office Park B", "Juniper Office Park, Bldg B", "Juniper Land Company"),
    ("Kestrel Middle School Gym", "Kestrel Middle School Gymnasium", "Mesa School District"),
    ("Linden Court Townhomes", "Linden Court Townhomes", "Front Range Living"),
    ("Mill Creek Bridge", "Mill Creek Bridge Replacement", "County of Larkspur"),
    ("North Fork Water Plant", "North Fork Water Treatment", "North Fork Water"),
    ("Orchard Market", "Orchard Market Hall", "Orchard Market Co-op"),
)
# Projects of Zoho Books beyond those: a second number of the tenth project, and a yard of our own.
SECOND_NUMBER, SECOND_NUMBER_OF, YARD = 101, 10, 102
MORE_IN_ZOHO = {SECOND_NUMBER: "JOP-B site utilities", YARD: "Company yard and shop"}
# Projects of Procore that the service account may not see, and one that is over.
OUT_OF_REACH = ("Quarry Lane Residence", "Riverside Hangar")
FINISHED = "Saddleback Library"
SEGMENTS = {"cost_code": 447_332, "line_item_type": 447_333}


def zoho_id(kind: int, number: int) -> str:
    """Ids of the length that Zoho uses; the kind keeps them apart."""
    return f"7700000{kind:02d}{number:06d}"


def zoho_project_id(project: int) -> str:
    return zoho_id(5, project)


def procore_project_id(project: int) -> int:
    return 310_000 + project


def wbs_id(project: int, flat: str) -> int:
    return 350_000 + project * 100 + FLAT_CODES.index(flat)


def zoho_projects(count: int) -> list[dict[str, Any]]:
    """Projects of Zoho Books; each has a customer."""
    names = {n: name for n, (name, _, _) in enumerate(NAMES[:count], start=1)} | MORE_IN_ZOHO
    return [
        {
            "project_id": zoho_project_id(project),
            "project_name": name,
            "customer_id": customer_id(project),
            "status": "active",
        }
        for project, name in names.items()
    ]


def customers() -> list[dict[str, Any]]:
    """The owners, and the builder itself for its yard."""
    owners = dict.fromkeys(owner for _, _, owner in NAMES)
    return [
        {
            "contact_id": zoho_id(6, number),
            "contact_name": owner,
            "contact_type": "customer",
            "status": "active",
        }
        for number, owner in enumerate([*owners, "Ridgeline Builders"], start=1)
    ]


def customer_id(project: int) -> str:
    """Whom a Zoho project is for."""
    of = SECOND_NUMBER_OF if project == SECOND_NUMBER else project
    owner = "Ridgeline Builders" if project == YARD else NAMES[of - 1][2]
    return str(next(row["contact_id"] for row in customers() if row["contact_name"] == owner))


def procore_state(count: int, directories: dict[int, list[int]]) -> dict[str, Any]:
    """The Procore company; `directories` lists the vendor ids of each project."""
    active = range(1, count + 1)
    projects = [_project(n, NAMES[n - 1][1], directories[n]) for n in active]
    others = [(91, OUT_OF_REACH[0], True), (92, OUT_OF_REACH[1], True), (93, FINISHED, False)]
    projects += [_project(n, name, [], active=alive) for n, name, alive in others]
    return {
        "company": {"id": PROCORE_COMPANY_ID, "name": "Ridgeline Builders Inc."},
        "segments": SEGMENTS,
        "permitted_projects": [procore_project_id(n) for n in (*active, 93)],
        "line_item_types": [
            {"id": 330_000 + n, "code": code, "name": name, "base_type": base}
            for n, (code, name, base) in enumerate(COST_TYPES, start=1)
        ],
        "projects": projects,
    }


def _project(number: int, name: str, directory: list[int], active: bool = True) -> dict[str, Any]:
    codes = [code for code in CODES if code.flat not in ABSENT.get(number, ())]
    return {
        "id": procore_project_id(number),
        "name": name,
        "project_number": f"26-{number:03d}",
        "active": active,
        "vendors": directory,
        "cost_codes": _cost_codes(number, codes),
        "wbs_codes": [_wbs_code(number, code) for code in codes],
    }


def _cost_codes(project: int, codes: list[Code]) -> list[dict[str, Any]]:
    """Divisions first, then the codes below them."""
    first = 340_000 + project * 100
    divisions = {key: first + n for n, key in enumerate(DIVISIONS)}
    rows: list[dict[str, Any]] = [
        {"id": divisions[key], "code": key, "name": name} for key, name in DIVISIONS.items()
    ]
    return rows + [
        {
            "id": _cost_code_id(project, code),
            "code": code.number,
            "name": code.name,
            "parent_id": divisions[code.division],
        }
        for code in codes
    ]


def _cost_code_id(project: int, code: Code) -> int:
    return 340_000 + project * 100 + len(DIVISIONS) + CODES.index(code)


def _wbs_code(project: int, code: Code) -> dict[str, Any]:
    types = [one for one, _, _ in COST_TYPES]
    row: dict[str, Any] = {
        "id": wbs_id(project, code.flat),
        "cost_code_id": _cost_code_id(project, code),
        "line_item_type_id": 330_001 + types.index(code.cost_type),
        "status": "inactive" if code.flat in INACTIVE.get(project, ()) else "active",
    }
    if code.flat not in UNBUDGETED.get(project, ()):
        row["budget"] = f"{(project + CODES.index(code)) % 9 + 2}50000.00"
    return row
