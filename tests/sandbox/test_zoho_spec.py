"""Every address the simulator serves exists, with that method and scope, in Zoho's OpenAPI files.

The folder with the files is named by ZOHO_BOOKS_SPECS; without it there is nothing to compare with.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sandbox.zoho_books.api import Route
from connectors.sandbox.zoho_books.simulator import ROUTES

FOLDER = os.environ.get("ZOHO_BOOKS_SPECS", "")
pytestmark = pytest.mark.zoho_specs


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for file in sorted(Path(FOLDER).glob("*.yml")):
        for path, item in yaml.load(file.read_text(), Loader=yaml.CSafeLoader)["paths"].items():
            for method in {"get", "post", "put", "delete"} & set(item):
                found[method.upper(), path] = item[method]
    return found


def test_the_folder_holds_the_files() -> None:
    assert ("POST", "/bills") in operations()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_served_route_is_in_the_specification(route: Route) -> None:
    operation = operations().get((route.method, route.path))
    assert operation is not None
    scopes = {scope for one in operation.get("security", []) for scope in one["Zoho_Auth"]}
    assert not scopes or f"ZohoBooks.{route.scope}".lower() in {one.lower() for one in scopes}
