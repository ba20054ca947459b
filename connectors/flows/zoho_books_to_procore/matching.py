"""Which Zoho vendor, project or account is which Procore one: linked or only suggested.

Both sides' reference rows enter; links that need no person leave, and suggestions with named
evidence for everything else. A cost code is linked by itself only where its code is the very same.
"""

from collections.abc import Callable, Iterable, Iterator

from rapidfuzz import fuzz

from connectors.core.alignment import plain_name
from connectors.core.names import BUT_FORM, OTHER_FORM, doubtful, other_form, same_but_form
from connectors.core.references import AutomaticLink, ReferenceRow, Suggestion
from connectors.flows.zoho_books_to_procore.words import (
    COST_CODE,
    PROJECT,
    VENDOR,
    made_for,
    parts_of,
    vendor_of,
)

_WORTH_SHOWING = 65
_SHOWN = 8
# Evidence beyond a likeness of names, and how much it counts.
_SAME_CODE, _SAME_DOMAIN, _SAME_CITY = 80, 25, 8

KeyOf = Callable[[ReferenceRow], str]
Grouped = dict[str, list[ReferenceRow]]


def autolink(
    source: Iterable[ReferenceRow],
    target: Iterable[ReferenceRow],
    linked: frozenset[tuple[str, str]],
) -> list[AutomaticLink]:
    """Links that are beyond doubt, for what is not linked yet."""
    sources, targets = list(source), list(target)
    known, taken = {key for key, _ in linked}, {key for _, key in linked}
    found: list[AutomaticLink] = []
    for kind, ours_by, theirs_by, evidence, proven in _RULES:
        ours = _grouped((row for row in sources if row.kind == kind), ours_by)
        theirs = _grouped(
            (row for row in targets if row.kind == kind and _is_general(row)), theirs_by
        )
        if kind == VENDOR and theirs_by is plain_name:
            unclear = doubtful(ours.keys() | theirs.keys())
            ours = {name: rows for name, rows in ours.items() if name not in unclear}
        for link in _unique_links(ours, theirs, evidence, proven=proven):
            free = kind == COST_CODE or link.target_key not in taken
            if link.source_key not in known and free:
                known.add(link.source_key)
                taken.add(link.target_key)
                found.append(link)
    return found


def suggest(kind: str, row: ReferenceRow, targets: Iterable[ReferenceRow]) -> list[Suggestion]:
    """Targets that a person may mean, the likeliest first, each with its evidence."""
    scored = [
        (score, target, evidence)
        for target in targets
        if target.active and _fits(kind, row, target)
        for score, evidence in [_score(kind, row, target)]
        if score >= _WORTH_SHOWING
    ]
    scored.sort(key=lambda found: (-found[0], found[1].name, found[1].key))
    return [
        Suggestion(
            target_key=target.key,
            target_name=f"{target.number} {target.name}".strip(),
            score=score,
            evidence=evidence,
        )
        for score, target, evidence in scored[:_SHOWN]
    ]


def _unique_links(
    ours: Grouped, theirs: Grouped, evidence: str, *, proven: bool
) -> Iterator[AutomaticLink]:
    """Rows that alone have the same word on either side, inactive rows counted too."""
    for word, rows in ours.items():
        others = theirs.get(word, [])
        if len(rows) == 1 and len(others) == 1 and others[0].active:
            yield AutomaticLink(
                kind=rows[0].kind,
                source_key=rows[0].key,
                target_key=others[0].key,
                evidence=f"{evidence}, and the only {rows[0].name!r} on either side",
                proven=proven,
            )


def _grouped(rows: Iterable[ReferenceRow], key_of: KeyOf) -> Grouped:
    found: Grouped = {}
    for row in rows:
        if word := key_of(row):
            found.setdefault(word, []).append(row)
    return found


def _number(row: ReferenceRow) -> str:
    return row.number.strip().casefold()


def _cost_code(row: ReferenceRow) -> str:
    """The whole cost code of a budget code that has a cost type besides it, and nothing more."""
    return parts_of(row.number, row.attributes)[0].strip().casefold()


def _is_general(row: ReferenceRow) -> bool:
    """Of budget codes only the rows for all projects may be linked by themselves."""
    return row.kind != COST_CODE or "projects" in row.attributes


def _fits(kind: str, row: ReferenceRow, target: ReferenceRow) -> bool:
    """A rule for all projects leads to a flat code, one of a project to a budget code."""
    if kind != COST_CODE:
        return True
    return row.key.startswith("*|") == _is_general(target)


def _score(kind: str, row: ReferenceRow, target: ReferenceRow) -> tuple[int, tuple[str, ...]]:
    score, evidence, most = _likeness(kind, plain_name(row), plain_name(target))
    same_code = _same(_number(row), _number(target)) or (
        kind == COST_CODE and _same(_number(row), _cost_code(target))
    )
    for words, weight, agrees in (
        ("same code", _SAME_CODE, kind != VENDOR and same_code),
        ("same e-mail domain", _SAME_DOMAIN, bool(_domains(row) & _domains(target))),
        ("same city", _SAME_CITY, _same(_city(row), _city(target))),
    ):
        if agrees:
            evidence.append(words)
            score += weight
    return min(score, most), tuple(evidence)


def _likeness(kind: str, ours: str, theirs: str) -> tuple[int, list[str], int]:
    """How alike the names are, from 0 to 100, why, and how much may come of it at most."""
    score = round(fuzz.WRatio(ours, theirs))
    if kind == VENDOR and other_form(ours, theirs):
        return min(score, OTHER_FORM), ["another legal form"], OTHER_FORM
    if kind == VENDOR and ours != theirs and same_but_form(ours, theirs):
        return max(score, BUT_FORM), ["same name but for its legal form"], 100
    return score, [f"name {score}% alike"] if score >= _WORTH_SHOWING else [], 100


def _same(ours: str, theirs: str) -> bool:
    return bool(ours) and ours == theirs


def _city(row: ReferenceRow) -> str:
    return str(row.attributes.get("city") or "").strip().casefold()


def _domains(row: ReferenceRow) -> set[str]:
    emails = row.attributes.get("emails") or []
    return {str(email).rpartition("@")[2].casefold() for email in emails if "@" in str(email)}


def _own_key(row: ReferenceRow) -> str:
    return row.key


def _contact(row: ReferenceRow) -> str:
    """The Zoho contact that a Procore vendor was made or kept up for, by its origin id."""
    return vendor_of(str(row.attributes.get("origin_id") or ""))


def _made_for(row: ReferenceRow) -> str:
    """The project of Procore that a Zoho project was made for, by the mark in its description."""
    return made_for(str(row.attributes.get("description") or ""))


# The first that finds a link counts. Ours and theirs are looked up by what the two readings say;
# the last word is whether that proves it.
_RULES: tuple[tuple[str, KeyOf, KeyOf, str, bool], ...] = (
    (VENDOR, _own_key, _contact, "it carries our origin id", True),
    (VENDOR, plain_name, plain_name, "same name", False),
    (PROJECT, _made_for, _own_key, "it was made for that project", True),
    (PROJECT, _number, _number, "same number", False),
    (PROJECT, plain_name, plain_name, "same name", False),
    (COST_CODE, _number, _number, "same code", False),
    (COST_CODE, _number, _cost_code, "same code", False),
)
