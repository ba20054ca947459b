"""The ASGI application that the web server loads; refuses to start with a demo's settings."""

# First: it sets Django up, and ties this process to its supervisor.
from config.wsgi import application as pages  # isort: split

from config.web.application import Application

application = Application(pages)
