"""What was decided stays decided: options and mappings of posted documents, in both flows.

Decisions as the engine asks for them, with the options that a link keeps and the targets that are
no longer in use. Pure; what ends up in the books is tried over the simulators.
"""

from dataclasses import replace
from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, LinkState, MappedTarget, Nothing, Waiting
from connectors.core.flow import Flow
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.engine.decide import decide_by
from connectors.engine.facts import Asking, with_options
from connectors.flows.procurify_to_zoho_books import FLOW as TO_ZOHO
from connectors.flows.zoho_books_to_procore import FLOW as TO_PROCORE
from connectors.models import Document
from tests.flows import commitments
from tests.flows.commitments import BOTH, CONCRETE, code
from tests.flows.procurify import bill, bill_item, order, order_item
from tests.flows.world import BILLS, MAPPED, ORDERS, PART, at_target, context, part_of, posted
from tests.flows.world import decide as decide_to_zoho

LATER = {"gl_post_date": "2026-03-05"}


def again(
    flow: Flow,
    stream: str,
    raw: dict[str, Any],
    links: dict[str, LinkState],
    facts: Facts,
    now: Any,
) -> Any:
    """What the engine makes of a posted document, under the integration's options of now."""
    kept = next(iter(links.values())).options
    ask_context = with_options(now, flow.kept_options(kept))
    record = flow.stream(stream).parse(raw)
    needs = flow.needs(stream, record, ask_context)
    seen = {key: target for key, target in facts.mappings.items() if key in needs.mappings}
    facts = replace(facts, mappings=seen, links=links)
    asking = Asking(Document(), flow.stream(stream), record, needs, ask_context)
    return decide_by(flow, asking, facts)


# --- options --------------------------------------------------------------------------------------


def with_kept(flow: Flow, link: LinkState, **options: Any) -> LinkState:
    return replace(link, options=flow.kept_options(flow.default_options() | options))


def test_a_posted_bill_stays_in_its_month_when_the_option_is_switched() -> None:
    raw = bill(**LATER)
    first = part_of(decide_to_zoho(BILLS, raw))
    link = with_kept(TO_ZOHO, posted(first), bill_date="posting")
    now = context(bill_date="invoice")
    facts = Facts(mappings=MAPPED)
    assert isinstance(again(TO_ZOHO, BILLS, raw, {PART: link}, facts, now), Nothing)

    revised = bill(bill_item(description="Corrected"), **LATER)
    live = {PART: at_target(total=first.total)}
    decision = again(TO_ZOHO, BILLS, revised, {PART: link}, Facts(mappings=MAPPED, live=live), now)
    assert part_of(decision).payload["date"] == first.payload["date"]
    new = part_of(decide_to_zoho(BILLS, raw, bill_date="invoice"))
    assert new.payload["date"] != first.payload["date"], "the option does say another day"


def test_a_draft_that_people_release_stays_one() -> None:
    first = part_of(decide_to_zoho(ORDERS, order(), order_status="draft"))
    link = with_kept(TO_ZOHO, posted(first, status="draft"), order_status="draft")
    facts = Facts(mappings=MAPPED)
    decision = again(TO_ZOHO, ORDERS, order(), {PART: link}, facts, context(order_status="open"))
    assert isinstance(decision, Nothing)


