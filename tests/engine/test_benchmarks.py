"""What the benchmarks measure is the engine's own work, done in full: nothing is left out of it."""

from datetime import UTC, datetime

import pytest

from benchmarks.backfill import WINDOW, backfill
from benchmarks.orders import PAGE, Orders
from benchmarks.passes import Round
from benchmarks.tenant import make
from connectors.core.records import Window
from connectors.core.states import State
from connectors.models import Document
from tenants.scope import tenant_scope

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_backfill_reads_and_describes_every_order_that_it_counts() -> None:
    tenant = make(1)
    told = backfill(tenant.job(), 100, 0.01)
    assert told["stored"] == WINDOW == len(told["read_at"]) == tenant.documents_read()
    with tenant_scope(tenant.tenant_id):
        documents = Document.objects.filter(state=State.DUE, total__gt=0, record__isnull=False)
        assert documents.exclude(party="").exclude(fingerprint="").count() == WINDOW
        assert documents.order_by("number").first().number == "PO-0000100"  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_orders_that_were_saved_again_unchanged_are_read_again_and_have_not_changed() -> None:
    tenant, numbers = make(1), range(PAGE + 50)
    one = Round(tenant.job(), Orders(), numbers)
    one.first_read()
    first = said(tenant.tenant_id)
    one.listed_again()
    assert said(tenant.tenant_id) == first
    one.read_again()
    again = said(tenant.tenant_id)
    assert len(first) == len(again) == len(numbers)
    for key, (fingerprint, read_at) in first.items():
        assert again[key][0] == fingerprint
        assert again[key][1] > read_at


def said(tenant_id: int) -> dict[str, tuple[str, str]]:
    """Every document's fingerprint, and when it was read."""
    with tenant_scope(tenant_id):
        rows = Document.objects.values_list("key", "fingerprint", "read_at")
        return {key: (fingerprint, str(read_at)) for key, fingerprint, read_at in rows}


def test_orders_are_listed_by_pages_and_are_what_their_sightings_say() -> None:
    orders = Orders()
    orders.show(range(10, 10 + PAGE + 1))
    stream = orders.stream()
    pages = list(stream.listings[0].pages(None, Window(since=None, until=NOW)))
    assert [len(page.rows) for page in pages] == [PAGE, 1]
    for row in (pages[0].rows[0], pages[1].rows[0]):
        record = stream.parse(stream.read(None, row.key, ""))
        assert (record.key, record.number, record.version) == (row.key, row.number, row.version)
