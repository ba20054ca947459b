"""The WSGI application of the peer: no middleware, the same pool of connections as ours has."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from config.env import database_config, env
from config.processes import die_with_parent_if_supervised
from tenants.roles import DEFAULT_PREFIX, RoleNames

settings.configure(
    ROOT_URLCONF="benchmarks.peer",
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": database_config(
            env.str("DATABASE_URL"),
            role=RoleNames.with_prefix(DEFAULT_PREFIX).app,
            pool_size=env.int("DATABASE_POOL"),
        )
    },
)
die_with_parent_if_supervised()
django.setup()
application = WSGIHandler()
