"""Vendors in Zoho Books: made one at a time, each looked up by our mark and by its name before.

A step with its part enters, the contact's state leaves. Zoho gives no key for writes and takes a
second contact of the same name, so whether one is there is for us to find out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.flow import PartRef
from connectors.core.records import Raw, TargetState
from connectors.core.upkeep import CREATE
from connectors.flows.procurify_to_zoho_books.upkeep_vendors import NAME, NOTES, contact_state
from connectors.flows.procurify_to_zoho_books.words import MARK
from connectors.providers.zoho_books.records import vendor_row

# How many of the vendors that changed last are looked through after a doubt.
_NEWEST = 20


class VendorSink:
    """What the engine calls; see ``core.flow.Sink``."""

    def perform(self, client: Any, part: PartRef, step: Step) -> TargetState:
        if step.action != CREATE:
            raise BadInputError(f"no step {step.action!r} for a vendor in Zoho Books")
        if not isinstance(_created(client, part), Absent):
            raise _stands_already(part)
        return _written(client.create_contact(step.body["row"]), part)

    def perform_batch(
        self, client: Any, items: Sequence[tuple[PartRef, Step]]
    ) -> Sequence[TargetState | ProviderError]:
        """Zoho Books takes one contact per call."""
        raise BadInputError(f"Zoho Books has no call for {len(items)} contacts at once")

    def probe(self, client: Any, part: PartRef, step: Step) -> Probe:
        """Whether the contact has been made, by reading only; it may have been renamed since."""
        del step
        return _created(client, part, renamed=True)

    def read(self, client: Any, part: PartRef) -> TargetState | None:
        """The contact as it stands; None where it was deleted, or merged into another."""
        try:
            return _state(client.contact(part.target_id), part)
        except ProviderError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return None

    def web_url(self, target_kind: str, target_id: str, profile: Mapping[str, Any]) -> str:
        """Where a person sees the contact; empty while the organisation is not known."""
        del target_kind
        root = str(profile.get("web_root") or "")
        return f"{root}#/contacts/{target_id}" if root and target_id else ""


def _created(client: Any, part: PartRef, *, renamed: bool = False) -> Probe:
    """By our mark in the notes; one of the same name without it is somebody else's.

    ``renamed`` looks for it under other names as well.
    """
    name = str(part.payload[NAME])
    read = (_read(client, row) for row in client.find_contacts(name))
    found = [raw for raw in read if raw is not None]
    ours = [raw for raw in found if _is_ours(raw, part)]
    if len(ours) > 1:
        return Conflict(
            words=f"{len(ours)} vendors in Zoho Books carry our reference {part.reference}. Merge "
            "them there, then replay."
        )
    if not ours and renamed:
        ours = _renamed(client, part)
    if ours:
        return Found(state=_state(ours[0], part))
    if found:
        marked = any(MARK in str(raw.get(NOTES) or "") for raw in found)
        whose = "made for another vendor of that name" if marked else "not made by this service"
        return Conflict(
            words=f"Zoho Books has a vendor {name} that was {whose}. Link the two in the mapping, "
            "or dismiss this document."
        )
    return Absent()


def _renamed(client: Any, part: PartRef) -> list[Raw]:
    """Ours under another name: Zoho looks for no notes, but who renames it makes it the newest."""
    rows = (row for page in islice(client.contacts(), 1) for row in page.rows)
    read = (_read(client, row) for row in islice(rows, _NEWEST))
    return list(islice((raw for raw in read if raw and _is_ours(raw, part)), 1))


def _read(client: Any, row: Raw) -> Raw | None:
    """A listed contact in full; None where it was deleted or merged since, and lists lag behind."""
    try:
        found: Raw = client.contact(str(row["contact_id"]))
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    return found


def _is_ours(raw: Raw, part: PartRef) -> bool:
    return part.reference in str(raw.get(NOTES) or "").split()


def _stands_already(part: PartRef) -> ProviderError:
    """A refusal of our own: what stands there is then looked at, and adopted or held."""
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.REJECTED,
            message=f"Zoho Books has a vendor {part.payload[NAME]} already.",
            hint="Nothing was written.",
            provider="zoho_books",
        )
    )


def _written(raw: Raw, part: PartRef) -> TargetState:
    try:
        return _state(raw, part)
    except BadInputError as error:
        raise UnknownOutcomeError(
            ErrorFacts(
                kind=ErrorKind.UNKNOWN_OUTCOME,
                message=f"Zoho Books wrote the vendor, but its answer is unreadable: {error}",
                provider="zoho_books",
            )
        ) from error


def _state(raw: Raw, part: PartRef) -> TargetState:
    return replace(contact_state(vendor_row(raw)), reference=part.reference)
