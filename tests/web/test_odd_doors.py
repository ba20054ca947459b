"""Every address, list and form with input that nobody can mean: no answer is 500."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

import pytest
from django.test import Client

from tests.contract.test_urls import ROUTES
from tests.sampling import sample
from tests.web.world import World

pytestmark = pytest.mark.django_db(transaction=True)

IDS = ("9" * 20, "9" * 400, "-1", "0", "424242", "%00", "%ff", "1%0a", "_00")
UUID = "00000000-0000-4000-8000-000000000000"
ODD = (
    *("\x00", "9" * 20, "9" * 400, "-1", "1e-50000000", "NaN", "Infinity"),
    *("a\r\nBcc: x@y.example", "\ud800", "x" * 3000),
)
FILTERS = (
    *("q", "p", "o", "state", "kind", "status", "flow", "reason", "provider", "health", "tenant"),
    *("tenant__id__exact", "id__exact", "pk__in", "id__gt", "created_at__gte", "at__year", "all"),
    *("_facets", "e", "next", "outcome", "cause", "date_hierarchy"),
)


# Says 503 while nobody works.
AT_REST = "healthz/work"


def address(route: str, given: str) -> str:
    """The route with this in each of its places; the places' own kinds do not matter."""
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: UUID if place[1] == "token" else given, plain)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


@pytest.fixture
def calm(staff: Client, world: World) -> Client:
    staff.raise_request_exception = False
    return staff


def test_odd_ids_at_every_address(calm: Client) -> None:
    wrong = []
    for number, route in enumerate(ROUTES):
        # Every third id at each address; all of them at neighbours.
        for given in IDS[number % 3 :: 3] if "<" in route or "(?P" in route else ("",):
            path = address(route, given)
            for method in ("get", "post"):
                if "logout" in route or route == AT_REST:
                    continue
                status = getattr(calm, method)(path).status_code
                if status >= 500:
                    wrong.append((method, path[:100], status))
    assert not wrong, wrong


def queries() -> Iterator[tuple[str, str, str]]:
    """List, filter, odd value: a sixth of the filters at each list; search and pages get three."""
    skipped = ("<", "(?P", "logout", AT_REST)
    lists = [route for route in ROUTES if not any(part in route for part in skipped)]
    for number, route in enumerate(lists):
        for place, name in enumerate(FILTERS):
            if (place + number) % 6 and name != "q":
                continue
            for more in range(3 if name in ("q", "p", "at__year") else 1):
                yield route, name, ODD[(place + number + 3 * more) % len(ODD)]


@pytest.mark.parametrize("third", sample((0,), (1,), (2,), every=3))
def test_odd_queries_at_every_list(calm: Client, third: int) -> None:
    wrong = []
    for route, name, odd in islice(queries(), third, None, 3):
        value = quote(odd.encode("utf-8", "surrogatepass"))
        status = calm.get(f"/{route}?{name}={value}").status_code
        if status >= 500:
            wrong.append((route, name, odd[:20], status))
    assert not wrong, wrong


def test_odd_fields_in_every_form(calm: Client, world: World) -> None:
    wrong = []
    for route in ROUTES:
        if not route.endswith(("add/", "change/")) and "login" not in route:
            continue
        path = address(route, "1")
        page = calm.get(path)
        if page.status_code != 200:
            continue
        names = set(re.findall(r'name="([\w-]+)"', page.content.decode())) - {"csrfmiddlewaretoken"}
        for odd in ODD:
            sent = odd.replace("\ud800", "\ufffd")  # Django's client cannot send half a pair
            status = calm.post(path, dict.fromkeys(names, sent)).status_code
            if status >= 500:
                wrong.append((path, odd[:20], status))
    assert not wrong, wrong
