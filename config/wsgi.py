"""The WSGI application that a web server loads; refuses to start with a demo's settings."""

import os

from django.core.checks import Tags
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from config.processes import die_with_parent_if_supervised

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A web server forks its workers itself, so they have to tie themselves to it.
die_with_parent_if_supervised()
application = get_wsgi_application()
# Commands run the checks themselves, a web server does not.
call_command("check", tags=[Tags.security], verbosity=0)
