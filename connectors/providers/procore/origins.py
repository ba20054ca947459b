"""Looks records up by origin ids: one by one, or several in the form that an account understands.

A look-up for one origin id is documented, none for several. Which form this account takes shows
when a record that is surely there is asked for beside another: where it comes back, the form is
understood. That is learnt once, by the connection's test or in mid work, and kept in its profile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.core.answers import Answer, Learn, told
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.records import Page, Raw

COMMITMENTS, VENDORS = "commitment", "vendor"
BRACKETED, REPEATED, SINGLE = "bracketed", "repeated", "one at a time"
FORMS = (BRACKETED, REPEATED)
_CALLED = {COMMITMENTS: "commitments", VENDORS: "vendors"}
# Origin ids per look-up: an address must stay shorter than servers allow (8 KB).
AT_ONCE = 40
# No record has it.
_NOBODY = "mlc:nobody"
_SIGNS = frozenset(',[]"')
_NOT_TAKEN = frozenset({ErrorKind.REJECTED, ErrorKind.NOT_FOUND})

# Reads a list with these filters.
Read = Callable[[Mapping[str, Any]], Iterator[Page[Raw]]]


class Origins:
    """What one account has shown so far, by its profile and since; ``learn`` is told what is new.

    ``place`` is where the records are, a project's id or empty: a list shows those of one place.
    """

    def __init__(self, profile: Mapping[str, Any], learn: Learn) -> None:
        self._learn = learn
        self._forms = {kind: str(told(profile, form_name(kind)) or "") for kind in _CALLED}
        self._there: dict[tuple[str, str], str] = {}

    def form(self, kind: str) -> str:
        """The form for several at once; empty while it is not known."""
        return self._forms[kind]

    def note(self, kind: str, place: str, row: Raw) -> None:
        """Remember a record that is surely there, to ask for it beside others."""
        origin = row.get("origin_id")
        if is_plain(origin) and not row.get("deleted_at"):
            self._there[kind, place] = str(origin)

    def find(self, kind: str, place: str, wanted: Sequence[str], read: Read) -> Iterator[Page[Raw]]:
        """Pages of records that have one of these origin ids, whatever the filter let through."""
        for some in self._parts(kind, place, list(dict.fromkeys(wanted)), read):
            for page in read(_filter(self.form(kind), some)):
                rows = [row for row in page.rows if row.get("origin_id") in some]
                for row in rows:
                    self.note(kind, place, row)
                yield Page(rows=rows, number=page.number)

    def ask(self, kind: str, origin: str, read: Read) -> str:
        """Learn the form by a record that is there; ``SINGLE`` where the account takes none."""
        found = next((form for form in FORMS if _understood(form, origin, read)), SINGLE)
        if found != self._forms[kind]:
            self._forms[kind] = found
            self._learn(Answer(name=form_name(kind), value=found, words=words(kind, found)))
        return found

    def _parts(self, kind: str, place: str, wanted: list[str], read: Read) -> Iterator[list[str]]:
        there = self._there.get((kind, place))
        if len(wanted) > 1 and not self.form(kind) and there:
            self.ask(kind, there, read)
        size = AT_ONCE if self.form(kind) in FORMS else 1
        for start in range(0, len(wanted), size):
            yield wanted[start : start + size]


def is_plain(origin: Any) -> bool:
    """Whether it can stand in a list: other programs' origin ids may hold any sign."""
    return isinstance(origin, str) and bool(origin) and not _SIGNS & set(origin)


def form_name(kind: str) -> str:
    """What the answer is called in a profile."""
    return f"{kind}_origin_lists"


def words(kind: str, form: str) -> str:
    """What people read of it."""
    if form == SINGLE:
        return f"Procore looks {_CALLED[kind]} up by one origin id at a time."
    return f"Procore looks {_CALLED[kind]} up by several origin ids at once ({form} list)."


def _filter(form: str, origins: Sequence[str]) -> dict[str, Any]:
    if len(origins) == 1:
        return {"filters[origin_id]": origins[0]}
    if form == REPEATED:
        return {"filters[origin_id][]": list(origins)}
    return {"filters[origin_id]": f"[{','.join(origins)}]"}


def _understood(form: str, origin: str, read: Read) -> bool:
    """Whether it is found at either place of a list of two: one of them may be all that counts."""
    return all(
        _shows(origin, read, _filter(form, pair)) for pair in ((_NOBODY, origin), (origin, _NOBODY))
    )


def _shows(origin: str, read: Read, filters: Mapping[str, Any]) -> bool:
    try:
        return any(row.get("origin_id") == origin for page in read(filters) for row in page.rows)
    except ProviderError as error:
        if error.kind not in _NOT_TAKEN:
            raise
        return False
