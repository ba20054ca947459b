"""Texts longer than Zoho Books takes are shortened, numbers are held; neither is refused there."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.core.decisions import Held
from connectors.core.errors import ErrorKind, ProviderError
from connectors.engine.plans import part_ref
from connectors.flows.procurify_to_zoho_books.sink import ZohoBooksSink
from connectors.providers.zoho_books.errors import TABLE
from connectors.transport.wire import Reply
from tests.flows.procurify import bill, order, order_item
from tests.flows.world import BILLS, ORDERS, decide, linked, part_of, posted

LONG = "Deliver to the back door. " * 400


def test_a_long_note_is_shortened_and_keeps_our_mark() -> None:
    notes = part_of(decide(BILLS, bill(note=LONG))).payload["notes"]
    assert len(notes) <= 5000
    assert notes.startswith("Deliver to the back door.")
    assert "…\n\nManaged by ml-connector" in notes
    assert notes.endswith("mlc:acme:bill:77")


def test_a_short_note_stays_whole() -> None:
    notes = part_of(decide(BILLS, bill(note="Door"))).payload["notes"]
    assert notes.startswith("Door\n\nManaged by ml-connector")
    bare = part_of(decide(BILLS, bill(note=""))).payload["notes"]
    assert bare.startswith("Managed by ml-connector")


def test_a_long_line_is_shortened() -> None:
    raw = order(order_item(po_note="Bolt " * 600))
    (line,) = part_of(decide(ORDERS, raw)).payload["lines"]
    assert len(line["description"]) <= 2000
    assert line["description"].endswith("…")
    assert len(line["name"]) <= 100


def test_what_was_shortened_is_no_change_the_next_time() -> None:
    raw = bill(note=LONG)
    first = part_of(decide(BILLS, raw))
    assert part_of(decide(BILLS, raw)) == first
    assert not hasattr(decide(BILLS, raw, linked(posted(first))), "parts")


@pytest.mark.parametrize(
    ("stream", "raw"),
    [
        (BILLS, bill(invoice_number="9" * 101)),
        (ORDERS, order(order_item(), number="9" * 101)),
    ],
)
def test_a_number_that_is_too_long_is_held_with_the_limit(stream: str, raw: dict[str, str]) -> None:
    decision = decide(stream, raw)
    assert isinstance(decision, Held)
    for text in ("101 characters", "takes 100", "Shorten it in Procurify"):
        assert text in decision.words


def test_a_refused_text_says_how_to_go_on() -> None:
    """Zoho Books publishes few limits; its own words name the field and the limit."""
    said = "Please ensure that the description has less than 100 characters."
    reply = Reply(
        status=400,
        headers={},
        body={"code": 15, "message": said},
        readable=True,
        seconds=0.1,
    )
    error = TABLE.failed(reply, write=True)
    assert error is not None
    assert error.kind is ErrorKind.REJECTED
    assert said in str(error)
    assert "Shorten that text" in str(error)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("description has less than 50 characters.", "Too long: line 2, description “SKU B"),
        ("notes has less than 60 characters.", "Too long: notes “Managed by ml-connector"),
    ],
)
def test_a_refused_text_names_its_line_and_its_length(said: str, words: str) -> None:
    raw = order(
        order_item(), order_item(id=2, po_note="Bolt " * 12), total="100.00", subtotal="100.00"
    )
    part = part_of(decide(ORDERS, raw))

    class Client:
        def create_purchase_order(self, body: Mapping[str, Any]) -> None:
            body = {"code": 15, "message": f"Please ensure that the {said}"}
            reply = Reply(status=400, headers={}, body=body, readable=True, seconds=0.1)
            error = TABLE.failed(reply, write=True)
            assert error is not None
            raise error

    with pytest.raises(ProviderError) as caught:
        ZohoBooksSink().perform(Client(), part_ref(part, ""), part.steps[0])
    text = str(caught.value)
    assert words in text
    assert "characters). Shorten" in text
    assert text.count("Too long: ") == 1
    assert "Shorten that text at the source" in text
    assert caught.value.kind is ErrorKind.REJECTED
