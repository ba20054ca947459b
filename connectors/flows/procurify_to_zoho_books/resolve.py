"""Which target vendor, currency, accounts and taxes a document's lines lead to.

Lines and facts enter, a resolution leaves, naming everything that is missing at once. What is
posted already keeps the mappings that it was posted with, line by line, as long as the source
still says the same and the target is still in use there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from connectors.core.decisions import Facts, LinkState, MappedTarget
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
    document: Payable, lines: Sequence[Line], facts: Facts, link: LinkState | None
) -> Resolution:
    """Look everything up; ``link`` is how it was posted, None before the first time."""
    look = _Look(facts, link)
    posted: Mapping[str, Any] = link.payload if link else {}
    vendor = MappingKey(VENDOR, document.vendor_id)
    vendor_id = look.kept(vendor, posted, "source_vendor", "vendor_id")
    if not vendor_id:
        vendor_id = look.key(vendor, vendor_label(document.vendor_id, document.party))
    key = MappingKey(CURRENCY, document.currency)
    currency_id = look.kept(key, posted, "currency_code", "currency_id")
    currency = facts.mappings.get(key)
    if not currency_id:
        currency = look.find(key, f"currency {document.currency}")
        currency_id = currency.key if currency else ""
    before = {str(line.get("key")): line for line in posted.get("lines", ())}
    return Resolution(
        vendor_id=vendor_id,
        currency_id=currency_id,
        foreign=_is_foreign(currency, posted),
        lines={line.key: _line(line, look, before.get(line.key, {})) for line in lines},
        missing=tuple(look.missing.values()),
        used=tuple(sorted(look.used)),
    )


def _is_foreign(currency: MappedTarget | None, posted: Mapping[str, Any]) -> bool:
    """Whether it has a rate of exchange; of one that nothing is known of any more, as posted."""
    if currency is None:
        return "exchange_rate" in posted
    return not currency.attributes.get("base", False)


@dataclass(slots=True)
class _Look:
    """Looks mappings up and notes what was used and what is missing, each once."""

    facts: Facts
    link: LinkState | None
    missing: dict[MappingKey, MissingMapping] = field(default_factory=dict)
    used: set[MappingKey] = field(default_factory=set)

    def kept(
        self, key: MappingKey, before: Mapping[str, Any], source_field: str, target_field: str
    ) -> str:
        """The target key posted earlier, while the source still names the same thing.

        Of a record whose content is to be restored only the mappings are known.
        """
        if self.link is None:
            return ""
        posted = ""
        if before.get(source_field) == key.source_key:
            posted = str(before.get(target_field, ""))
        elif not self.link.payload:
            posted = self.link.mappings.get(key, "")
        return posted if posted and self.facts.keeps(self.link, key, posted) else ""

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
    key = MappingKey(ACCOUNT, line.account)
    account = look.kept(key, before, "source_account", "account_id")
    if not account:
        account = look.key(key, line.account_label)
    if not line.tax:
        return LineTarget(account_id=account)
    key = MappingKey(TAX, line.tax)
    if tax_id := look.kept(key, before, "source_tax", "tax_id"):
        rate = parse_decimal(before.get("tax_rate", line.tax_rate))
        return LineTarget(account_id=account, tax_id=tax_id, tax_rate=rate)
    tax = look.find(key, tax_label(line.tax))
    if tax is None:
        return LineTarget(account_id=account, tax_rate=line.tax_rate)
    rate = parse_decimal(tax.attributes.get("rate", line.tax_rate), what=f"the rate of {tax.name}")
    return LineTarget(account_id=account, tax_id=tax.key, tax_rate=rate)
