"""Which filters the address of a staff list may carry: those that the list declares.

Django lets an address compare any column of the row. `?sealed_credentials__startswith=` would then
tell one character of a ciphertext after the other, so values are compared as a whole.
"""

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest

# What may follow a declared field: none of them compares a part of a text.
_WHOLE = frozenset({"id", "pk", "exact", "in", "isnull", "gte", "lte", "gt", "lt"})


class DeclaredLookups(ModelAdmin):
    """Every staff list derives from this."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        declared = (_name(entry) for entry in self.list_filter)
        return any(_asks_for(name, lookup) for name in declared if name)


def _name(entry: Any) -> str:
    """The field of a `list_filter` entry, or the parameter that a filter of ours reads."""
    if isinstance(entry, tuple | list):
        entry = entry[0]
    return entry if isinstance(entry, str) else getattr(entry, "parameter_name", "")


def _asks_for(field: str, lookup: str) -> bool:
    if lookup != field and not lookup.startswith(f"{field}__"):
        return False
    rest = lookup[len(field) :].split("__")[1:]
    return _WHOLE.issuperset(rest)
