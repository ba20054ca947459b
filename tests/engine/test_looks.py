"""A look after posting that cannot be made now is left to the next run."""

import pytest

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.engine import drift, looks
from connectors.models import Document
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import World, failing

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_broken_answer_ends_no_work_and_keeps_the_flag(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    world.set(Document, wants_look=True)
    broken = ProviderError(
        ErrorFacts(kind=ErrorKind.TRANSIENT, message="It answered with no JSON.", provider="tiny")
    )
    monkeypatch.setattr(drift, "look_at_document", failing(broken))
    assert looks.look_after_posting(world.job(), [world.document("p1")]) == 0
    assert world.document("p1").wants_look
