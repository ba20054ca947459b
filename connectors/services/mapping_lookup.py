"""Finds the record of one side that a line of a file means, by its id, or by name and code.

The cached master data of a connection enters; for what a line names one row leaves, or what is
wrong and in which column.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from connectors.models import ReferenceItem
from connectors.services.mapping_file import Named, plain_text


class WrongCellError(Exception):
    """What is wrong with a line, and in which column."""

    def __init__(self, column: str, words: str) -> None:
        super().__init__(words)
        self.column, self.words = column, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The rows of one kind on one side. ``title`` and ``noun`` are what people call both.

    ``others`` gives the kind of what the file names and another kind has.
    """

    column: str
    title: str
    noun: str
    by_key: Mapping[str, ReferenceItem]
    by_name: Mapping[str, Sequence[ReferenceItem]]
    by_code: Mapping[str, Sequence[ReferenceItem]]
    others: Mapping[str, str]

    def find(self, named: Named) -> ReferenceItem | None:
        """The row that is meant; None for an id that is not cached.

        Raises WrongCellError for a name that nothing has, or several, and for one that belongs to
        another id.
        """
        if named.key:
            item = self.by_key.get(named.key) or self.by_key.get(named.key.strip())
            if item is not None:
                self._agree("name", named.name, item.name, item.key)
                self._agree("code", named.code, item.number, item.key)
            return item
        pools = [self.by_name.get(named.name, ())] if named.name else []
        pools += [self.by_code.get(named.code, ())] if named.code else []
        found = [row for row in pools[0] if all(row in pool for pool in pools[1:])] if pools else []
        found = [row for row in found if row.active] or found
        if len(found) == 1:
            return found[0]
        column = f"{self.column} {'name' if named.name else 'code' if named.code else 'id'}"
        if not named:
            raise WrongCellError(column, "It is empty. Enter an id, a name or a code.")
        if not found:
            raise WrongCellError(column, self.unknown(str(named)))
        raise WrongCellError(
            column,
            f"{self.title} has {len(found)} of the kind {self.noun} called “{named}”. Enter the id "
            "of the one that you mean.",
        )

    def unknown(self, text: str) -> str:
        """Why nothing is found by this id or name."""
        if text in self.others:
            other = self.others[text].replace("_", " ")
            return f"“{text}” is of the kind {other} in {self.title}, not {self.noun}."
        return f"{self.title} has no {self.noun} “{text}”."

    def label(self, key: str) -> str:
        return str(self.by_key[key]) if key in self.by_key else key

    def _agree(self, what: str, said: str, cached: str, key: str) -> None:
        if said and said != plain_text(cached):
            raise WrongCellError(
                f"{self.column} {what}",
                f"The id {key} is “{cached}” in {self.title}, not “{said}”. Correct the id, or "
                f"empty the {what}.",
            )


def load(
    column: str, title: str, noun: str, *, connection_id: int, kind: str, named: Iterable[Named]
) -> Side:
    """One side with everything that the file may name there; two queries, inside the scope."""
    items = ReferenceItem.objects.filter(connection_id=connection_id)
    by_key, by_name = dict[str, ReferenceItem](), defaultdict[str, list[ReferenceItem]](list)
    by_code = defaultdict[str, list[ReferenceItem]](list)
    for item in items.filter(kind=kind).defer("attributes").order_by("pk"):
        by_key[item.key] = item
        if not item.gone:
            by_name[plain_text(item.name)].append(item)
            by_code[plain_text(item.number)].append(item)
    texts = {text for one in named for text in (one.key.strip(), one.name, one.code) if text}
    texts -= {*by_key, *by_name, *by_code}
    elsewhere = items.exclude(kind=kind).filter(
        Q(key__in=texts) | Q(name__in=texts) | Q(number__in=texts)
    )
    others = {
        text: found_kind
        for found_kind, *found in elsewhere.values_list("kind", "key", "name", "number")
        for text in found
        if text in texts
    }
    return Side(
        column=column,
        title=title,
        noun=noun,
        by_key=by_key,
        by_name=by_name,
        by_code=by_code,
        others=others,
    )
