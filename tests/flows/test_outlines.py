"""Both sides in outline: what a flow posts has a line of the source for each line, and its sums."""

from decimal import Decimal

from connectors.core.outlines import Outline
from connectors.flows.procurify_to_zoho_books.flow import FLOW as TO_ZOHO
from connectors.flows.zoho_books_to_procore.flow import FLOW as TO_PROCORE
from tests.flows import commitments, world
from tests.flows.procurify import bill, bill_item, order, order_item, shares


def source(flow: object, stream: str, raw: object) -> Outline:
    found = TO_ZOHO if flow is TO_ZOHO else TO_PROCORE
    assert found.outlines is not None
    record = found.stream(stream).parse(raw)  # type: ignore[arg-type]
    return found.outlines.source(stream, record, found.default_options())


def test_an_allocated_item_is_one_line_here_and_several_there() -> None:
    split = shares(("5030", "30.00"), ("6010", "20.00"))
    raw = order(order_item(spend_allocation=split), freight="5.00", total="55.00")
    payload = world.part_of(world.decide(world.ORDERS, raw)).payload
    assert TO_ZOHO.outlines is not None
    ours = source(TO_ZOHO, world.ORDERS, raw)
    theirs = TO_ZOHO.outlines.posted(world.ORDERS, payload)
    assert [line.of for line in ours.lines] == ["501", "charge:freight"]
    assert [line.of for line in theirs.lines] == ["501", "501", "charge:freight"]
    assert [line.key for line in ours.meant] == [line.key for line in theirs.lines]
    assert [line.amount for line in theirs.lines] == [
        Decimal("30.00"),
        Decimal("20.00"),
        Decimal("5.00"),
    ]
    assert ours.lines[0].account
    assert ours.lines[0].account.label == "5030, 6010"
    assert ours.total == theirs.total == Decimal("55.00")


def test_what_does_not_add_up_is_said_and_the_lines_still_shown() -> None:
    wrong = bill_item(cost_allocations=shares(("5030", "11.00"), ("5040", "2.00"), where="budget"))
    ours = source(TO_ZOHO, world.BILLS, bill(wrong))
    assert "add up to" in ours.trouble
    assert [line.name for line in ours.lines] == ["Bearing block"]
    assert ours.meant == ()


def test_an_order_of_two_projects_has_its_lines_in_both_commitments() -> None:
    raw = commitments.order(commitments.line("l1", "p1"), commitments.line("l2", "p2"))
    parts = commitments.parts(commitments.decide(raw))
    assert TO_PROCORE.outlines is not None
    ours = source(TO_PROCORE, "purchase_order", raw)
    once = {part.reference: part for part in parts}.values()
    theirs = [TO_PROCORE.outlines.posted(part.target_kind, part.payload) for part in once]
    assert [line.of for one in theirs for line in one.lines] == [line.of for line in ours.lines]
    assert sum(one.total or 0 for one in theirs) == ours.total
    assert [line.project.key for line in ours.lines if line.project] == ["p1", "p2"]
    assert "Project" not in [one.label for one in ours.fields]
