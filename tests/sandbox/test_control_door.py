"""Pages of elsewhere cannot use the control door through the browser of whoever runs a demo."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.live import Live, live


@pytest.fixture(scope="module")
def served() -> Iterator[Live]:
    with live() as one:
        yield one


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example.com"},
        {"Host": "rebound.example.com", "Origin": "http://rebound.example.com"},
        {"Origin": "http://rebound.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/control/books/zoho_books", "/control/reset"])
def test_a_page_of_elsewhere_is_refused(served: Live, headers: dict[str, str], path: str) -> None:
    method = "POST" if path.endswith("reset") else "GET"
    before = served.control("GET", "books/zoho_books")
    answer = httpx.request(method, f"{served.url}{path}", headers=headers, content=b"{}")
    assert answer.status_code == 403
    assert "programs of this machine" in answer.json()["error"]
    assert served.control("GET", "books/zoho_books") == before


def test_programs_and_its_own_pages_are_let_in(served: Live) -> None:
    own = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    for headers in ({}, own):
        answer = httpx.get(f"{served.url}/control/health", headers=headers)
        assert answer.status_code == 200
