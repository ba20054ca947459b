"""The WSGI application that a web server loads; refuses to start with a demo's settings."""

import os

from django.core.wsgi import get_wsgi_application

from config.checks import refuse_unsafe_settings
from config.processes import die_with_parent_if_supervised

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A web server forks its workers itself, so they have to tie themselves to it.
die_with_parent_if_supervised()
application = get_wsgi_application()
refuse_unsafe_settings()
