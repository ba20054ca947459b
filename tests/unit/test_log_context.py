"""Ids are in scope inside a block, added to those outside it, and gone after it."""

from threading import Thread

import pytest

from connectors.core.log_context import current, log_context


def test_ids_add_up_and_go_away() -> None:
    with log_context(tenant=1, run=2):
        with log_context(document=3, run=4):
            assert dict(current()) == {"tenant": 1, "run": 4, "document": 3}
        assert dict(current()) == {"tenant": 1, "run": 2}
    assert dict(current()) == {}


def test_an_exception_ends_the_scope_too() -> None:
    with pytest.raises(ValueError, match="oops"), log_context(tenant=1):
        raise ValueError("oops")
    assert dict(current()) == {}


def test_another_thread_has_its_own_scope() -> None:
    seen: list[dict[str, object]] = []
    with log_context(tenant=1):
        thread = Thread(target=lambda: seen.append(dict(current())))
        thread.start()
        thread.join()
    assert seen == [{}]
