"""No call leaves while a transaction is open, whoever forgot about it."""

import httpx
import pytest
from django.db import transaction

from connectors.core.errors import CallInsideTransactionError
from connectors.transport.deadline import Deadline
from connectors.transport.wire import Outgoing, Wire
from tests.transport.fakes import Rig, script

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_client_refuses_inside_a_transaction(kind: str) -> None:
    rig = Rig(script(httpx.Response(200, json={})))
    with transaction.atomic(), pytest.raises(CallInsideTransactionError, match="Commit first"):
        rig.client.get("/bills") if kind == "read" else rig.client.write("POST", "/bills")
    assert rig.sent == []
    assert rig.governor.admitted == 0


def test_so_does_the_wire_itself() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    wire = Wire(httpx.MockTransport(answer))
    outgoing = Outgoing(
        method="GET",
        url="https://api.example.com/x",
        allowed=frozenset({"https://api.example.com:443"}),
    )
    with transaction.atomic(), pytest.raises(CallInsideTransactionError):
        wire.send(outgoing, Deadline.within(5))
    assert sent == []
    assert wire.send(outgoing, Deadline.within(5)).ok


def test_a_committed_transaction_is_no_obstacle() -> None:
    rig = Rig(script(httpx.Response(200, json={"a": 1})))
    with transaction.atomic():
        pass
    assert rig.client.get("/bills").body == {"a": 1}
