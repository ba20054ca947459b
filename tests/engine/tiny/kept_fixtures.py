"""Fixtures of what is kept up over the tiny flow; the conftest loads them by their names."""

import pytest

from connectors.core.states import State
from connectors.engine import doorbell
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.kept import SITE, VENDOR, Kept, keep
from tests.engine.tiny.world import World


@pytest.fixture
def kept(world: World, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A vendor on either side under the same company's two names, not linked yet.

    Nobody listens to the bell: tests do themselves what it would have done.
    """
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    made = keep(world)
    made.source[VENDOR].put("v1", "Acme Ltd")
    made.target[VENDOR].put("t1", "Acme")
    return made


@pytest.fixture
def linked(kept: Kept) -> Kept:
    """The two are linked, and the target's is called as the source's."""
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.sync()
    assert kept.target[VENDOR].names() == {"t1": "Acme Ltd"}
    return kept


@pytest.fixture
def waiting(kept: Kept) -> Kept:
    """A parent of a vendor that the target lacks."""
    kept.source[VENDOR].put("v9", "Newcomer")
    kept.source[VENDOR].put("v8", "Nobody's")
    kept.world.source.put(PARENTS, "p1", party="v9")
    kept.sync()
    assert kept.world.states() == {"p1": State.WAITING}
    return kept


@pytest.fixture
def site(kept: Kept) -> Kept:
    """A site of the target's, linked to the source's two of it."""
    kept.target[SITE].put("s1", "Harbour")
    kept.source[SITE].put("z1", "Port")
    kept.source[SITE].put("z2", "Port again")
    kept.sync()
    kept.map(SITE, "z1", "s1")
    kept.map(SITE, "z2", "s1")
    kept.sync()
    return kept
