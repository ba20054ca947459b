"""Which source vendor, account, tax or currency is which target one: linked or only suggested.

Both sides' reference rows enter; links that need no person leave, and suggestions with named
evidence for everything else. Accounts and taxes are never linked by themselves: a wrong one is
posted to the cent and found months later.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from rapidfuzz import fuzz

from connectors.core.errors import BadInputError
from connectors.core.money import parse_decimal, plain
from connectors.core.names import (
    BUT_FORM,
    OTHER_FORM,
    doubtful,
    normalise_name,
    other_form,
    same_but_form,
)
from connectors.core.references import AutomaticLink, ReferenceRow, Suggestion
from connectors.flows.procurify_to_zoho_books.words import ACCOUNT, CURRENCY, TAX, VENDOR

_WORTH_SHOWING = 65
_SHOWN = 8
# Evidence beyond a likeness of names, and how much it counts.
_STRONG, _GOOD, _SLIGHT = 40, 25, 8


def autolink(
    source: Iterable[ReferenceRow],
    target: Iterable[ReferenceRow],
    linked: frozenset[tuple[str, str]],
) -> list[AutomaticLink]:
    """Links that are beyond doubt, for what is not linked yet."""
    sources, targets = list(source), list(target)
    known = {source_key for source_key, _ in linked}
    kinds = {row.kind for row in sources}
    if kinds == {VENDOR}:
        return [*_vendor_links(sources, targets, known, {key for _, key in linked})]
    if kinds == {CURRENCY}:
        return [*_currency_links(sources, targets, known)]
    return []


def exact(
    source: Iterable[ReferenceRow],
    target: Iterable[ReferenceRow],
    linked: frozenset[tuple[str, str]],
) -> list[AutomaticLink]:
    """Links beyond doubt, and the accounts and taxes that are called the same, for a person."""
    sources, targets = list(source), list(target)
    known, taken = {key for key, _ in linked}, {key for _, key in linked}
    found: dict[str, dict[str, AutomaticLink]] = {}
    for kind, ours_by, theirs_by, evidence in _SAME:
        ours = _alone((row for row in sources if row.kind == kind), ours_by)
        theirs = _alone((row for row in targets if row.kind == kind), theirs_by)
        for word, row in ours.items():
            other = theirs.get(word)
            if other and other.active and row.key not in known and other.key not in taken:
                words = f"{evidence}, and the only one on either side"
                found.setdefault(row.key, {}).setdefault(other.key, _link(row, other, words))
    clear = [link for links in found.values() if len(links) == 1 for link in links.values()]
    times = Counter(link.target_key for link in clear)
    same = [link for link in clear if times[link.target_key] == 1]
    return [*autolink(sources, targets, linked), *same]


def suggest(kind: str, row: ReferenceRow, targets: Iterable[ReferenceRow]) -> list[Suggestion]:
    """Targets that a person may mean, the likeliest first, each with its evidence."""
    scored = [
        (score, target, evidence)
        for target in targets
        if target.active
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


def _vendor_links(
    sources: Sequence[ReferenceRow],
    targets: Sequence[ReferenceRow],
    known: set[str],
    taken: set[str],
) -> Iterator[AutomaticLink]:
    by_id = {row.key: row for row in targets if row.active}
    ids = Counter(_external_id(row) for row in sources)
    for row in sources:
        external = _external_id(row)
        if row.key in known or external not in by_id or ids[external] > 1:
            continue
        known.add(row.key)
        taken.add(external)
        words = "external id in Procurify is the Zoho contact id"
        yield _link(row, by_id[external], words, proven=True)
    yield from _name_links(sources, targets, known, taken)


def _name_links(
    sources: Sequence[ReferenceRow],
    targets: Sequence[ReferenceRow],
    known: set[str],
    taken: set[str],
) -> Iterator[AutomaticLink]:
    """By exact normalised name where it occurs once on either side, inactive rows counted too."""
    ours, theirs = _by_name(sources), _by_name(targets)
    unclear = doubtful(ours.keys() | theirs.keys())
    for name, rows in ours.items():
        others = theirs.get(name, [])
        if len(rows) != 1 or len(others) != 1 or name in unclear:
            continue
        row, other = rows[0], others[0]
        if row.key not in known and other.key not in taken and other.active:
            yield _link(row, other, f"same name, and the only {row.name!r} on either side")


def _currency_links(
    sources: Sequence[ReferenceRow], targets: Sequence[ReferenceRow], known: set[str]
) -> Iterator[AutomaticLink]:
    codes = Counter(row.number for row in targets)
    by_code = {row.number: row for row in targets if row.active}
    for row in sources:
        other = by_code.get(row.number)
        if other is not None and row.key not in known and codes[row.number] == 1:
            yield _link(row, other, "same ISO code")


def _link(
    row: ReferenceRow, other: ReferenceRow, evidence: str, *, proven: bool = False
) -> AutomaticLink:
    return AutomaticLink(
        kind=row.kind,
        source_key=row.key,
        target_key=other.key,
        evidence=evidence,
        proven=proven,
    )


def _external_id(row: ReferenceRow) -> str:
    return str(row.attributes.get("external_id", "")).strip()


def _alone(
    rows: Iterable[ReferenceRow], word_of: Callable[[ReferenceRow], str]
) -> dict[str, ReferenceRow]:
    """The rows that alone have their word."""
    found: dict[str, list[ReferenceRow]] = {}
    for row in rows:
        if word := word_of(row):
            found.setdefault(word, []).append(row)
    return {word: rows[0] for word, rows in found.items() if len(rows) == 1}


def _by_name(rows: Iterable[ReferenceRow]) -> dict[str, list[ReferenceRow]]:
    found: dict[str, list[ReferenceRow]] = {}
    for row in rows:
        if name := normalise_name(row.name):
            found.setdefault(name, []).append(row)
    return found


def _score(kind: str, row: ReferenceRow, target: ReferenceRow) -> tuple[int, tuple[str, ...]]:
    score, evidence, most = _likeness(kind, row, target)
    for words, weight, agrees in _EVIDENCE:
        if agrees(row, target):
            evidence.append(words)
            score += weight
    if kind == TAX:
        rate = _rate(row)
        if rate is None or rate != _rate(target):
            # A tax of another rate is never meant, whatever it is called.
            return 0, ()
        evidence.append(f"same rate of {plain(rate)}%")
        score = _WORTH_SHOWING + score * (100 - _WORTH_SHOWING) // 100
    return min(score, most), tuple(evidence)


def _likeness(kind: str, row: ReferenceRow, target: ReferenceRow) -> tuple[int, list[str], int]:
    """How alike the names are, from 0 to 100, why, and how much may come of it at most."""
    ours, theirs = _own_name(row), normalise_name(target.name)
    score = round(fuzz.WRatio(ours, theirs))
    if kind == VENDOR and other_form(ours, theirs):
        return min(score, OTHER_FORM), ["another legal form"], OTHER_FORM
    if kind == VENDOR and ours != theirs and same_but_form(ours, theirs):
        return max(score, BUT_FORM), ["same name but for its legal form"], 100
    return score, [f"name {score}% alike"] if score >= _WORTH_SHOWING else [], 100


def _own_name(row: ReferenceRow) -> str:
    """The normalised name of a source row: without an account's label, and out of a tax's key."""
    if row.kind == TAX:
        return normalise_name(row.key.partition("|")[0] or row.name)
    return normalise_name(row.name.removeprefix("account for "))


def _rate(row: ReferenceRow) -> Decimal | None:
    """A tax's rate: of a target row its attribute, of a source key what stands after each bar."""
    if "rate" in row.attributes:
        texts = [str(row.attributes["rate"])]
    else:
        texts = [part.rpartition("|")[2] for part in row.key.split(" + ")]
    try:
        return sum((parse_decimal(text) for text in texts), Decimal(0))
    except BadInputError:
        return None


