"""Which target vendor, currency, accounts and taxes a document's lines lead to.

Lines and facts enter, a resolution leaves, naming everything that is missing at once. What is
posted already keeps the mappings that it was posted with, line by line, as long as the source
still says the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from connectors.core.decisions import Facts, MappedTarget
from connectors.core.money import ZERO, parse_decimal
from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.lines import Line, line_keys
from connectors.flows.procurify_to_zoho_books.words import (
    ACCOUNT,
    CURRENCY,
    TAX,
    VENDOR,
    tax_label,
    vendor_label,
)

_REASONS = {
    VENDOR: Reason.VENDOR_MISSING,
    ACCOUNT: Reason.ACCOUNT_MISSING,
    TAX: Reason.TAX_MISSING,
    CURRENCY: Reason.CURRENCY_MISSING,
}


class Payable(Protocol):
    """What orders and bills have in common here."""

    @property
    def vendor_id(self) -> str: ...

    @property
    def party(self) -> str: ...

    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTarget:
    """Account and tax of one line at the target; ``tax_rate`` is the target's own rate."""

    account_id: str = ""
    tax_id: str = ""
    tax_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Everything that the mappings say about one document."""

    vendor_id: str
    currency_id: str
    foreign: bool
    lines: Mapping[str, LineTarget]
    missing: tuple[MissingMapping, ...]
    used: tuple[MappingKey, ...]


def mapping_keys(document: Payable, lines: Sequence[Line]) -> frozenset[MappingKey]:
    """All mappings that the document will look at."""
    accounts, taxes = line_keys(lines)
    return frozenset(
        {MappingKey(VENDOR, document.vendor_id), MappingKey(CURRENCY, document.currency)}
        | {MappingKey(ACCOUNT, key) for key in accounts}
        | {MappingKey(TAX, key) for key in taxes}
    )


def resolve(
    document: Payable, lines: Sequence[Line], facts: Facts, posted: Mapping[str, Any]
) -> Resolution:
    """Look everything up; ``posted`` is the payload as posted, empty before the first time."""
    look = _Look(facts)
    vendor_id = _kept(posted, "source_vendor", document.vendor_id, "vendor_id")
    if not vendor_id:
        label = vendor_label(document.vendor_id, document.party)
        vendor_id = look.key(MappingKey(VENDOR, document.vendor_id), label)
    currency = look.find(MappingKey(CURRENCY, document.currency), f"currency {document.currency}")
    before = {str(line.get("key")): line for line in posted.get("lines", ())}
    return Resolution(
        vendor_id=vendor_id,
        currency_id=currency.key if currency else "",
        foreign=currency is not None and not currency.attributes.get("base", False),
        lines={line.key: _line(line, look, before.get(line.key, {})) for line in lines},
        missing=tuple(look.missing.values()),
        used=tuple(sorted(look.used)),
    )


@dataclass(slots=True)
class _Look:
    """Looks mappings up and notes what was used and what is missing, each once."""

    facts: Facts
    missing: dict[MappingKey, MissingMapping] = field(default_factory=dict)
    used: set[MappingKey] = field(default_factory=set)

    def find(self, key: MappingKey, label: str) -> MappedTarget | None:
        target = self.facts.mappings.get(key)
        if target is not None and target.active:
            self.used.add(key)
            return target
        if target is not None:
            label = f"{label}: {target.name} is inactive in Zoho Books"
        self.missing[key] = MissingMapping(key=key, label=label, reason=_REASONS[key.kind])
        return None

    def key(self, key: MappingKey, label: str) -> str:
        target = self.find(key, label)
        return target.key if target else ""


def _line(line: Line, look: _Look, before: Mapping[str, Any]) -> LineTarget:
    account = _kept(before, "source_account", line.account, "account_id")
    if not account:
        account = look.key(MappingKey(ACCOUNT, line.account), line.account_label)
    if not line.tax:
        return LineTarget(account_id=account)
    if tax_id := _kept(before, "source_tax", line.tax, "tax_id"):
        rate = parse_decimal(before.get("tax_rate", line.tax_rate))
        return LineTarget(account_id=account, tax_id=tax_id, tax_rate=rate)
    tax = look.find(MappingKey(TAX, line.tax), tax_label(line.tax))
    if tax is None:
        return LineTarget(account_id=account, tax_rate=line.tax_rate)
    rate = parse_decimal(tax.attributes.get("rate", line.tax_rate), what=f"the rate of {tax.name}")
    return LineTarget(account_id=account, tax_id=tax.key, tax_rate=rate)


def _kept(before: Mapping[str, Any], source_field: str, source_key: str, target_field: str) -> str:
    """The target key posted earlier, while the source still names the same thing."""
    return str(before.get(target_field, "")) if before.get(source_field) == source_key else ""
