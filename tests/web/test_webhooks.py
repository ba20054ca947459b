"""The webhook doors: what is proved is stored and answered at once; the rest is refused."""

import json
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors import registry
from connectors.engine.inbox import claim
from connectors.models import Connection, InboxEvent, WebhookEndpoint, open_sealed
from connectors.providers.zoho_books.webhooks import SIGNATURE_HEADER, signature
from connectors.services import webhooks
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.web.world import make_connections

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = {"organization_id": "601", "purchaseorder": {"purchaseorder_id": "9001", "total": 1}}


@pytest.fixture
def zoho(people: People) -> Connection:
    return make_connections(people.tenant.pk)[1]


@pytest.fixture
def endpoint(zoho: Connection) -> WebhookEndpoint:
    return webhooks.open_endpoint(zoho, actor=ACTOR)


def secret_of(endpoint: WebhookEndpoint) -> str:
    with tenant_scope(endpoint.tenant_id):
        return str(open_sealed(endpoint, webhooks.SEALED)["secret"])


def path_of(endpoint: WebhookEndpoint, provider: str = "zoho_books") -> str:
    return f"/webhooks/{provider}/{endpoint.token}/"


def send(
    client: Client,
    endpoint: WebhookEndpoint,
    body: bytes,
    *,
    query: dict[str, str] | None = None,
    content_type: str = "application/json",
    signed: str | None = None,
) -> Any:
    pairs = sorted((query or {}).items())
    if content_type.endswith("urlencoded"):
        form = [tuple(part.split("=")) for part in body.decode().split("&")]
        given = signature([*pairs, *form], b"", secret_of(endpoint))  # type: ignore[list-item]
    else:
        given = signature(pairs, body, secret_of(endpoint))
    address = path_of(endpoint) + (f"?{urlencode(query)}" if query else "")
    headers = {SIGNATURE_HEADER: given if signed is None else signed}
    return client.post(address, body, content_type=content_type, headers=headers)


def inbox(endpoint: WebhookEndpoint) -> list[tuple[str, str, str]]:
    with tenant_scope(endpoint.tenant_id):
        return list(InboxEvent.objects.order_by("pk").values_list("resource", "key", "status"))


def refusals(endpoint: WebhookEndpoint) -> tuple[int, str]:
    with tenant_scope(endpoint.tenant_id):
        row = WebhookEndpoint.objects.get(pk=endpoint.pk)
    return row.refused, row.refused_words


