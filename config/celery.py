"""Celery's application: reads the settings, finds `tasks.py`, knows no task by import.

Start workers with `celery -A config.celery worker --pool threads`, and one beat with
`celery -A config.celery beat`. Both refuse to start with a demo's settings.
"""

import os
import sys

import django
from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured
from kombu.transport.redis import Channel

from config.checks import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("connector")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The one application in every thread, not only in the thread that imported this.
app.set_default()
# A worker that lost Redis cannot put back the bells that it took. kombu would try, and write them
# into a file of the machine's temporary folder; the dispatcher rings again within seconds.
Channel.do_restore = False


def end_with_unsafe_settings(**kwargs: object) -> None:
    """End the process: Celery runs the checks too, but goes on whatever they say."""
    django.setup()
    try:
        refuse_unsafe_settings()
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from error


worker_init.connect(end_with_unsafe_settings)
beat_init.connect(end_with_unsafe_settings)
