"""The builder's part of the check: many edits told by webhooks that go wrong, then single ones.

A driver of the second company enters; its stages are compared, and counts and latencies printed.
Complaints are added to a list.
"""

import time
from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any

from connectors.models import Document, InboxEvent, Link
from tenants.scope import tenant_scope
from tests.e2e.playing import Driver
from tests.e2e.stack import Service, wait_until

# One in ten is lost, one in five comes twice, and one in three late: after those that came later.
SCRIPT = {
    "lose_one_in": 10,
    "duplicate_probability": 0.2,
    "duplicate_after": [0.0, 2.0],
    "delay_probability": 0.33,
    "delay": [0.2, 3.0],
}
COUNTED = ("made", "lost", "duplicated", "delayed", "sent", "answered", "refused", "retried")
SINGLE_EDITS = 9
# A standstill; what it takes is printed.
MOST_SECONDS = 10.0


def under_webhooks(service: Service, complaints: list[str], driver: Driver) -> None:
    """First sync, all edits under the script, the missing mappings; then single edits, timed."""
    driver.settle("first sync")
    service.control("DELETE", "deliveries")
    service.control("POST", "deliveries", SCRIPT)
    name = driver.edit()
    driver.rest(f"{name} by webhooks")
    _count_webhooks(service, driver, complaints)
    driver.run_now(sweep=True)
    driver.settle(f"{name}, webhooks and poll")
    driver.settle(f"{driver.resolve()} mappings resolved")
    service.control("DELETE", "deliveries")
    _single_edits(service, driver, complaints)


def _count_webhooks(service: Service, driver: Driver, complaints: list[str]) -> None:
    """What became of the webhooks; each of the script's misfortunes must have struck."""
    told = service.control("GET", "deliveries")["deliveries"]
    for provider, counts in told.items():
        words = " ".join(f"{name}={counts[name]}" for name in COUNTED)
        print(f"  webhooks of {provider}: {words}", flush=True)
    with tenant_scope(driver.made.tenant_id):
        orders = InboxEvent.objects.filter(resource="purchaseorder")
        events, keys = orders.count(), orders.values("key").distinct().count()
    print(f"  taken in: {events} about {keys} orders", flush=True)
    zoho_books = told.get("zoho_books", {})
    complaints += [
        f"no webhook of Zoho Books was {name}"
        for name in ("lost", "duplicated", "delayed", "answered")
        if not zoho_books.get(name)
    ]
    if zoho_books.get("refused"):
        complaints.append(f"{zoho_books['refused']} webhooks of Zoho Books were refused")


def _single_edits(service: Service, driver: Driver, complaints: list[str]) -> None:
    """One order after the other gets another delivery date, with nothing else under way."""
    found: list[float] = []
    wanted = {}
    for key, number in _simple_orders(driver.made.tenant_id):
        day = (date(2027, 3, 1) + timedelta(days=len(found))).isoformat()
        found.append(_seconds(service, driver.made.tenant_id, key, day))
        wanted[number] = day
    contracts = service.control("GET", "books/procore")["purchase_order_contracts"]
    dates = {row["number"]: row["delivery_date"] for row in contracts}
    complaints += [
        f"commitment {number} has delivery date {dates.get(number)}, not {day}"
        for number, day in wanted.items()
        if dates.get(number) != day
    ]
    middle = median(found)
    print(
        f"  from webhook received to commitment written: median {middle:.2f} s, "
        f"slowest {max(found):.2f} s of {len(found)} single edits",
        flush=True,
    )
    if middle >= MOST_SECONDS:
        complaints.append(f"from webhook to commitment: median {middle:.2f} s")


def _simple_orders(tenant_id: int) -> Iterable[tuple[str, str]]:
    """Keys and numbers of a few orders with one approved commitment each."""
    with tenant_scope(tenant_id):
        links = Link.objects.filter(
            document__stream="purchase_order", document__state="posted", status="Approved"
        )
        rows = links.order_by("document_id").values_list(
            "document__key", "document__number", "target_number"
        )
        return [(key, number) for key, number, target in rows if number == target][:SINGLE_EDITS]


def _seconds(service: Service, tenant_id: int, key: str, day: str) -> float:
    """Edit one order; gives the seconds from its webhook's arrival to the commitment's change."""
    with tenant_scope(tenant_id):
        before = InboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    service.control("POST", f"edit/zoho_books/purchaseorders/{key}", {"delivery_date": day})
    times: dict[str, Any] = {}

    def written() -> bool | str:
        with tenant_scope(tenant_id):
            event = InboxEvent.objects.filter(pk__gt=before, key=key).order_by("pk").first()
            document = Document.objects.get(stream="purchase_order", key=key)
            link = Link.objects.filter(document=document).order_by("-confirmed_at").first()
        if event is None or link is None:
            return "the webhook has not come"
        if document.state != "posted" or link.confirmed_at <= event.received_at:
            return f"the order is {document.state}"
        times.update(received=event.received_at, confirmed=link.confirmed_at)
        return True

    wait_until(f"the commitment of order {key}", written, seconds=20, every=0.05)
    time.sleep(0.2)  # what follows a write, such as the target's own webhooks, ends
    return float((times["confirmed"] - times["received"]).total_seconds())
