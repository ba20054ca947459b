"""Zoho's own OpenAPI files as a question: is this request one that they describe?

They settle paths, methods, parameter names and body property names; types and errors they do not.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_VERBS = {"get", "put", "post", "delete", "patch"}
# Zoho's filters have variants that the files do not spell out one by one.
_VARIANTS = ("_startswith", "_contains", "_start", "_end", "_before", "_after")


class Specs:
    """All files of a folder; each path with its own file's components."""

    def __init__(self, folder: Path) -> None:
        self._paths: list[tuple[re.Pattern[str], Mapping[str, Any], Mapping[str, Any]]] = []
        for file in sorted(folder.glob("*.yml")):
            with file.open() as stream:
                spec = yaml.load(stream, Loader=yaml.CSafeLoader)
            for path, item in spec["paths"].items():
                pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))
                self._paths.append((re.compile(pattern), item, spec["components"]))

    def problems(self, method: str, path: str, params: set[str], body: Any) -> list[str]:
        """What the files do not know of this request; empty for a known one."""
        for pattern, item, components in self._paths:
            operation = item.get(method.lower())
            if pattern.fullmatch(path) and isinstance(operation, Mapping):
                known = _parameters(
                    [*item.get("parameters", []), *operation.get("parameters", [])], components
                )
                found = [f"parameter {name}" for name in sorted(params) if not _covers(known, name)]
                return found + _unknown_properties(operation, components, body)
        return [f"no {method} {path}"]


def _parameters(raw: list[Mapping[str, Any]], components: Mapping[str, Any]) -> set[str]:
    resolved = [_resolve(parameter, components) for parameter in raw]
    return {parameter["name"] for parameter in resolved if parameter["in"] == "query"}


def _covers(known: set[str], name: str) -> bool:
    return name in known or any(name.removesuffix(end) in known for end in _VARIANTS)


def _unknown_properties(
    operation: Mapping[str, Any], components: Mapping[str, Any], body: Any
) -> list[str]:
    if body is None:
        return []
    request = operation.get("requestBody")
    if request is None:
        return ["no body is taken here"]
    schema = _resolve(request, components)["content"]["application/json"]["schema"]
    return _walk(schema, components, body, "")


def _walk(
    schema: Mapping[str, Any], components: Mapping[str, Any], body: Any, at: str
) -> list[str]:
    schema = _resolve(schema, components)
    if isinstance(body, list):
        return [p for item in body for p in _walk(schema.get("items", {}), components, item, at)]
    if not isinstance(body, Mapping) or "properties" not in schema:
        return []
    found = []
    for name, value in body.items():
        if name not in schema["properties"]:
            found.append(f"property {at}{name}")
        else:
            found += _walk(schema["properties"][name], components, value, f"{at}{name}.")
    return found


def _resolve(node: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        _, _, kind, name = str(node["$ref"]).split("/")
        node = components[kind][name]
    return node
