"""Whether Procurify's rate of exchange means anything in Zoho Books.

Procurify's rate turns an amount into Procurify's base currency, Zoho Books' into its own: the
number is passed on only where the two are known to be one. Elsewhere Zoho Books uses its own rate.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.decisions import Facts

_RATE = "exchange_rate"
_BASE = "currency_code"


def with_known_rate(
    payload: dict[str, Any], posted: Mapping[str, Any], facts: Facts
) -> tuple[dict[str, Any], str]:
    """The payload with a rate that both sides mean, and what is to be said where it has none.

    A rate that was posted stays: Zoho Books keeps it, and an update could not take it back.
    """
    source = str(facts.source_profile.get(_BASE) or "")
    target = str(facts.target_profile.get(_BASE) or "")
    if _RATE not in payload or (source and source == target):
        return payload, ""
    if payload["currency_code"] == target:
        return {name: value for name, value in payload.items() if name != _RATE}, ""
    words = (
        f"The exchange rate of {payload['currency_code']} is Zoho Books' own: Procurify's is "
        f"against {source or 'a base currency that is not known'}, and the base currency of Zoho "
        f"Books is {target or 'not known'}."
    )
    if _RATE in posted and posted.get("currency_code") == payload["currency_code"]:
        return {**payload, _RATE: posted[_RATE]}, words
    return {name: value for name, value in payload.items() if name != _RATE}, words
