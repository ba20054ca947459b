"""Lists are read to their end, or it is said that they were not."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.transport.pagination import (
    MAX_EMPTY_PAGES,
    NO_OBJECT,
    PageGuard,
    PaginationError,
    flagged_pages,
    linked_pages,
)


def guard(max_pages: int = 100) -> PageGuard:
    return PageGuard("example", lambda row: row["id"], max_pages)


def rows(*ids: int) -> list[dict[str, int]]:
    return [{"id": number} for number in ids]


def flagged(*pages: Mapping[str, Any]) -> list[list[int]]:
    fetch = dict(enumerate(pages, start=1)).__getitem__
    found = flagged_pages(fetch, "bills", guard())
    return [[row["id"] for row in page.rows] for page in found]


def context(page: int, *, more: bool) -> dict[str, Any]:
    return {"page": page, "per_page": 2, "has_more_page": more}


def test_flagged_pages_end_where_the_flag_says() -> None:
    assert flagged(
        {"bills": rows(1, 2), "page_context": context(1, more=True)},
        {"bills": rows(3), "page_context": context(2, more=False)},
    ) == [[1, 2], [3]]


def test_a_list_without_context_is_one_page() -> None:
    assert flagged({"bills": rows(1)}) == [[1]]


def test_the_wrong_page_is_noticed() -> None:
    with pytest.raises(PaginationError, match="page 2 was asked for, page 1 came"):
        flagged(
            {"bills": rows(1, 2), "page_context": context(1, more=True)},
            {"bills": rows(1, 2), "page_context": context(1, more=True)},
        )


def test_a_repeated_page_is_noticed_without_a_page_number() -> None:
    with pytest.raises(PaginationError, match="repeats"):
        flagged(
            {"bills": rows(1, 2), "page_context": {"has_more_page": True}},
            {"bills": rows(2, 1), "page_context": {"has_more_page": True}},
        )


def test_rows_that_moved_on_to_the_next_page_are_no_repeat() -> None:
    assert flagged(
        {"bills": rows(1, 2), "page_context": context(1, more=True)},
        {"bills": rows(2, 3), "page_context": context(2, more=False)},
    ) == [[1, 2], [2, 3]]


def test_an_endless_list_raises_instead_of_being_cut() -> None:
    def fetch(page: int) -> Mapping[str, Any]:
        return {"bills": rows(page), "page_context": context(page, more=True)}

    with pytest.raises(PaginationError, match="more than 5 pages"):
        list(flagged_pages(fetch, "bills", guard(max_pages=5)))


@pytest.mark.parametrize("found", [{"a": 1}, "text"])
def test_a_page_without_rows_raises(found: object) -> None:
    with pytest.raises(PaginationError):
        flagged({"bills": found})


@pytest.mark.parametrize("odd", [1, "text", None, [2], True])
def test_a_row_that_is_no_object_costs_no_other_its_place(odd: object) -> None:
    answer = {"bills": [{"id": 1}, odd, {"id": 2}], "page_context": context(1, more=False)}
    guard = PageGuard("example", lambda row: str(row.get("id", "")))
    (page,) = flagged_pages(lambda _: answer, "bills", guard)
    assert list(page.rows) == [{"id": 1}, {NO_OBJECT: odd}, {"id": 2}]


# --- linked ---------------------------------------------------------------------------------------


def linked(answers: Mapping[str, Mapping[str, Any] | None]) -> list[tuple[list[int], int | None]]:
    asked: list[dict[str, str]] = []

    def fetch(params: dict[str, str]) -> tuple[dict[str, str], Mapping[str, Any] | None]:
        asked.append(params)
        assert params["filter"] == "x"
        return params, answers[params.get("page", "1")]

    found = linked_pages(fetch, {"filter": "x", "page": "1"}, guard())
    return [([row["id"] for row in page.rows], page.count) for page in found]


def page(ids: list[int], number: int, of: int, count: int, **more: Any) -> dict[str, Any]:
    following = f"http://wrong.example/list/?filter=x&page={number + 1}" if number < of else None
    about = {"count": count, "next": following, "num_pages": of, "current_page": number}
    return {"data": rows(*ids), "metadata": {"pagination": {**about, **more}}}


def test_linked_pages_use_only_the_query_of_the_link() -> None:
    assert linked({"1": page([1, 2], 1, 2, 3), "2": page([3], 2, 2, 3)}) == [
        ([1, 2], 3),
        ([3], 3),
    ]


def test_pagination_may_stand_at_the_top() -> None:
    body = page([1], 1, 1, 1)
    assert linked({"1": {"data": body["data"], **body["metadata"]}}) == [([1], 1)]


def test_a_page_that_is_gone_ends_the_list_if_the_count_agrees() -> None:
    assert linked({"1": page([1, 2], 1, 2, 2), "2": None}) == [([1, 2], 2)]
    with pytest.raises(PaginationError, match="after 2 of 3 rows"):
        linked({"1": page([1, 2], 1, 2, 3), "2": None})


def test_a_list_shorter_than_its_count_raises() -> None:
    with pytest.raises(PaginationError, match="after 1 of 5 rows"):
        linked({"1": page([1], 1, 1, 5)})


def test_a_list_that_links_to_itself_raises() -> None:
    stuck = page([1], 1, 3, 9, next="http://x.example/?page=1")
    with pytest.raises(PaginationError, match="links to page 1"):
        linked({"1": stuck})


def test_a_page_that_is_another_than_asked_raises() -> None:
    with pytest.raises(PaginationError, match="page 2 was asked for, page 1 came"):
        linked({"1": page([1], 1, 3, 9), "2": page([1], 1, 3, 9)})


def test_a_list_that_goes_on_without_rows_is_not_read_for_ever() -> None:
    empty = {"bills": [], "page_context": {"has_more_page": True}}
    last = {"bills": rows(1), "page_context": {"has_more_page": False}}
    assert flagged(*[empty] * MAX_EMPTY_PAGES, last)[-1] == [1], "its pages may be filtered late"
    with pytest.raises(PaginationError, match="hold nothing"):
        flagged(*[empty] * (MAX_EMPTY_PAGES + 1), last)


@pytest.mark.parametrize("odd", [7, "x", [], ["x"], None, {"has_more_page": "false"}])
def test_an_odd_context_ends_the_list(odd: object) -> None:
    assert flagged({"bills": rows(1), "page_context": odd}, {"bills": rows(2)}) == [[1]]
