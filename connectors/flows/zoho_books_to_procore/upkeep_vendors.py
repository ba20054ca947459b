"""Keeps linked Procore vendors as Zoho Books has them, and makes those that are wanted.

A Zoho contact's row and what Procore says of its vendor enter; a decision leaves, or differences
that people read. A field that is empty in Zoho is left out, so that it never empties Procore's.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connectors.core.decisions import Decision, Facts, LinkState, MappedTarget
from connectors.core.flow import Context, FieldDifference, Upkeep
from connectors.core.records import TargetState
from connectors.core.references import ReferenceRow
from connectors.core.upkeep import Rules, UpkeepRecord, decide_upkeep, upkeep_stream
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.kept import Kept
from connectors.flows.zoho_books_to_procore.words import (
    VENDOR,
    is_our_vendor,
    vendor_of,
    vendor_reference,
)

NAME, ACTIVE, EMAIL, PHONE = "name", "is_active", "email_address", "business_phone"
ORIGIN = "origin_id"
BATCH = "vendors"

# What people are told of; whose origin id a vendor carries is between programs.
_LABELS = {NAME: "name", ACTIVE: "status", EMAIL: "e-mail", PHONE: "phone"}


def decide(record: UpkeepRecord, facts: Facts, context: Context) -> Decision:
    """What shall become of this contact's vendor."""
    return decide_upkeep(record, facts, _rules(context.source_settings))


def content(name: str, active: bool, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that we write, as Procore's row says them."""
    return {
        NAME: plain(name),
        ACTIVE: active,
        **{field: str(attributes.get(field) or "") for field in (EMAIL, PHONE, ORIGIN)},
    }


def state_of(row: ReferenceRow, link: LinkState | None = None) -> TargetState:
    """A vendor's row as the sink reports it."""
    del link
    return TargetState(
        target_id=row.key,
        number=row.name,
        status=_status(row.active),
        total=None,
        currency="",
        reference=str(row.attributes.get(ORIGIN) or ""),
        content=content(row.name, row.active, row.attributes),
    )


def differences(payload: Mapping[str, Any], state: TargetState) -> Sequence[FieldDifference]:
    """What somebody changed on a vendor since it was written."""
    return [
        FieldDifference(
            field=label, ours=_shown(payload[name]), theirs=_shown(state.content.get(name))
        )
        for name, label in _LABELS.items()
        if name in payload and not same(name, payload[name], state.content.get(name))
    ]


def same(name: str, ours: Any, theirs: Any) -> bool:
    """Whether two spellings mean the same: Procore may show a phone number in its own way."""
    if name == PHONE:
        return _dialled(ours) == _dialled(theirs)
    if name == EMAIL:
        return str(ours or "").casefold() == str(theirs or "").casefold()
    return bool(ours == theirs)


def plain(name: str) -> str:
    """A name as it is written: its spaces single."""
    return " ".join(name.split())


def _rules(settings: Mapping[str, Any]) -> Rules:
    return Rules(
        target_kind=VENDOR,
        title="vendor",
        payload=partial(_payload, settings),
        fields=lambda row: content(row.name, row.active, row.attributes),
        reference=lambda record, key: vendor_reference(record.key, key, settings),
        batch=BATCH,
        same=same,
        leaves=_leaves,
    )


def _payload(
    settings: Mapping[str, Any], record: UpkeepRecord, row: MappedTarget | None
) -> dict[str, Any]:
    if row is not None and not (row.active or record.active):
        # Procore changes active vendors only; the rest follows once this one is active again.
        return {ACTIVE: False}
    fields = {
        NAME: plain(record.name),
        ACTIVE: record.active,
        EMAIL: str(record.attributes.get("email") or ""),
        PHONE: str(record.attributes.get("work_phone") or ""),
        ORIGIN: _origin(settings, record, row),
    }
    return {name: value for name, value in fields.items() if value != ""}


def _origin(settings: Mapping[str, Any], record: UpkeepRecord, row: MappedTarget | None) -> str:
    """Our origin id; none where another program's stands, since only one may own it."""
    there = str(row.attributes.get(ORIGIN) or "") if row else ""
    if there and not is_our_vendor(there, settings):
        return ""
    if there and vendor_of(there) == record.key:
        return there
    return vendor_reference(record.key, row.key if row else "", settings)


def _leaves(record: UpkeepRecord, row: MappedTarget) -> str:
    """Nothing is switched on or off at first sight: somebody may have had a reason."""
    if record.active == row.active:
        return ""
    return (
        f"{row.name} is {_status(row.active)} in Procore, but {_status(record.active)} in Zoho "
        "Books. It is left as it is until both say the same."
    )


def _status(active: Any) -> str:
    return "active" if active else "inactive"


def _shown(value: Any) -> str:
    return _status(value) if isinstance(value, bool) else str(value or "")


def _dialled(value: Any) -> str:
    """A phone number without the signs that group it; an extension's words stay."""
    return "".join(char for char in str(value or "").casefold() if char.isalnum())


VENDORS = Kept(
    stream=upkeep_stream(
        name=VENDOR,
        title="Vendors",
        rank=5,
        target_kind=VENDOR,
        path="#/contacts/{key}",
        upkeep=Upkeep(
            kind=VENDOR,
            enabled=options.vendors_follow,
            creates=options.creates_vendors,
            state_of=state_of,
        ),
    ),
    decide=decide,
    differences=differences,
)
