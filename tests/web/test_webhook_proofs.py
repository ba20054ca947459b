"""The proof at each provider's door over HTTP: Procore's header, and Zoho's signature of any body.

What is proved twice is stored once; comparisons take the same time whatever differs.
"""

import hmac
import json
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors import registry
from connectors.models import Connection, InboxEvent, WebhookEndpoint, open_sealed
from connectors.providers.zoho_books.webhooks import SIGNATURE_HEADER, signature
from connectors.services import connections, webhooks
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.web.world import make_connections

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = {
    "id": 123456789,
    "ulid": "01EDPD2J6SBY1163N77H95GW09",
    "timestamp": "2026-02-06T23:34:12.246562Z",
    "metadata": {"source_user_id": 1, "source_application_id": None},
    "company_id": 42,
    "project_id": 2,
    "event_type": "update",
    "resource_name": "Purchase Order Contracts",
    "resource_id": 54321,
}


@pytest.fixture
def zoho(people: People) -> WebhookEndpoint:
    return webhooks.open_endpoint(make_connections(people.tenant.pk)[1], actor=ACTOR)


@pytest.fixture
def procore(people: People) -> WebhookEndpoint:
    connection: Connection = connections.create(
        tenant_id=people.tenant.pk,
        spec=registry.provider("procore"),
        name="Procore",
        settings={"environment": "production", "company_id": "42"},
        credentials={"client_id": "an-id", "client_secret": "a-secret-of-procore"},
        actor=ACTOR,
    )
    return webhooks.open_endpoint(connection, actor=ACTOR)


def secret_of(endpoint: WebhookEndpoint) -> str:
    with tenant_scope(endpoint.tenant_id):
        return str(open_sealed(endpoint, webhooks.SEALED)["secret"])


def tell(
    client: Client, endpoint: WebhookEndpoint, event: Any = None, authorization: str | None = None
) -> int:
    given = f"Bearer {secret_of(endpoint)}" if authorization is None else authorization
    answer = client.post(
        f"/webhooks/procore/{endpoint.token}/",
        json.dumps(event or EVENT).encode(),
        content_type="application/json",
        headers={"Authorization": given},
    )
    return answer.status_code


def sign(
    client: Client,
    endpoint: WebhookEndpoint,
    body: bytes,
    content_type: str,
    pairs: list[tuple[str, str]],
    *,
    query: str = "",
    signed_body: bytes | None = None,
) -> int:
    signed = signature(pairs, body if signed_body is None else signed_body, secret_of(endpoint))
    answer = client.post(
        f"/webhooks/zoho_books/{endpoint.token}/{query}",
        body,
        content_type=content_type,
        headers={SIGNATURE_HEADER: signed},
    )
    return answer.status_code


def stored(endpoint: WebhookEndpoint) -> list[tuple[str, str, str]]:
    with tenant_scope(endpoint.tenant_id):
        rows = InboxEvent.objects.order_by("pk")
        return [(row.resource, row.key, row.event_id or "") for row in rows]


def refused(endpoint: WebhookEndpoint) -> tuple[int, str]:
    with tenant_scope(endpoint.tenant_id):
        row = WebhookEndpoint.objects.get(pk=endpoint.pk)
    return row.refused, row.refused_words


# --- Procore --------------------------------------------------------------------------------------


def test_procores_event_is_stored_once_however_often_it_comes(
    client: Client, procore: WebhookEndpoint
) -> None:
    assert [tell(client, procore) for _ in range(3)] == [200, 200, 200]
    twin = {**EVENT, "id": 123456790, "ulid": "01EDPD2J6SBY1163N77H95GW10"}
    assert tell(client, procore, twin) == 200
    without = {name: value for name, value in EVENT.items() if name != "ulid"}
    assert [tell(client, procore, without) for _ in range(2)] == [200, 200]
    record = ("Purchase Order Contracts", "54321")
    assert stored(procore) == [
        (*record, EVENT["ulid"]),
        (*record, twin["ulid"]),
        (*record, "123456789"),
    ]


