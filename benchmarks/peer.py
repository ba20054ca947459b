"""The peer: a small Django project with one door, as somebody would write it in an afternoon.

``/nothing/`` answers 204 and does nothing else; ``/insert/`` first stores the delivery in a table
of its own, in one statement. Neither proves anything or knows tenants, and nobody follows what came
in. Knows nothing of ours; `peer_wsgi` serves it.
"""

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "benchmark_peer_inbox"
NOTHING, INSERT = "/nothing/", "/insert/"
MAKE_TABLE = f"""
CREATE TABLE {TABLE} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
)
"""


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def insert(request: HttpRequest) -> HttpResponse:
    event = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (event_id, body) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [event["ulid"], request.body.decode()],
        )
    return HttpResponse(status=204)


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200)


urlpatterns = [
    path("nothing/", nothing),
    path("insert/", insert),
    path("healthz", ready),
]
