"""What one account has told of how its provider behaves, where nothing published says so.

An answer has a name, a value that code goes by, and a sentence for people. The connection's test
asks for them, or the first real reply shows them; they are kept in the connection's profile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# Where a profile keeps them: name -> {"value": …, "words": …}.
ANSWERS = "answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; ``value`` is plain JSON."""

    name: str
    value: str | int | bool | None
    words: str


# Told as soon as an answer is known; who keeps it is not known here.
Learn = Callable[[Answer], None]


def told(profile: Mapping[str, Any], name: str) -> Any:
    """The value of an answer; None where nobody has asked yet."""
    found = (profile.get(ANSWERS) or {}).get(name)
    return found.get("value") if isinstance(found, Mapping) else None


def said(profile: Mapping[str, Any], name: str) -> str:
    """The sentence of an answer; empty where nobody has asked yet."""
    found = (profile.get(ANSWERS) or {}).get(name)
    return str(found.get("words") or "") if isinstance(found, Mapping) else ""


def with_answer(profile: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """The profile with this answer in place of an older one."""
    kept = {"value": answer.value, "words": answer.words}
    return {**profile, ANSWERS: {**(profile.get(ANSWERS) or {}), answer.name: kept}}


def keeping_answers(profile: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A profile that was read anew, with what this account has told earlier."""
    kept = {**(before.get(ANSWERS) or {}), **(profile.get(ANSWERS) or {})}
    return {**profile, ANSWERS: kept} if kept else dict(profile)


def sentences(profile: Mapping[str, Any]) -> list[str]:
    """What people read of the answers, by name."""
    found = profile.get(ANSWERS) or {}
    return [str(found[name].get("words") or "") for name in sorted(found)]
