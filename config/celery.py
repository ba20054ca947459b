"""Celery's application: reads the settings, finds `tasks.py`, knows no task by import.

Start workers with `celery -A config.celery worker --pool threads`, and one beat with
`celery -A config.celery beat`.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("connector")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