def test_a_signed_delivery_is_stored_and_answered(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    answer = send(client, endpoint, json.dumps(ORDER).encode())
    assert answer.status_code == 200
    assert inbox(endpoint) == [("purchaseorder", "9001", "pending")]


def test_the_answer_costs_three_statements(client: Client, endpoint: WebhookEndpoint) -> None:
    body = json.dumps(ORDER).encode()
    headers = {SIGNATURE_HEADER: signature([], body, secret_of(endpoint))}
    path = path_of(endpoint)
    with CaptureQueriesContext(database) as captured:
        answer = client.post(path, body, content_type="application/json", headers=headers)
    asked = [q["sql"] for q in captured if not q["sql"].startswith(("BEGIN", "COMMIT"))]
    assert answer.status_code == 200
    assert len(asked) == 3, asked


def test_form_and_query_are_signed_as_sorted_pairs(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    answer = send(
        client,
        endpoint,
        b"purchaseorder_id=77&organization_id=601",
        query={"b": "2", "a": "1"},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert inbox(endpoint) == [("purchaseorder", "77", "pending")]


@pytest.mark.parametrize(
    ("body", "signed", "words"),
    [
        (json.dumps(ORDER).encode(), "0" * 64, "signature"),
        (json.dumps(ORDER).encode(), "", "signature"),
        (json.dumps({**ORDER, "organization_id": "602"}).encode(), None, "602"),
        (b"{not json", None, "JSON"),
        (b"[]", None, "JSON"),
        (b'{"organization_id": "601"}', None, "names no"),
    ],
)
def test_what_is_not_proved_is_counted_and_not_stored(
    client: Client, endpoint: WebhookEndpoint, body: bytes, signed: str | None, words: str
) -> None:
    answer = send(client, endpoint, body, signed=signed)
    assert answer.status_code == 401
    assert answer.content == b""
    assert inbox(endpoint) == []
    count, why = refusals(endpoint)
    assert count == 1
    assert words in why


def test_an_unknown_address_and_a_foreign_provider_are_nobody(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    assert (
        client.post(f"/webhooks/zoho_books/{uuid.uuid4()}/", b"{}", "application/json").status_code
        == 404
    )
    body = json.dumps(ORDER).encode()
    headers = {SIGNATURE_HEADER: signature([], body, secret_of(endpoint))}
    answer = client.post(
        path_of(endpoint, "procurify"), body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 401
    assert inbox(endpoint) == []


def test_a_huge_body_is_refused_unread(client: Client, endpoint: WebhookEndpoint) -> None:
    assert send(client, endpoint, b" " * 1_000_001).status_code == 413
    assert inbox(endpoint) == []


def test_a_secret_that_no_key_opens_is_answered_calmly_and_seen(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    with tenant_scope(endpoint.tenant_id), database.cursor() as cursor:
        other = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
        cursor.execute("UPDATE connectors_webhookendpoint SET sealed_secret = %s", [other])
    answer = send(client, endpoint, json.dumps(ORDER).encode(), signed="0" * 64)
    assert (answer.status_code, answer.content) == (503, b"")
    assert inbox(endpoint) == []
    count, why = refusals(endpoint)
    assert count == 1
    assert "FIELD_ENCRYPTION_KEYS" in why


@pytest.mark.parametrize(
    "body",
    [
        b'{"purchaseorder": {"purchaseorder_id": "9\\u0000"}}',
        b'{"purchaseorder": {"purchaseorder_id": "\\ud800"}}',
        b'{"purchaseorder": {"purchaseorder_id": "' + b"9" * 5000 + b'"}}',
        b'{"purchaseorder": {"purchaseorder_id": 1e-50000000}}',
        b'{"purchaseorder": {"purchaseorder_id": ' + b"9" * 5000 + b"}}",
        b'{"purchaseorder": {"purchaseorder_id": Infinity}}',
        b'{"purchaseorder_id": "1", "organization_id": {"a": "\\u0000"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x00\xff\xfe",
    ],
)
def test_odd_bodies_are_refused_or_kept(
    client: Client, endpoint: WebhookEndpoint, body: bytes
) -> None:
    assert send(client, endpoint, body).status_code in (200, 401)
    kept = inbox(endpoint)
    assert len(kept) + refusals(endpoint)[0] == 1


def test_an_endpoint_belongs_to_one_tenant(
    client: Client, endpoint: WebhookEndpoint, people: People
) -> None:
    send(client, endpoint, json.dumps(ORDER).encode())
    with tenant_scope(people.other_tenant.pk):
        assert not InboxEvent.objects.exists()
        assert not WebhookEndpoint.objects.exists()


def test_hints_without_an_integration_are_put_aside(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    send(client, endpoint, json.dumps(ORDER).encode())

    def load(tenant: int, integration: int) -> Any:
        raise AssertionError("there is no integration")

    assert webhooks.follow_inbox(endpoint.tenant_id or 0, endpoint.connection_id, load) == 1
    assert inbox(endpoint) == [("purchaseorder", "9001", "ignored")]
    assert webhooks.replay(endpoint.tenant_id or 0, _ids(endpoint), actor=ACTOR) == 1
    assert inbox(endpoint) == [("purchaseorder", "9001", "pending")]


def _ids(endpoint: WebhookEndpoint) -> list[int]:
    with tenant_scope(endpoint.tenant_id):
        return list(InboxEvent.objects.values_list("pk", flat=True))


def test_the_address_names_no_tenant(endpoint: WebhookEndpoint) -> None:
    with tenant_scope(endpoint.tenant_id):
        row = WebhookEndpoint.objects.select_related("connection").get(pk=endpoint.pk)
    address = webhooks.address(row)
    assert str(endpoint.token) in address
    assert "acme" not in address
    assert registry.provider("zoho_books").webhooks is not None


def test_what_one_worker_follows_no_other_does_until_its_time_is_over(
    client: Client, endpoint: WebhookEndpoint
) -> None:
    assert send(client, endpoint, json.dumps(ORDER).encode()).status_code == 200
    with tenant_scope(endpoint.tenant_id):
        assert len(claim(endpoint.connection_id)) == 1
        assert claim(endpoint.connection_id) == []
        InboxEvent.objects.update(next_at=timezone.now())  # the worker has died
        assert len(claim(endpoint.connection_id)) == 1
