"""Whoever can write to Redis plants a pickle there, and it is not run."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from kombu import Queue
from kombu.exceptions import ContentDisallowed

from connectors.engine.dispatch import HEARTBEAT


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def test_the_bomb_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "hit")))  # noqa: S301 - shows what it can do
    assert (tmp_path / "hit").exists()


@pytest.mark.parametrize("protocol", [0, pickle.HIGHEST_PROTOCOL])
def test_a_pickle_in_the_cache_is_not_run(tmp_path: Path, protocol: int) -> None:
    planted = pickle.dumps(Bomb(tmp_path / "hit"), protocol)
    redis.Redis.from_url(settings.REDIS_URL).set(cache.make_key(HEARTBEAT), planted)
    assert cache.get(HEARTBEAT) is None
    assert cache.get_many([HEARTBEAT]) == {HEARTBEAT: None}
    assert not (tmp_path / "hit").exists()


def test_what_the_cache_keeps_comes_back_and_counts() -> None:
    cache.set("kept", {"at": [1, "two", None, True]}, 5)
    assert cache.get("kept") == {"at": [1, "two", None, True]}
    cache.set("count", 41, 5)
    assert cache.incr("count") == 42
    assert cache.get("count") == 42
    with pytest.raises(TypeError):
        cache.set("kept", object(), 5)


def test_a_pickle_in_the_queue_is_not_run(tmp_path: Path) -> None:
    queue = Queue(f"{settings.REDIS_KEY_PREFIX}.planted")
    with current_app.connection_for_write() as line:
        line.default_channel.queue_delete(queue.name)
        producer = line.Producer(serializer=None)
        producer.publish(
            pickle.dumps(Bomb(tmp_path / "hit")),
            content_type="application/x-python-serialize",
            content_encoding="binary",
            routing_key=queue.name,
            declare=[queue],
        )
        message = queue(line.default_channel).get(accept=current_app.conf.accept_content)
        assert message is not None
        with pytest.raises(ContentDisallowed):
            message.decode()
        message.ack()
    assert not (tmp_path / "hit").exists()
    assert list(current_app.conf.accept_content) == ["json"]
