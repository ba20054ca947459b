"""How people edit a document's lines: all of them anew, or some added, changed and removed.

A stored document and a person's changes enter; the changes leave as the API would get them, with
the ids that the lines are to have. New lines may bring ids of their own, so that an authored
script can name them later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERBS = ("add_lines", "change_lines", "remove_lines")
KEY = "line_item_id"


def edited(old: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Changes with whole ``line_items``, and each line's id; no ids where no line is touched."""
    body = {name: value for name, value in changes.items() if name not in VERBS}
    lines = _touched(old, changes) if any(verb in changes for verb in VERBS) else None
    if lines is None:
        lines = body.get("line_items")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return body, []
    known = {line[KEY] for line in old.get("line_items", ())}
    ids = [str(line.get(KEY) or "") for line in lines]
    body["line_items"] = [
        {**line, KEY: given if given in known else ""}
        for line, given in zip(lines, ids, strict=True)
    ]
    return body, ids


def _touched(old: Mapping[str, Any], changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    changed = {str(key): value for key, value in changes.get("change_lines", {}).items()}
    removed = {str(key) for key in changes.get("remove_lines", ())}
    known = [line[KEY] for line in old.get("line_items", ())]
    unknown = (set(changed) | removed) - set(known)
    if unknown:
        raise LookupError(f"The document has no lines {sorted(unknown)}; it has {known}.")
    kept = [{**changed.get(one, {}), KEY: one} for one in known if one not in removed]
    return [*kept, *changes.get("add_lines", ())]
