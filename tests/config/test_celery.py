"""Every process and thread of the service rings through our Celery, and keeps nothing there."""

from threading import Thread

from celery import current_app
from django.conf import settings

from tests.timing import PATIENCE


def test_every_thread_has_our_application() -> None:
    seen: list[str] = []
    for thread in [Thread(target=lambda: seen.append(current_app.main)) for _ in range(2)]:
        thread.start()
        thread.join()
    assert seen == ["connector", "connector"]


def test_tasks_go_to_our_broker_and_leave_no_results() -> None:
    assert current_app.conf.broker_url == settings.CELERY_BROKER_URL
    assert current_app.conf.task_ignore_result is True
    assert current_app.conf.result_backend is None


def test_beat_rings_for_tasks_that_exist() -> None:
    current_app.loader.import_default_modules()
    rung = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    regular = ("dispatch", "housekeeping", "hourly", "daily")
    assert rung == {f"connectors.{name}" for name in regular}
    assert rung <= set(current_app.tasks)


def test_an_unread_bell_expires_when_the_next_one_rings() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"]["expires"] == entry["schedule"].total_seconds()


def test_no_bell_is_kept_in_redis_until_it_is_acknowledged() -> None:
    # With it a worker that loses Redis while a task runs ends with an AttributeError in kombu.
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["ack_emulation"] is False
    assert not current_app.conf.task_acks_late


def test_a_worker_that_loses_redis_leaves_no_bell_behind() -> None:
    """kombu would log an error, and write the bells into a file, while Redis is away."""
    queue = f"{settings.REDIS_KEY_PREFIX}.left"
    with current_app.connection_for_read() as connection:
        connection.default_channel.queue_delete(queue)
        connection.SimpleQueue(queue).put({"rings": 1})
        taken = connection.SimpleQueue(queue, no_ack=False).get(timeout=PATIENCE)
        assert taken.payload == {"rings": 1}
    with connection.clone() as again:
        assert again.default_channel._size(queue) == 0