def test_procores_answer_costs_three_statements_and_so_does_a_refusal(
    client: Client, procore: WebhookEndpoint
) -> None:
    right = f"Bearer {secret_of(procore)}"
    for authorization, status in ((right, 200), ("Bearer wrong", 401)):
        with CaptureQueriesContext(database) as captured:
            assert tell(client, procore, authorization=authorization) == status
        asked = [q["sql"] for q in captured if not q["sql"].startswith(("BEGIN", "COMMIT"))]
        assert len(asked) == 3, asked


@pytest.mark.parametrize(
    ("changes", "authorization", "words"),
    [
        ({}, "Bearer another", "Authorization"),
        ({}, "", "Authorization"),
        ({"company_id": 43}, None, "company 43, not from 42"),
        ({"resource_id": None}, None, "names no record"),
    ],
)
def test_what_procore_did_not_send_is_counted_and_not_stored(
    client: Client,
    procore: WebhookEndpoint,
    changes: dict[str, Any],
    authorization: str | None,
    words: str,
) -> None:
    assert tell(client, procore, {**EVENT, **changes}, authorization) == 401
    assert stored(procore) == []
    count, why = refused(procore)
    assert count == 1
    assert words in why


# --- Zoho Books -----------------------------------------------------------------------------------


def test_a_raw_body_is_signed_as_its_bytes(client: Client, zoho: WebhookEndpoint) -> None:
    raw = b'{"purchaseorder_id":\t"77", "note": "gr\xc3\xbcn"}'
    query = "?b=2&a=1"
    pairs = [("b", "2"), ("a", "1")]
    assert sign(client, zoho, raw, "text/plain", pairs, query=query) == 200
    assert sign(client, zoho, raw, "text/plain", pairs, query=query, signed_body=b"") == 401
    assert sign(client, zoho, raw, "text/plain", [], query=query) == 401
    assert stored(zoho) == [("purchaseorder", "77", "")]


def test_a_form_is_signed_as_its_pairs_without_its_body(
    client: Client, zoho: WebhookEndpoint
) -> None:
    kind = "application/x-www-form-urlencoded"
    content = '{"purchaseorder":{"purchaseorder_id":"78"}}'
    pairs = [("JSONString", content), ("a b", "1")]
    body = b"JSONString=%7B%22purchaseorder%22%3A%7B%22purchaseorder_id%22%3A%2278%22%7D%7D&a+b=1"
    assert sign(client, zoho, body, kind, pairs, signed_body=b"") == 200
    assert sign(client, zoho, body, kind, pairs, signed_body=body) == 401
    assert stored(zoho) == [("purchaseorder", "78", "")]


def test_an_organisation_may_stand_beside_the_record_and_must_be_ours(
    client: Client, zoho: WebhookEndpoint
) -> None:
    body = b'{"purchaseorder_id": "79"}'
    pairs = [("organization_id", "602")]
    query = "?organization_id=602"
    assert sign(client, zoho, body, "application/json", pairs, query=query) == 401
    assert "organisation 602" in refused(zoho)[1]
    assert sign(client, zoho, body, "application/json", []) == 200
    assert stored(zoho) == [("purchaseorder", "79", "")]


def test_without_an_event_id_every_delivery_is_a_hint(
    client: Client, zoho: WebhookEndpoint
) -> None:
    body = b'{"purchaseorder_id": "80"}'
    for _ in range(2):
        assert sign(client, zoho, body, "application/json", []) == 200
    assert stored(zoho) == [("purchaseorder", "80", "")] * 2


def test_both_proofs_are_compared_in_constant_time(
    client: Client,
    zoho: WebhookEndpoint,
    procore: WebhookEndpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def compare(given: bytes, expected: bytes) -> bool:
        compared.append(expected)
        return real(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    body = b'{"purchaseorder_id": "81"}'
    assert sign(client, zoho, body, "application/json", []) == 200
    assert tell(client, procore) == 200
    expected = [signature([], body, secret_of(zoho)), f"Bearer {secret_of(procore)}"]
    assert compared == [text.encode() for text in expected]
