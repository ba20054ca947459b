"""The builder's part of the check: many orders edited, told by webhooks that go wrong; then single
edits.

A driver of the second company enters; its stages are compared, and counts and latencies printed.
Complaints are added to a list.
"""

import time
from collections.abc import Iterable
from datetime import date, timedelta
from statistics import mean, median
from typing import Any

from connectors.models import Document, InboxEvent, Link
from tenants.scope import tenant_scope
from tests.e2e.disorder import out_of_order
from tests.e2e.playing import Driver
from tests.e2e.stack import Service, wait_until

# One in ten is lost, one in five comes twice, and one in three late: after those that came later.
SCRIPT: dict[str, Any] = {
    "lose_one_in": 10,
    "duplicate_probability": 0.2,
    "duplicate_after": [0.0, 2.0],
    "delay_probability": 0.33,
    "delay": [0.2, 3.0],
}
# `overtaken` were answered after one that was made later; the second is of the same record.
COUNTED = (
    "made",
    "lost",
    "duplicated",
    "delayed",
    "overtaken",
    "overtaken_by_own_record",
    "sent",
    "answered",
    "refused",
    "retried",
)
STRUCK = ("duplicated", "delayed", "overtaken", "overtaken_by_own_record", "answered")
# People edit so many at a time, so that early commitments are written while late webhooks of the
# same orders are still under way.
AT_A_TIME, PAUSE = 25, 0.25
SINGLE_EDITS = 15
MOST_MEDIAN_SECONDS = 1.0
_MACHINE_SECONDS = 0.05
# So many sums of a project and a cost code at least, or little was compared.
FEWEST_CODES = 100


def under_webhooks(service: Service, complaints: list[str], wanted: int, driver: Driver) -> None:
    """First sync, `wanted` orders edited under the script, missing mappings; then single edits."""
    driver.settle("first sync")
    service.control("DELETE", "deliveries")
    service.control("POST", "deliveries", SCRIPT)
    before = _orders(service)
    name = driver.edit_by_and_by(most=AT_A_TIME, pause=PAUSE)
    after = _orders(service)
    driver.rest(f"{name} by webhooks")
    _count_webhooks(service, driver, complaints)
    driver.run_now(sweep=True)
    driver.settle(f"{name}, webhooks and poll")
    mapped = driver.resolve()
    # What has been linked now is called as Zoho Books calls it at the next run.
    driver.run_now()
    driver.settle(f"{mapped} mappings resolved")
    edited = sum(row != before.get(key) for key, row in after.items())
    if edited < wanted:
        complaints.append(f"{edited} orders were edited, {wanted} wanted")
    _count_commitments(driver, edited, complaints)
    service.control("DELETE", "deliveries")
    # From now on no webhook is late or lost.
    driver.settle(driver.act())
    _single_edits(service, driver, complaints)


def _orders(service: Service) -> dict[str, Any]:
    """The orders as Zoho Books holds them."""
    rows = service.control("GET", "books/zoho_books")["purchaseorders"]
    return {row["purchaseorder_id"]: row for row in rows}


def _count_commitments(driver: Driver, edited: int, complaints: list[str]) -> None:
    """What the company's line says beside its documents."""
    last = driver.made.last
    by_status = last.counts["commitment"]
    driver.made.numbers |= {
        "orders_edited": edited,
        "commitments": by_status["total"],
        "approved": by_status.get("Approved", 0),
        "closed": by_status.get("Closed", 0),
        "draft": by_status.get("Draft", 0),
        "projects_compared": last.compared["projects"],
        "cost_codes_compared": last.compared["cost_codes"],
        "vendors_compared": last.compared["vendors"],
        "zoho_projects_compared": last.compared["zoho_projects"],
    }
    if last.compared["cost_codes"] < FEWEST_CODES:
        complaints.append(f"only {last.compared['cost_codes']} sums of cost codes were compared")


def _count_webhooks(service: Service, driver: Driver, complaints: list[str]) -> None:
    """What became of the webhooks; each of the script's misfortunes must have struck."""
    told = service.control("GET", "deliveries")["deliveries"]
    for provider, counts in told.items():
        rows = service.control("GET", f"deliveries/rows?provider={provider}")["rows"]
        overtaken, by_its_own_record = out_of_order(rows)
        counts |= {"overtaken": overtaken, "overtaken_by_own_record": by_its_own_record}
        words = " ".join(f"{name}={counts[name]}" for name in COUNTED)
        print(f"  webhooks of {provider}: {words}", flush=True)
    with tenant_scope(driver.made.tenant_id):
        orders = InboxEvent.objects.filter(resource="purchaseorder")
        events, keys = orders.count(), orders.values("key").distinct().count()
    print(f"  taken in: {events} about {keys} orders", flush=True)
    zoho_books = told.get("zoho_books", {})
    complaints += [
        f"no webhook of Zoho Books was {name}" for name in STRUCK if not zoho_books.get(name)
    ]
    made, lost = zoho_books.get("made", 0), zoho_books.get("lost", 0)
    if not lost or lost < made // SCRIPT["lose_one_in"]:
        complaints.append(f"{lost} of {made} webhooks of Zoho Books were lost, not one in ten")
    if zoho_books.get("refused"):
        complaints.append(f"{zoho_books['refused']} webhooks of Zoho Books were refused")


def _single_edits(service: Service, driver: Driver, complaints: list[str]) -> None:
    """One order after the other gets another delivery date, with nothing else under way."""
    found: list[float] = []
    slowness: list[float] = []
    wanted = {}
    for key, number in _simple_orders(driver.made.tenant_id):
        slowness.append(_slowness())
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
    middle, most = median(found), MOST_MEDIAN_SECONDS * mean(slowness)
    print(
        f"  from webhook received to commitment written: median {middle:.2f} s, "
        f"slowest {max(found):.2f} s of {len(found)} single edits; "
        f"the machine took {mean(slowness):.1f} times its own time",
        flush=True,
    )
    if middle >= most or len(found) < SINGLE_EDITS:
        complaints.append(
            f"from webhook to commitment: median {middle:.2f} s of {len(found)}, "
            f"not below {most:.2f} s of {SINGLE_EDITS}"
        )


def _slowness() -> float:
    """How many times longer than its own computing a piece of work takes here and now.

    One on a quiet machine. On a busy one the second that a commitment may take is longer.
    """
    began, computed = time.monotonic(), time.process_time()
    while time.process_time() - computed < _MACHINE_SECONDS:
        pass
    return max(1.0, (time.monotonic() - began) / _MACHINE_SECONDS)


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

    wait_until(f"the commitment of order {key}", written, seconds=240, every=0.05)
    time.sleep(0.2)  # what follows a write, such as the target's own webhooks, ends
    return float((times["confirmed"] - times["received"]).total_seconds())
