"""What people do to orders in the days after the first sync, by default to two hundred of them.

A scribe and a number of orders enter; orders are written down as they were and as they end, and the
steps that lead there leave, at least one for each of them. No end depends on how many of an order's
edits were seen one by one: a project that is added stays, and what is cancelled was not changed
before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connectors.sandbox.companies import construction_edits as edits
from connectors.sandbox.companies import construction_planted as planted
from connectors.sandbox.companies import construction_shapes as shapes
from connectors.sandbox.companies.construction_codes import LANDSCAPING, UNBUDGETED, UNMAPPED
from connectors.sandbox.companies.construction_edits import Edit, Step
from connectors.sandbox.companies.construction_scribe import Order, Scribe
from connectors.sandbox.companies.construction_script import MAPPING, Commitments, Stage
from connectors.sandbox.companies.construction_shapes import Part, Shape, goods
from connectors.sandbox.companies.parts import text

EDITED = 1
Story = Callable[[Scribe], list[Step]]
CLOSED = {"status": "Closed"}
# What befalls ordinary orders: about half of them are edited again and again.
RUNS: tuple[tuple[Edit, ...], ...] = (
    (edits.more, edits.dearer, edits.add, edits.drop, edits.fewer),
    (edits.later,),
    (edits.more, edits.more, edits.dearer),
    (edits.recode,),
    (edits.another_vendor, edits.fewer),
    (edits.add,),
    (edits.recode, edits.add, edits.later),
    (edits.dearer,),
    (edits.add, edits.note, edits.more, edits.recode),
    (edits.another_vendor,),
    (edits.drop, edits.another_vendor),
    (edits.fewer,),
    (edits.note,),
)


def prepare(s: Scribe, count: int, *, plain: bool = False, moves: bool = False) -> None:
    """Write the edits of exactly `count` Zoho orders, those of planted cases among them; plain ones
    all end as posted.

    With `moves`, some plain ones change over between projects and some are cancelled.
    """
    invoices: list[Step] = []
    # Each story is about one order.
    wanted = (_MOVES if moves else ()) if plain else _stories(invoices)
    stories = [story(s) for story in wanted]
    edited_by_cases = {
        step["id"] for step in s.script.edits.get(EDITED, ()) if step["op"] == "edit"
    }
    fewest = len(stories) + len(edited_by_cases)
    if fewest > count:
        raise ValueError(
            f"This company needs at least edited={fewest}, or plain=true, or edited=0."
        )
    while len(stories) + len(edited_by_cases) < count:
        stories.append(edited(s, RUNS[s.next("run") % len(RUNS)]))
    first, *others = invoices + list(_woven(stories))
    s.script.acts.append([{"name": f"{count} orders edited"} | first, *others])


def _stories(invoices: list[Step]) -> Iterator[Story]:
    """What happens besides, each several times."""
    once: tuple[Story, ...] = (
        cancelled,
        cancelled_split,
        lambda s: invoiced(s, invoices, cancel=True),
        lambda s: invoiced(s, invoices, cancel=False),
        account_unmapped,
        vendor_unknown,
        rule_added,
        opened,
        opened_split,
        approved,
        spread,
        spread,
        moved,
        moved,
        withdrawn_part,
        lambda s: doubled(s, shapes.split_taxed(s.rng, s.several_projects())),
        lambda s: doubled(s, shapes.split_discount(s.rng, s.several_projects())),
        lambda s: doubled(s, shapes.discount_taxed(s.rng, s.project())),
        adjusted,
        undiscounted,
        billed,
    )
    yield from once
    yield from once
    for project in UNBUDGETED:
        yield lambda s, project=project: budget_left(s, project)  # type: ignore[misc]
    yield from (status_known, budget_found, yard_cancelled)


def _woven(stories: list[list[Step]]) -> Iterator[Step]:
    """One order's edits in a row, then four orders' edits in turns, and so on."""
    rest = list(stories)
    size = 1
    while rest:
        group, rest = [list(steps) for steps in rest[:size]], rest[size:]
        while any(group):
            yield from (steps.pop(0) for steps in group if steps)
        size = 5 - size


# Edited and edited again


def edited(s: Scribe, run: tuple[Edit, ...]) -> list[Step]:
    """An ordinary order; every other one keeps a line that quantity and rate do not reproduce."""
    project = s.project()
    lines = [shapes.ware(s.rng, project) for _ in range(3)]
    shape = shapes.of_lines(project, lines)
    if s.next("edited") % 4 == 0:
        case = s.rng.choice(shapes.ROUNDED)
        # Last, so that no edit takes it away.
        shape.parts[0].lines.append(shapes.Line(shapes.MEASURED, "5010", *case))
        shape.parts[0].method = "amount"
    order = s.posted(s.order(shape))
    return _ends(order, [edit(s, order) for edit in run])


def spread(s: Scribe) -> list[Step]:
    """One line of an order turns out to be for another project; that part is the second one."""
    project, other, _ = s.several_projects()
    order = s.posted(s.order(_of_two(s, [project])))
    part, moved_line = order.parts[0], order.lines[1]
    order.parts.append(Part(other, [], "-2"))
    steps = [edits.move(order, moved_line, part, order.parts[1]), edits.more(s, order)]
    return _ends(order, steps)


def moved(s: Scribe) -> list[Step]:
    """A line changes over from the first part to the second."""
    order = s.posted(s.order(_of_two(s, s.several_projects()[:2])))
    first, second = order.parts
    return _ends(order, [edits.move(order, first.lines[1], first, second), edits.more(s, order)])


def withdrawn_part(s: Scribe) -> list[Step]:
    """All that the second project had goes to the first; its commitment is closed."""
    first, second, _ = s.several_projects()
    parts = [
        Part(first, [goods("Excavator, week", "5130", 2, 310_000)], "-1"),
        Part(second, [goods("Roller, week", "5130", 1, 145_000)], "-2"),
    ]
    order = s.posted(s.order(shapes.of_parts(parts)))
    closed = order.commitments()[1] | CLOSED
    steps = [edits.move(order, parts[1].lines[0], parts[1], parts[0])]
    order.parts.remove(parts[1])
    _then(order, Stage(EDITED, "posted", [*order.commitments(), closed]))
    return steps


def _of_two(s: Scribe, projects: list[int]) -> Shape:
    """Two lines for each project, on accounts that every project has."""
    parts = [
        Part(
            project,
            [
                goods("Concrete blanket", "5150", s.rng.randint(2, 20), 8_900),
                goods("Temporary heat, week", "5130", s.rng.randint(1, 6), 64_500),
            ],
            f"-{n}" if len(projects) > 1 else "",
        )
        for n, project in enumerate(projects, start=1)
    ]
    return shapes.of_parts(parts)


def doubled(s: Scribe, shape: Shape) -> list[Step]:
    order = s.posted(s.order(shape))
    return _ends(order, [edits.double(order) for _ in range(s.next("double") % 2 + 1)])


def adjusted(s: Scribe) -> list[Step]:
    order = s.posted(s.order(shapes.adjusted(s.rng, s.project())))
    return _ends(order, [edits.adjust(order, s.rng.choice((-12, 4400, -250)))])


def undiscounted(s: Scribe) -> list[Step]:
    order = s.posted(s.order(shapes.discount_percent(s.rng, s.project())))
    return _ends(order, [edits.without_discount(order)])


def billed(s: Scribe) -> list[Step]:
    """Billed in Zoho Books: the commitment stays as it is."""
    order = s.posted(s.order(shapes.plain(s.rng, s.project())))
    return _ends(order, [edits.status_to(order, "billed")])


def _ends(order: Order, steps: list[Step]) -> list[Step]:
    _then(order, Stage(EDITED, "posted", order.commitments()))
    return steps


def _then(order: Order, stage: Stage) -> None:
    if order.document is None:
        raise ValueError(f"{order.number} has no beginning.")
    order.document.stages.append(stage)


# From one status to another


def opened(s: Scribe) -> list[Step]:
    """A draft is changed twice and then issued."""
    order = s.not_applicable(s.order(_of_two(s, [s.project()]), status="draft"))
    steps = [edits.more(s, order), edits.add(s, order), edits.status_to(order, "open")]
    return _ends(order, steps)


def opened_split(s: Scribe) -> list[Step]:
    shape = shapes.split_everything(s.rng, s.several_projects())
    order = s.not_applicable(s.order(shape, status="draft"))
    return _ends(order, [edits.later(s, order), edits.status_to(order, "open")])


def approved(s: Scribe) -> list[Step]:
    shape = shapes.taxed(s.rng, s.project())
    order = s.not_applicable(s.order(shape, status="pending_approval"))
    return _ends(order, [edits.status_to(order, "approved")])


def cancelled(s: Scribe) -> list[Step]:
    return _cancelled(s.posted(s.order(shapes.plain(s.rng, s.project()))))


def cancelled_split(s: Scribe) -> list[Step]:
    return _cancelled(s.posted(s.order(shapes.split_taxed(s.rng, s.several_projects()))))


def _cancelled(order: Order) -> list[Step]:
    """What is approved cannot be deleted; it is closed."""
    closed = [commitment | CLOSED for commitment in order.commitments()]
    _then(order, Stage(EDITED, "cancelled", closed))
    return [edits.status_to(order, "cancelled")]


def yard_cancelled(s: Scribe) -> list[Step]:
    """It never got anywhere."""
    order = planted.yard_order(s)
    _then(order, Stage(EDITED, "not_applicable"))
    return [edits.status_to(order, "cancelled")]


# Into trouble


def invoiced(s: Scribe, invoices: list[Step], *, cancel: bool) -> list[Step]:
    """The vendor has invoiced the commitment in Procore before the order changes."""
    order = s.posted(s.order(_of_two(s, [s.project()])))
    before = order.commitments()
    invoices.append(_invoice(before, order.lines[0].cents))
    _then(order, Stage(EDITED, "held", before, held="invoiced"))
    return [edits.status_to(order, "cancelled") if cancel else edits.more(s, order)]


def _invoice(commitments: Commitments, cents: int) -> dict[str, Any]:
    params = {
        "project_id": commitments[0]["project"],
        "number": commitments[0]["number"],
        "amount": text(cents),
    }
    return {"op": "call", "provider": "procore", "action": "invoice", "params": params}


def account_unmapped(s: Scribe) -> list[Step]:
    """The old commitment stands until somebody maps the account."""
    order = s.posted(s.order(_of_two(s, [s.project()])))
    before = order.commitments()
    steps = [edits.recode_to(order, order.lines[0], UNMAPPED[0])]
    _waits(order, "cost_code_missing", before)
    return steps


def vendor_unknown(s: Scribe) -> list[Step]:
    order = s.posted(s.order(_of_two(s, [s.project()])))
    before = order.commitments()
    steps = [edits.vendor_to(order, s.cast.lookalike[0])]
    _waits(order, "vendor_missing", before)
    return steps


def _waits(order: Order, reason: str, before: Commitments) -> None:
    reasons = ((reason, MAPPING),)
    stage = Stage(EDITED, "waiting", order.commitments(), reasons, meanwhile=before)
    _then(order, stage)


def budget_left(s: Scribe, project: int) -> list[Step]:
    """A line moves to a code outside the project's budget."""
    order = s.posted(s.order(_of_two(s, [project])))
    _then(order, Stage(EDITED, "held", order.commitments(), held="unbudgeted"))
    return [edits.recode_to(order, order.lines[0], LANDSCAPING)]


# And out of it


def rule_added(s: Scribe) -> list[Step]:
    """Somebody moves the line to an account that is mapped, rather than map its account."""
    order = planted.unmapped_order(s)
    return _ends(order, [edits.recode_to(order, order.lines[1], "5170")])


def budget_found(s: Scribe) -> list[Step]:
    order = planted.unbudgeted_order(s, next(iter(UNBUDGETED)))
    return _ends(order, [edits.recode_to(order, order.lines[1], "5170")])


def status_known(s: Scribe) -> list[Step]:
    order = planted.unknown_order(s)
    return _ends(order, [edits.status_to(order, "open")])


# What moves between projects or ends, without any trouble.
_MOVES: tuple[Story, ...] = (cancelled, cancelled_split, spread, moved, withdrawn_part)
