"""Lists that page by their headers are read to their end, or it is said that they were not."""

import httpx
import pytest

from connectors.transport.pagination import PageGuard, PaginationError, header_pages
from connectors.transport.wire import Reply

SIZE = 2


def page(*ids: int, total: int | None = None, to: str | None = None, **headers: str) -> Reply:
    """A bare list; ``to`` is where its next link leads."""
    if total is not None:
        headers["total"] = str(total)
        headers["link"] = '<https://x.example/list?page=9>; rel="last"'
    if to is not None:
        headers["link"] = f'<https://x.example/list?a=1&page={to}>; rel="next", {headers["link"]}'
    rows = [{"id": number} for number in ids]
    return Reply(status=200, headers=headers, body=rows, readable=True, seconds=0.0)


def read(*replies: Reply, most: int = 50) -> list[list[int]]:
    asked: list[int] = []

    def fetch(number: int) -> Reply:
        asked.append(number)
        return replies[min(number, len(replies)) - 1]

    guard = PageGuard("example", lambda row: row["id"], most)
    found = [[row["id"] for row in one.rows] for one in header_pages(fetch, SIZE, guard)]
    assert asked == list(range(1, len(asked) + 1))
    return found


def test_the_next_link_leads_on_until_there_is_none() -> None:
    assert read(page(1, 2, total=3, to="2"), page(3, total=3)) == [[1, 2], [3]]
    assert read(page(total=0)) == [[]]


def test_the_total_travels_with_each_page() -> None:
    guard = PageGuard("example", lambda row: row["id"])
    pages = list(header_pages(lambda number: page(1, total=1), SIZE, guard))
    assert [(one.number, one.count) for one in pages] == [(1, 1)]


@pytest.mark.parametrize("link", ["<u?page=2>;rel=next", '<u?page=2&b=1>; title="x"; rel="NEXT"'])
def test_links_are_read_in_several_spellings(link: str) -> None:
    first = page(1, 2, link=link)
    assert read(first, page(3, total=3)) == [[1, 2], [3]]


def test_a_list_that_ends_before_its_total_raises() -> None:
    with pytest.raises(PaginationError, match="after 2 of 5 rows"):
        read(page(1, 2, total=5))


def test_a_total_that_shrinks_while_it_is_read_hides_a_row_and_raises() -> None:
    with pytest.raises(PaginationError, match="after 3 of 4 rows"):
        read(page(1, 2, total=4, to="2"), page(4, total=3))


def test_a_list_that_grows_is_read_to_its_new_end() -> None:
    assert read(page(1, 2, total=3, to="2"), page(3, 4, total=4)) == [[1, 2], [3, 4]]


def test_a_page_that_repeats_the_one_before_raises() -> None:
    with pytest.raises(PaginationError, match="repeats"):
        read(page(1, 2, total=4, to="2"), page(1, 2, total=4, to="3"))


@pytest.mark.parametrize("to", ["1", "3", "x", ""])
def test_a_link_to_any_other_page_than_the_next_raises(to: str) -> None:
    with pytest.raises(PaginationError, match="after page 1 it links to page"):
        read(page(1, 2, total=4, to=to), page(3, 4, total=4))


def test_a_list_without_end_raises_instead_of_being_cut() -> None:
    replies = [page(n, total=99, to=str(n + 1)) for n in range(1, 9)]
    with pytest.raises(PaginationError, match="more than 5 pages"):
        read(*replies, most=5)


def test_a_list_without_headers_is_whole_if_its_page_is_not_full() -> None:
    assert read(page(1)) == [[1]]
    # One that ignores the size asked for gives everything twice, which is seen.
    assert read(page(1, 2, 3)) == [[1, 2, 3]]


def test_a_full_page_without_headers_is_followed_by_another_look() -> None:
    assert read(page(1, 2), page()) == [[1, 2], []]
    assert read(page(1, 2), page(3)) == [[1, 2], [3]]
    assert read(page(1, 2)) == [[1, 2]]
    # Only of the second page: later ones show that the list does page.
    with pytest.raises(PaginationError, match="repeats"):
        read(page(1, 2), page(3, 4), page(3, 4))


@pytest.mark.parametrize("body", [None, {"id": 1}, "text"])
def test_what_is_no_list_of_rows_raises(body: object) -> None:
    reply = Reply(status=200, headers={}, body=body, readable=True, seconds=0.0)
    found = header_pages(lambda number: reply, SIZE, PageGuard("example", lambda row: 1))
    if body is None:
        assert [list(one.rows) for one in found] == [[]]
        return
    with pytest.raises(PaginationError, match="no rows"):
        list(found)


def test_headers_of_a_real_answer_are_found_whatever_their_case() -> None:
    answer = httpx.Response(200, headers={"Link": '<u?page=2>; rel="next"', "Total": "2"})
    headers = {name.lower(): value for name, value in answer.headers.items()}
    rows = [{"id": 1}]
    first = Reply(status=200, headers=headers, body=rows, readable=True, seconds=0.0)
    assert read(first, page(2, total=2)) == [[1], [2]]