def _same(name: str) -> Callable[[ReferenceRow, ReferenceRow], bool]:
    def agrees(row: ReferenceRow, target: ReferenceRow) -> bool:
        ours = _squeezed(row.attributes, name)
        return bool(ours) and ours == _squeezed(target.attributes, name)

    return agrees


def _squeezed(attributes: Mapping[str, object], name: str) -> str:
    """Letters and digits only, so that +1 (604) 555-0100 and 1-604-555-0100 are the same."""
    return "".join(char for char in str(attributes.get(name) or "").casefold() if char.isalnum())


def _same_code(row: ReferenceRow, target: ReferenceRow) -> bool:
    return row.kind != VENDOR and bool(row.number) and row.number == target.number


def _same_email_domain(row: ReferenceRow, target: ReferenceRow) -> bool:
    return bool(_domains(row) & _domains(target))


def _domains(row: ReferenceRow) -> set[str]:
    emails = row.attributes.get("emails") or []
    return {str(email).rpartition("@")[2].casefold() for email in emails if "@" in str(email)}


def _code(row: ReferenceRow) -> str:
    return row.number


def _own_taxed_name(row: ReferenceRow) -> str:
    """Nothing for several taxes in one: they have no name of their own."""
    return "" if " + " in row.key else _with_rate(_own_name(row), row)


def _their_name(row: ReferenceRow) -> str:
    return normalise_name(row.name)


def _their_taxed_name(row: ReferenceRow) -> str:
    return _with_rate(_their_name(row), row)


def _with_rate(name: str, row: ReferenceRow) -> str:
    rate = _rate(row)
    return f"{name} {plain(rate)}" if name and rate is not None else ""


# What is the same is called so by these, ours and theirs.
_SAME = (
    (ACCOUNT, _code, _code, "same code"),
    (ACCOUNT, _own_name, _their_name, "same name"),
    (TAX, _own_taxed_name, _their_taxed_name, "same name and rate"),
)
_EVIDENCE: tuple[tuple[str, int, Callable[[ReferenceRow, ReferenceRow], bool]], ...] = (
    ("same code", 2 * _STRONG, _same_code),
    ("same tax number", _STRONG, _same("tax_number")),
    ("same e-mail domain", _GOOD, _same_email_domain),
    ("same phone", _GOOD, _same("phone")),
    ("same city", _SLIGHT, _same("city")),
)
