"""Planted cases of orders that came to rest, and of what people do to them then.

A scribe enters; orders are written down under the name of their case, with what people do in the
service and in Procore meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.sandbox.companies import construction_edits as edits
from connectors.sandbox.companies import construction_shapes as shapes
from connectors.sandbox.companies.construction_codes import SURVEYING
from connectors.sandbox.companies.construction_planted import nowhere
from connectors.sandbox.companies.construction_projects import YARD, procore_project_id, wbs_id
from connectors.sandbox.companies.construction_scribe import Order, Scribe
from connectors.sandbox.companies.construction_script import NEVER, Document, Stage
from connectors.sandbox.companies.construction_shapes import Shape, goods
from connectors.sandbox.companies.construction_vendors import Vendor
from connectors.sandbox.companies.parts import text

EDITED, REST = 1, 2
REST_NAME = "the rest"
# What Procore takes of a line's text, as its refusal says.
LONGEST_LINE = 1000
INSTEAD = "01-450.P"


def plant(s: Scribe) -> None:
    """Each case once."""
    dismissed(s)
    dismissed_and_cancelled(s)
    typed_before_and_linked(s)
    deleted_in_procore(s)
    number_reused(s)
    older_than_history(s)
    long_text(s)
    answer_lost(s)
    update_lost(s)
    mapping_changed(s)


def dismissed(s: Scribe) -> None:
    """A person does not want it in Procore."""
    order = s.waiting(s.order(shapes.of_parts([nowhere(s, YARD)])), ("project_missing", NEVER))
    document = document_of(order)
    s.script.deed(EDITED, "dismiss", document, reason="Ours alone")
    document.stages.append(Stage(EDITED, "dismissed"))
    s.script.case("order that a person dismissed", document)


def dismissed_and_cancelled(s: Scribe) -> None:
    """Nobody will map its new vendor; dismissed was that change, and not what comes later."""
    order = s.posted(s.order(_pump(7), _vendor(s)))
    document, posted = document_of(order), order.commitments()
    s.script.edit(EDITED, edits.vendor_to(order, s.cast.others[0]))
    reasons = (("vendor_missing", NEVER),)
    document.stages.append(Stage(EDITED, "waiting", [], reasons, meanwhile=posted))
    s.script.deed(REST, "dismiss", document, reason="The old vendor delivers")
    s.script.edit(REST, edits.status_to(order, "cancelled"))
    closed = [commitment | {"status": "Closed"} for commitment in posted]
    document.stages.append(Stage(REST, "cancelled", closed))
    s.script.case("posted order, dismissed when it changed, and cancelled later", document)


def typed_before_and_linked(s: Scribe) -> None:
    """On day one the commitment stood in Procore already; linked, it follows Zoho Books."""
    order = s.held(s.order(_pump(3), _vendor(s)), "duplicate_suspected")
    s.typed.append(_typed_by_hand(order))
    document = document_of(order)
    s.linked[order.number] = EDITED
    s.script.deed(EDITED, "link", document, target=order.number)
    document.stages.append(Stage(EDITED, "posted", order.commitments()))
    s.script.edit(REST, edits.later(s, order))
    document.stages.append(Stage(REST, "posted", order.commitments()))
    s.script.case("commitment typed into Procore by hand, linked by a person", document)


def _typed_by_hand(order: Order) -> dict[str, Any]:
    """For another amount, and on another budget code."""
    (part,) = order.parts
    line = {
        "id": 372_001,
        "wbs_code_id": wbs_id(part.project, "01-560.M"),
        "description": "Pumps, as agreed on the phone",
        "quantity": "1",
        "unit_cost": "5000.00",
    }
    return {
        "id": 362_001,
        "project_id": procore_project_id(part.project),
        "number": order.number,
        "title": "Pumps",
        "vendor_id": order.vendor.procore_id,
        "accounting_method": "unit",
        "status": "Approved",
        "contract_date": order.day.isoformat(),
        "line_items": [line],
    }


def deleted_in_procore(s: Scribe) -> None:
    """What is deleted keeps its origin id, so that the commitment made anew gets the next one."""
    order = s.posted(s.order(_pump(1), _vendor(s)))
    document = document_of(order)
    s.script.deed(REST, "delete_target", document)
    s.script.deed(REST, "put_back", document, reason="Deleted by mistake")
    (posted,) = order.commitments()
    anew = posted | {"origin": f"{posted['origin'].removesuffix(':1')}:2"}
    document.stages.append(Stage(REST, "posted", [anew]))
    s.script.case("posted commitment that was deleted in Procore, posted anew", document)


def number_reused(s: Scribe) -> None:
    """The cancelled order gives its number up in Zoho Books. Procore gives a number twice: what we
    closed keeps none from the new order.
    """
    order = s.posted(s.order(_pump(2), _vendor(s)))
    document, number = document_of(order), order.number
    closed = [commitment | {"status": "Closed"} for commitment in order.commitments()]
    s.script.edit(EDITED, edits.status_to(order, "cancelled"))
    s.script.edit(EDITED, edits.step(order, {"purchaseorder_number": f"{number}-VOID"}))
    document.stages.append(Stage(EDITED, "cancelled", closed))
    again = s.order(_pump(4), order.vendor, number=number, listed=False)
    s.script.edit(REST, edits.added(again.record))
    new = s.script.add(again.key, number, Stage(REST, "posted", again.commitments()))
    s.script.case("number of a cancelled order, used again", document, new)


def older_than_history(s: Scribe) -> None:
    """Nobody reads what did not change since the history start; an order that does is posted."""
    day = s.start - timedelta(days=60)
    untouched, touched = (s.unread(s.order(_pump(n), _vendor(s), day=day)) for n in (5, 6))
    s.script.edit(EDITED, edits.later(s, touched))
    document = document_of(touched)
    document.stages.append(Stage(EDITED, "posted", touched.commitments()))
    s.script.case("order older than the history start", document_of(untouched))
    s.script.case("order older than the history start that is edited", document)


def long_text(s: Scribe) -> None:
    """A draft without lines until somebody enters Procore's limit; then the text is shortened."""
    words = "Complete with frame, hoses and check valve, as the vendor describes it. " * 20
    line = replace(goods("Trash pump", "5150", 2, 240_000), description=words)
    order = s.order(shapes.of_lines(1, [line]), _vendor(s))
    (whole,) = order.commitments()
    draft = whole | {"status": "Draft", "total": text(0), "lines": []}
    document = s.script.add(order.key, order.number, Stage(0, "held", [draft], held="refused"))
    s.script.deed(EDITED, "option", document, option="line_limit", value=LONGEST_LINE)
    shown = f"Trash pump; {words}"[: LONGEST_LINE - 1].rstrip() + "…"
    lines = [row | {"text": shown} for row in whole["lines"]]
    document.stages.append(Stage(EDITED, "posted", [whole | {"lines": lines}]))
    s.script.case("line with a text longer than Procore takes", document)


