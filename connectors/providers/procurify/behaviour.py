"""What a Procurify account does that its documentation leaves open, asked by harmless reads.

A client enters; findings leave, and answers that are kept with the connection.
"""

from datetime import UTC, date, datetime
from functools import partial

from connectors.core.answers import Answer
from connectors.core.errors import ConnectorError
from connectors.providers.procurify.client import ProcurifyClient
from connectors.transport.findings import Read, unread
from connectors.transport.provider import Finding

IGNORED_FILTERS = "ignored_filters"
# Nothing can have changed after this day: rows show that Procurify does not know the filter.
_DAY = date(2100, 1, 1)
_MOMENT = datetime(2100, 1, 1, tzinfo=UTC)


def ask_filters(client: ProcurifyClient) -> list[Finding]:
    """Whether orders and bills may be read, and by the time of their change.

    Procurify ignores a filter that it does not know; what comes is compared here again, so that
    an ignored one costs calls and nothing else.
    """
    asked: tuple[tuple[str, str, Read], ...] = (
        ("order_items", "order items", partial(client.order_items, _DAY)),
        ("new_items", "items of new orders", partial(client.order_items, _DAY, created=True)),
        ("purchase_orders", "purchase orders", partial(client.purchase_orders, _DAY)),
        ("bills", "bills", partial(client.bills, _MOMENT)),
    )
    findings, ignored = [], []
    for name, what, read in asked:
        try:
            first = next(read(), None)
        except ConnectorError as error:
            findings.append(unread(name, what, error))
            continue
        findings.append(Finding(name=name, ok=True, words=f"May read {what}."))
        if first is not None and first.rows:
            ignored.append(what)
    if all(finding.ok for finding in findings):
        findings.append(_told(client, ignored))
    return findings


def _told(client: ProcurifyClient, ignored: list[str]) -> Finding:
    words = "Procurify lists orders and bills by the time of their change."
    if ignored:
        words = (
            f"Procurify ignores the time asked for in {', '.join(ignored)}: each run reads them "
            "whole. An admin can enter the right names under “Other paths” in the settings."
        )
    client.learn(Answer(name=IGNORED_FILTERS, value=", ".join(ignored), words=words))
    return Finding(name=IGNORED_FILTERS, ok=True, words=words)
