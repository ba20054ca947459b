"""Refuses addresses that nobody can mean, before a view or PostgreSQL meets them.

PostgreSQL takes no NUL in a text, and no id has more than 19 digits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

_LARGEST_ID = 2**63 - 1
_LAST_YEAR = 9999
_NUL = "\x00"


class OddRequestsMiddleware:
    """404 for an id that no row can have, 400 for a query with NUL or an impossible year."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(_NUL in text for pair in request.GET.lists() for text in (pair[0], *pair[1])):
            return _refused("The address holds a NUL.")
        if any(_is_odd_year(name, text) for name, text in request.GET.items()):
            return _refused("A year has up to four digits.")
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
    ) -> None:
        """Raises Http404 where a place of the address holds what no row is called."""
        if not all(map(_may_be_meant, (*arguments, *named.values()))):
            raise Http404


def _refused(words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=400, content_type="text/plain")


def _is_odd_year(name: str, text: object) -> bool:
    """Whether a list is filtered by a year that Python's dates do not know."""
    if not name.endswith("year"):
        return False
    digits = str(text)
    return not (digits.isascii() and digits.isdigit() and 0 < int(digits[:5]) <= _LAST_YEAR)


def _may_be_meant(value: object) -> bool:
    if isinstance(value, int):
        return 0 < value <= _LARGEST_ID
    return not isinstance(value, str) or _NUL not in value
