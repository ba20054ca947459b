"""Makes the vendors of Procurify that Zoho Books lacks, where somebody wished that.

A vendor's row with what Zoho Books has of that name enters; a decision leaves. Zoho takes equal
names, so nothing is made that looks like anything there, and what is made carries our mark.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.core.decisions import (
    Decision,
    Facts,
    LinkState,
    MappedTarget,
    Needs,
    NotApplicable,
    Nothing,
)
from connectors.core.flow import Context, Upkeep
from connectors.core.records import TargetState
from connectors.core.references import MappingKey, MissingMapping, ReferenceRow
from connectors.core.states import Reason
from connectors.core.upkeep import Rules, UpkeepRecord, decide_upkeep, upkeep_needs, upkeep_stream
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import CURRENCY, VENDOR, notes, vendor_reference
from connectors.providers.procurify.records.reference import NOT_SUPPLIERS

NAME, NOTES = "contact_name", "notes"
# What Zoho Books takes of them.
_LIMITS = {"email": 100, "phone": 50}


def vendor_needs(record: UpkeepRecord) -> Needs:
    """Who is called alike there, and what the vendor's currency is."""
    needs = upkeep_needs(VENDOR, record)
    code = _currency(record)
    return replace(needs, mappings=frozenset({MappingKey(CURRENCY, code)})) if code else needs


def decide_vendor(record: UpkeepRecord, facts: Facts, context: Context) -> Decision:
    """What shall become of this vendor: a contact's currency freezes with its first bill, so it is
    not made before its currency is known there.
    """
    if record.wanted and record.attributes.get("type") in NOT_SUPPLIERS:
        return NotApplicable(
            words="It is an employee, a card or a hidden vendor in Procurify, so no vendor is made "
            "of it in Zoho Books. Map it to the one that it shall be there."
        )
    if record.linked and facts.links:
        return Nothing()  # made by us, and linked since
    code = _currency(record)
    key = MappingKey(CURRENCY, code)
    base = str(facts.target_profile.get("currency_code") or "")
    foreign = bool(code) and code != base
    if foreign and record.wanted and not record.linked and key not in facts.mappings:
        label = f"currency {code} of vendor {record.name}"
        missing = MissingMapping(key=key, label=label, reason=Reason.CURRENCY_MISSING)
        return waiting_for([missing])
    currency_id = facts.mappings[key].key if foreign and key in facts.mappings else ""
    return decide_upkeep(record, facts, _rules(context, currency_id))


def contact_state(row: ReferenceRow, link: LinkState | None = None) -> TargetState:
    """A contact's cached row as the sink reports it."""
    del link
    return TargetState(
        target_id=row.key,
        number=row.name,
        status="active" if row.active else "inactive",
        total=None,
        currency="",
        content={NAME: row.name},
    )


def _rules(context: Context, currency_id: str) -> Rules:
    def payload(record: UpkeepRecord, row: MappedTarget | None) -> Mapping[str, Any]:
        del row
        mark = vendor_reference(record.key, context.source_settings)
        return _payload(record, currency_id, mark)

    return Rules(
        target_kind=VENDOR,
        title="vendor",
        payload=payload,
        fields=lambda row: {NAME: row.name},
        reference=lambda record, key: vendor_reference(record.key, context.source_settings),
    )


def _payload(record: UpkeepRecord, currency_id: str, mark: str) -> dict[str, Any]:
    """What the contact shall say; bank data is never passed on."""
    emails = record.attributes.get("emails") or []
    reached = {
        "email": str(emails[0]) if emails else "",
        "phone": str(record.attributes.get("phone") or ""),
    }
    # What is too long is left out: half a number reaches nobody.
    person = {name: text for name, text in reached.items() if 0 < len(text) <= _LIMITS[name]}
    body: dict[str, Any] = {
        NAME: " ".join(record.name.split()),
        "contact_type": "vendor",
        "currency_id": currency_id,
        NOTES: notes("", mark),
        "contact_persons": [{**person, "is_primary_contact": True}] if person else [],
    }
    return {name: value for name, value in body.items() if value}


def _currency(record: UpkeepRecord) -> str:
    return str(record.attributes.get("currency") or "")


VENDOR_STREAM = upkeep_stream(
    name=VENDOR,
    title="Vendors",
    rank=5,
    target_kind=VENDOR,
    upkeep=Upkeep(
        kind=VENDOR,
        # What is linked keeps what it is called in Zoho Books.
        enabled=lambda context: False,
        creates=options.creates_vendors,
        state_of=contact_state,
    ),
)
