"""Texts longer than Procore takes are shortened by option, or held naming the line and the way."""

from dataclasses import replace

import pytest

from connectors import registry
from connectors.core.decisions import Facts, Nothing
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.states import Reason, State
from connectors.engine.job import Job, load_job
from connectors.models import Document
from connectors.services import integrations
from tests.engine.drive import run_until_idle
from tests.flows.commitments import (
    MAPPED,
    decide,
    held_for,
    line,
    live,
    order,
    parts,
    posted,
    steps,
)
from tests.flows.conftest import ACTOR, Builder
from tests.flows.test_commitments_sink import SINK, Procore, created, planned
from tests.sandbox_process import SandboxProcess

LONG = "Ready-mix, as described by the vendor. " * 20
WORDY = order(line("l1", description=LONG), line("l2"))


def test_a_long_title_is_shortened_and_says_so() -> None:
    title = parts(decide(order(vendor_name="Acme " * 80)))[0].payload["title"]
    assert (len(title) <= 255, title[:9], title[-1]) == (True, "PO-7 Acme", "…")
    whole = parts(decide(order(vendor_name="Acme " * 80), title_limit=0))[0].payload["title"]
    assert whole == ("PO-7 " + "Acme " * 80).strip()


def test_a_line_is_shortened_where_a_limit_is_entered() -> None:
    (part, _) = parts(decide(WORDY))
    assert part.payload["lines"][0]["description"] == f"Cement; {LONG.strip()}"
    (part, _) = parts(decide(WORDY, line_limit=100))
    text = part.payload["lines"][0]["description"]
    assert len(text) <= 100
    assert text.endswith("…")
    assert "text_limit" not in part.payload["lines"][1]


@pytest.mark.parametrize(("before", "after"), [(0, 100), (100, 0), (100, 50)])
def test_what_procore_has_taken_stays_whatever_the_limit_is_now(before: int, after: int) -> None:
    """Otherwise an option would change what is posted, and reopen approved commitments."""
    links = posted(decide(WORDY, line_limit=before))
    facts = Facts(mappings=MAPPED, links=links)
    assert isinstance(decide(WORDY, facts, line_limit=after), Nothing)


def test_a_line_that_procore_refused_is_shortened_by_the_limit_of_now() -> None:
    (link,) = posted(decide(WORDY)).values()
    draft = replace(link, lines={}, status="Draft")
    facts = Facts(mappings=MAPPED, links={"100": draft}, live={"100": live(draft)})
    content = parts(decide(WORDY, facts, line_limit=50))[0].payload["lines"]
    assert len(content[0]["description"]) <= 50


def test_a_text_that_changed_within_what_was_cut_off_changes_nothing_there() -> None:
    links = posted(decide(WORDY, line_limit=50))
    facts = Facts(mappings=MAPPED, links=links)
    longer = order(line("l1", description=LONG + "More."), line("l2"))
    assert isinstance(decide(longer, facts, line_limit=50), Nothing)


def test_a_number_is_held_with_its_limit_and_one_that_is_there_is_not() -> None:
    number = "PO-" + "7" * 60
    decision = decide(order(purchaseorder_number=number), number_limit=45)
    assert held_for(decision) is Reason.REFUSED
    for words in ("has 63 characters", "Procore takes 45", "Shorten the order's number"):
        assert words in decision.words
    assert steps(decide(order(purchaseorder_number=number)))
    links = posted(decide(order(purchaseorder_number=number)))
    facts = Facts(mappings=MAPPED, links=links)
    again = decide(order(purchaseorder_number=number), facts, number_limit=45)
    assert isinstance(again, Nothing)


def too_long(said: str) -> ProviderError:
    message = f"Procore said: {said}"
    return ProviderError(ErrorFacts(kind=ErrorKind.REJECTED, message=message, hint="Mend it."))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("description is too long (maximum is 255 characters)", "“Longest text of a line”"),
        ("description (must have at most 255 characters)", "“Longest text of a line”"),
        ("wbs_code is inactive", "Mend it."),
    ],
)
def test_a_refused_line_is_named_with_its_length(said: str, words: str) -> None:
    procore = Procore()
    part, by_action = created(procore, WORDY)
    procore.refused[f"{part.reference}:100:l1"] = too_long(said)
    with pytest.raises(ProviderError) as caught:
        SINK.perform(procore, part, by_action["lines"])
    told = str(caught.value)
    assert said in told
    assert "line 1 “Cement; Ready-mix, as described by the v…” (787 characters)" in told
    assert words in told


@pytest.mark.parametrize(
    ("said", "place", "way"),
    [
        ("title is too long (maximum is 40 characters)", "title “PO-7 Acme Acme", "Longest title"),
        ("number is too long (maximum is 3 characters)", "number “PO-7” (4", "Shorten it in Zoho"),
    ],
)
def test_a_refused_header_names_its_text(said: str, place: str, way: str) -> None:
    procore = Procore()
    part, by_action = planned(order(vendor_name="Acme " * 20))
    procore.refused[part.reference] = too_long(said)
    with pytest.raises(ProviderError) as caught:
        SINK.perform(procore, part, by_action["create"])
    told = str(caught.value)
    assert f"Too long: {place}" in told
    assert way in told


def test_procores_own_limit_holds_the_order_until_it_is_entered(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    sandbox.post("/control/options", {"procore_longest_line": 10})
    run_until_idle(job)
    held = only(job)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "is too long (maximum is 10 characters) (line 1 “" in held.words
    assert "“Longest text of a line” in the options" in held.words
    integrations.change(
        job.integration,
        resolved=registry.resolve(job.flow.key),
        actor=ACTOR,
        options={**job.integration.options, "line_limit": 10},
    )
    run_until_idle(load_job(job.tenant_id, job.integration.pk, registry.resolve))
    posted = only(job)
    assert posted.state == State.POSTED
    with job.scope():
        rows = [row for link in posted.links.all() for row in link.payload["lines"]]
    texts = [row["description"] for row in rows]
    assert any(text.endswith("…") and len(text) <= 10 for text in texts)


def only(job: Job) -> Document:
    with job.scope():
        return Document.objects.get(stream="purchase_order")
