"""Documents that name one and the same other document are shown to each other's decisions."""

from dataclasses import replace

from connectors.core.decisions import DocumentKey
from connectors.engine.decide import asking_of
from connectors.engine.facts import Asking, load
from connectors.models import Dependency, Document
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle


def test_bills_of_one_order_know_what_the_others_take(connected: Connected) -> None:
    job = connected(plain=True, orders=1, bills=2)
    run_until_idle(job)
    with job.scope():
        order = Document.objects.get(stream="purchase_order")
        first, second = Document.objects.filter(stream="bill").order_by("pk")
        named = DocumentKey(order.stream, order.key)
        for document in (first, second):
            Dependency.objects.get_or_create(
                document=document, integration=job.integration, stream=named.stream, key=named.key
            )
        ask = asking_of(job, first, job.context)
        assert isinstance(ask, Asking)
        assert ask.needs.neighbours, "a bill asks for them"
        ask = replace(ask, needs=replace(ask.needs, documents=frozenset({named})))
        (neighbour,) = load(job, [ask])[first.pk].neighbours
        alone = replace(ask, needs=replace(ask.needs, neighbours=False))
        assert load(job, [alone])[first.pk].neighbours == ()
    assert neighbour.id == second.pk
    assert [link.target_kind for link in neighbour.links.values()] == ["bill"]
    assert neighbour.record, "what is being posted is read from its record"
