"""The words of an alert: its subject, and each group with its lines as a reader gets them.

Groups enter; sections leave, ready for a template or for Slack. Nothing here reads the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.conf import settings

from connectors.core.money import Money
from connectors.services.alert_groups import Group, Line

_LONGEST_SUBJECT = 200
_ADVICE = {
    "unopened": "Deliveries are turned away, and changes arrive with the next poll only. What to "
    "do: put the missing key back into FIELD_ENCRYPTION_KEYS, behind the first one, and restart "
    "web and workers. If the key is lost, renew the secret on the address's page and enter the new "
    "one at the provider.",
    "failed": "They try again at their next time.",
    "late": "They go on by themselves, and nothing is lost.",
    "resting": "Posting goes on by itself afterwards.",
    "drift": "Restore what was posted, or adopt the change.",
    "missing": "Once a target is chosen, what waited for it posts by itself.",
    "off": "Nothing is sent there until somebody switches it on again. These messages did not "
    "arrive there:",
    "test": "If you read this, alerts arrive here.",
}


class Reader(StrEnum):
    """Whose pages the links of a message lead to."""

    STAFF = "staff"
    MEMBER = "member"
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A line as it is read: what, how much, why, and where to look."""

    what: str
    money: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group as it is read; ``more`` lines are not shown."""

    title: str
    advice: str
    lines: list[Told]
    more: int


def sections(groups: Iterable[Group], workspace: str, reader: Reader) -> list[Section]:
    """What a reader is told of a workspace, by its name."""
    return [
        Section(
            title=title(group, workspace),
            advice=_ADVICE.get(group["kind"], ""),
            lines=[_told(line, reader) for line in group["lines"]],
            more=max(0, group["count"] - len(group["lines"])),
        )
        for group in groups
    ]


def subject(groups: Sequence[Group]) -> str:
    """The worst of it on one line: what stopped or is locked, fails, is held, is missing."""
    first = groups[0]
    line = first["lines"][0]
    said = {
        "stopped": f"{line['title']} stopped: {line['detail']}",
        "unopened": f"{line['title']}: no key opens the secret of its webhooks",
        "failed": f"{line['title']} could not finish its run",
        "late": f"{line['title']} is late",
        "resting": f"{line['title']} takes no more calls for a while",
        "off": f"Alerts are not sent to {line['title']} any more",
        "test": "Test of an alert",
    }.get(first["kind"]) or _of_documents(groups)
    return " ".join(said.split())[:_LONGEST_SUBJECT]


def daily_subject(groups: Sequence[Group], workspace: str) -> str:
    """As ``subject``, for what came in a day."""
    others = len(groups) - 1
    more = f", and {others} more" if others else ""
    said = " ".join(f"Today at {workspace}: {subject(groups)}".split())
    return said[: _LONGEST_SUBJECT - len(more)] + more


def title(group: Group, workspace: str) -> str:
    """“2 documents of Acme are held: Total differs (1,234.50 EUR)”."""
    number = group["count"]
    one = number == 1
    amounts = money(group["amounts"])
    said = {
        "stopped": f"{_several(number, 'connection')} of {workspace} stopped, and nothing is "
        f"posted through {'it' if one else 'them'}",
        "unopened": f"No key opens the webhook secrets of these connections of {workspace}",
        "failed": f"{_several(number, 'run')} of {workspace} could not finish",
        "late": f"{_several(number, 'run')} of {workspace} {'is' if one else 'are'} late",
        "resting": f"{_several(number, 'connection')} of {workspace} "
        f"{'takes' if one else 'take'} no more calls for a while",
        "held": f"{_several(number, 'document')} of {workspace} {'is' if one else 'are'} held: "
        f"{group['label']}",
        "drift": f"{_several(number, 'posted document')} of {workspace} "
        f"{'was' if one else 'were'} changed at the target",
        "missing": f"{_several(number, 'mapping')} of {workspace} {'is' if one else 'are'} "
        f"missing, and documents wait for {'it' if one else 'them'}",
        "off": f"A channel for alerts of {workspace} was switched off after many failures",
        "test": f"This is a test from {workspace}",
    }[group["kind"]]
    return f"{said} ({amounts})" if amounts else said


def money(amounts: Mapping[str, str]) -> str:
    """“1,234.50 EUR + 8,000 JPY”: never one sum over several currencies."""
    rows = (Money(Decimal(amounts[currency]), currency) for currency in sorted(amounts))
    return " + ".join(str(row).strip() for row in rows)


def url_of(line: Line, reader: Reader) -> str:
    """The address of the page that this reader can open; empty where there is none."""
    path = {Reader.STAFF: line["staff"], Reader.MEMBER: line["member"]}.get(reader, "")
    return f"{settings.BASE_URL}{path}" if path else ""


def _told(line: Line, reader: Reader) -> Told:
    what = ", ".join(filter(None, (line["title"], line["detail"])))
    return Told(what, money(line["amounts"]), line["text"], url_of(line, reader))


def _of_documents(groups: Sequence[Group]) -> str:
    held = sum(group["count"] for group in groups if group["kind"] in ("held", "drift"))
    if held:
        return f"{_several(held, 'document')} {'is' if held == 1 else 'are'} held"
    missing = groups[0]
    if missing["count"] == 1:
        return f"Missing mapping: {missing['lines'][0]['title']}"
    return f"{missing['count']} missing mappings hold up documents"


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