def answer_lost(s: Scribe) -> None:
    """The answer to the create is lost while somebody corrects the number: one commitment."""
    order = s.order(_pump(8), _vendor(s), listed=False)
    number = f"{order.number}-A"
    match = {"provider": "procore", "method": "PATCH", "body_regex": order.number}
    rule: dict[str, Any] = {"kind": "drop_after", "count": 1, "match": match}
    rule["meanwhile"] = [edits.step(order, {"purchaseorder_number": number})]
    s.script.edit(EDITED, {"op": "fault", "rule": rule})
    s.script.edit(EDITED, edits.added(order.record))
    posted = [commitment | {"number": number} for commitment in order.commitments()]
    document = s.script.add(order.key, order.number, Stage(EDITED, "posted", posted))
    s.script.case("create whose answer is lost while its number is corrected", document)


def update_lost(s: Scribe) -> None:
    """It never arrived, and nothing but the delivery date tells so."""
    order = s.posted(s.order(_pump(9), _vendor(s)))
    match = {"provider": "procore", "method": "PATCH", "body_regex": f":{order.key}:1:1"}
    rule = {"kind": "drop_before", "count": 1, "match": match}
    s.script.edit(EDITED, {"op": "fault", "rule": rule})
    s.script.edit(EDITED, edits.later(s, order))
    document = document_of(order)
    document.stages.append(Stage(EDITED, "posted", order.commitments()))
    s.script.case("change of the delivery date alone, lost on its way", document)


def mapping_changed(s: Scribe) -> None:
    """What is posted stays on its budget code though a new version comes; a new order does not."""
    order = s.posted(s.order(_survey(1), _vendor(s)))
    document = document_of(order)
    rule = {"of": "cost_code", "what": f"*|{SURVEYING}", "target": INSTEAD}
    s.script.deed(EDITED, "map", document, **rule)
    s.script.edit(EDITED, edits.later(s, order))
    document.stages.append(Stage(EDITED, "posted", order.commitments()))
    new = s.order(_survey(2), _vendor(s), listed=False)
    s.script.edit(EDITED, edits.added(new.record))
    (posted,) = new.commitments()
    lines = [line | {"wbs": INSTEAD} for line in posted["lines"]]
    after = s.script.add(new.key, new.number, Stage(EDITED, "posted", [posted | {"lines": lines}]))
    s.script.case("account mapped elsewhere after posting", document, after)


def document_of(order: Order) -> Document:
    if order.document is None:
        raise ValueError(f"{order.number} has no beginning.")
    return order.document


def _vendor(s: Scribe) -> Vendor:
    """One of the project's directory whose name in Procore stays as it is."""
    there = s.cast.directories(1)[1]
    kept = (vendor for vendor in s.cast.linked if vendor not in s.cast.confirmed)
    return next(vendor for vendor in kept if vendor.procore_id in there)


def _survey(days: int) -> Shape:
    return shapes.of_lines(1, [goods("Survey crew, day", SURVEYING, days, 120_000)])


def _pump(pieces: int) -> Shape:
    return shapes.of_lines(1, [goods("Dewatering pump, week", "5150", pieces, 180_000)])