def commitment(raw: dict[str, Any], **options: Any) -> dict[str, LinkState]:
    links = commitments.posted(commitments.decide(raw, **options))
    return {part: with_kept(TO_PROCORE, link, **options) for part, link in links.items()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"unit": "ea"}, {"unit": "m3"}),
        ({}, {"cost_code_from": "item"}),
        ({"default_project": "p1"}, {"default_project": "p2"}),
        ({"project_field": "Job"}, {"project_field": "Site"}),
        ({"posted_statuses": "open"}, {"posted_statuses": "closed"}),
    ],
    ids=",".join,
)
def test_a_posted_commitment_keeps_the_options_of_its_day(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    named = [{"label": "Job", "value": "p1"}, {"label": "Site", "value": "p2"}]
    elsewhere = before.keys() & {"default_project", "project_field"}
    raw = commitments.order(
        commitments.line(project="" if elsewhere else "p1"), custom_fields=named
    )
    links = commitment(raw, **before)
    now = commitments.context(**{**before, **after})
    facts = Facts(mappings=commitments.MAPPED)
    assert isinstance(again(TO_PROCORE, ORDERS, raw, links, facts, now), Nothing)


def test_a_status_that_was_added_since_counts_for_posted_orders_too() -> None:
    """The way out that the held document's words offer."""
    links = commitment(commitments.order(), posted_statuses="open")
    raw = commitments.order(status="on_its_way")
    facts = Facts(mappings=commitments.MAPPED)
    held = again(TO_PROCORE, ORDERS, raw, links, facts, commitments.context(posted_statuses="open"))
    assert held.reason is Reason.UNKNOWN_STATUS
    now = commitments.context(posted_statuses="open, on its way")
    assert isinstance(again(TO_PROCORE, ORDERS, raw, links, facts, now), Nothing)


@pytest.mark.parametrize("flow", [TO_ZOHO, TO_PROCORE], ids=lambda flow: flow.key)
def test_what_governs_later_events_is_not_kept(flow: Flow) -> None:
    kept = flow.kept_options(flow.default_options())
    assert kept
    assert not kept.keys() & {"drift", "follow_closed", "reopen_approved", "allow_unbudgeted"}


# --- mappings -------------------------------------------------------------------------------------

ELSEWHERE = MAPPED | {
    MappingKey("account", "5030"): MappedTarget(key="z-new", name="New account"),
    MappingKey("vendor", "10"): MappedTarget(key="z-master", name="Acme"),
}


def by_mappings(link: LinkState) -> LinkState:
    rows = link.payload["mappings"]
    used = {MappingKey(row["kind"], row["source_key"]): row["target_key"] for row in rows}
    return replace(link, mappings=used)


POSTED = by_mappings(posted(part_of(decide_to_zoho(ORDERS, order()))))
REVISED = order(
    order_item(quantity="8.00000", total_cost="100.00"), subtotal="100.00", total="100.00"
)


def to_zoho(raw: dict[str, Any], link: LinkState = POSTED, **facts: Any) -> Any:
    return again(
        TO_ZOHO, ORDERS, raw, {PART: link}, Facts(**({"mappings": ELSEWHERE} | facts)), context()
    )


def where(decision: Any) -> tuple[str, set[str]]:
    payload = part_of(decision).payload
    return payload["vendor_id"], {line["account_id"] for line in payload["lines"]}


def test_a_revision_keeps_targets_that_are_in_use() -> None:
    assert where(to_zoho(REVISED)) == ("z-acme", {"z-5030"})


@pytest.mark.parametrize("gone", [False, True])
def test_a_revision_leaves_an_account_that_is_not_in_use(gone: bool) -> None:
    decision = to_zoho(REVISED, lost={("account", "z-5030"): gone})
    assert where(decision) == ("z-acme", {"z-new"})


def test_nothing_moves_because_an_account_was_closed() -> None:
    assert isinstance(to_zoho(order(), lost={("account", "z-5030"): True}), Nothing)


def test_an_inactive_account_stays_while_the_mapping_knows_no_better() -> None:
    inactive = MAPPED | {
        MappingKey("account", "5030"): MappedTarget(key="z-5030", name="Old", active=False)
    }
    decision = to_zoho(REVISED, mappings=inactive, lost={("account", "z-5030"): False})
    assert where(decision) == ("z-acme", {"z-5030"})


def test_a_merged_vendors_order_goes_on_with_the_master() -> None:
    gone = {("vendor", "z-acme"): True}
    assert isinstance(to_zoho(order(), lost=gone), Nothing), "it stands with the master already"
    assert where(to_zoho(REVISED, lost=gone)) == ("z-master", {"z-5030"})


def test_a_merged_vendors_order_waits_for_its_mapping_and_no_longer() -> None:
    unmapped = ELSEWHERE | {
        MappingKey("vendor", "10"): MappedTarget(key="z-acme", name="Acme", active=False)
    }
    decision = to_zoho(REVISED, mappings=unmapped, lost={("vendor", "z-acme"): True})
    assert isinstance(decision, Waiting)
    assert [missing.key for missing in decision.missing] == [MappingKey("vendor", "10")]


def test_a_bill_is_judged_like_an_order() -> None:
    first = part_of(decide_to_zoho(BILLS, bill()))
    link = by_mappings(posted(first))
    raw = bill(bill_item(description="Another text"))
    live = {PART: at_target(total=first.total)}
    lost = {("vendor", "z-acme"): True, ("account", "z-5030"): False}
    facts = Facts(mappings=ELSEWHERE, live=live, lost=lost)
    decision = again(TO_ZOHO, BILLS, raw, {PART: link}, facts, context())
    assert where(decision) == ("z-master", {"z-new"})


def test_what_a_person_chose_for_posted_documents_counts() -> None:
    chosen = {MappingKey("account", "5030"): "z-new"}
    decision = to_zoho(order(), replace(POSTED, renewed=chosen))
    assert where(decision) == ("z-acme", {"z-new"})
    other = {MappingKey("account", "5030"): "z-other"}
    assert isinstance(to_zoho(order(), replace(POSTED, renewed=other)), Nothing), (
        "the mapping was changed once more since"
    )


def test_what_is_restored_keeps_the_mappings_it_was_posted_with() -> None:
    assert where(to_zoho(order(), replace(POSTED, payload={}))) == ("z-acme", {"z-5030"})


def test_a_kept_currency_is_not_mapped_anew() -> None:
    other = MAPPED | {
        MappingKey("currency", "USD"): MappedTarget(
            key="z-usd-2", name="US Dollar", attributes={"base": True}
        )
    }
    assert isinstance(to_zoho(order(), mappings=other), Nothing)


# --- commitments ----------------------------------------------------------------------------------

MOVED = commitments.MAPPED | {
    MappingKey("vendor", "v1"): MappedTarget(key="950", name="Acme Corp", attributes={}),
    MappingKey("cost_code", f"*|{CONCRETE}"): code("09-999.M", **BOTH),
}
MORE = commitments.order(commitments.line(quantity="20", item_total="100.00"))


def to_procore(raw: dict[str, Any], **facts: Any) -> Any:
    links = {part: by_mappings(link) for part, link in commitment(commitments.order()).items()}
    (part,) = links
    live = {part: at_target(status="Draft", total=links[part].total, content={"project_id": part})}
    given: dict[str, Any] = {"mappings": MOVED, "live": live} | facts
    found = Facts(**given)
    return again(TO_PROCORE, ORDERS, raw, links, found, commitments.context())


def codes(decision: Any) -> tuple[str, set[str]]:
    assert isinstance(decision, Deliver), decision
    part = decision.parts[0]
    return part.payload["vendor_id"], {line["wbs_code_id"] for line in part.payload["lines"]}


def test_a_revised_commitment_keeps_targets_that_are_in_use() -> None:
    assert codes(to_procore(MORE)) == ("900", {"100-03-300.M"})


def test_a_revised_commitment_leaves_what_is_not_in_use() -> None:
    lost = {("vendor", "900"): True, ("cost_code", "100-03-300.M"): False}
    assert codes(to_procore(MORE, lost=lost)) == ("950", {"100-09-999.M"})


def test_a_commitment_does_not_move_because_a_code_was_closed() -> None:
    lost = {("cost_code", "100-03-300.M"): False}
    assert isinstance(to_procore(commitments.order(), lost=lost), Nothing)


def test_a_code_that_is_not_in_use_stays_while_the_mapping_knows_no_better() -> None:
    lost = {("cost_code", "100-03-300.M"): False}
    decision = to_procore(MORE, mappings=commitments.MAPPED, lost=lost)
    assert codes(decision) == ("900", {"100-03-300.M"})
