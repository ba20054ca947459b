"""Parcelbook's simulator itself, over real HTTP and without our client."""

import hashlib
import hmac
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from tests.third.simulator import CLIENT_ID, CLIENT_SECRET, Simulator, running

KEY = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}
DELIVERY = {"reference": "r-1", "number": "1", "lines": [{"quantity": "2", "price": "3.50"}]}


@pytest.fixture
def parcelbook() -> Iterator[tuple[Simulator, httpx.Client]]:
    with running() as (simulator, url):
        house = f"{url}/parcelbook/south"
        given = httpx.post(f"{house}/oauth/token", data=KEY, trust_env=False).json()
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        with httpx.Client(base_url=f"{house}/v1", headers=bearer, trust_env=False) as client:
            yield simulator, client


def test_only_a_key_gets_a_token_and_only_a_token_gets_in() -> None:
    with running() as (_, url):
        house = f"{url}/parcelbook/south"
        wrong = {**KEY, "client_secret": "another"}
        assert httpx.post(f"{house}/oauth/token", data=wrong, trust_env=False).status_code == 401
        assert httpx.get(f"{house}/v1/house", trust_env=False).status_code == 401


def test_tokens_expire_and_houses_close(parcelbook: tuple[Simulator, httpx.Client]) -> None:
    simulator, client = parcelbook
    assert client.get("/house").json()["name"] == "House South"
    simulator.closed = True
    assert client.get("/house").json()["error"]["code"] == "house_closed"
    simulator.expire_tokens()
    assert client.get("/house").status_code == 401


def test_a_reference_is_taken_once(parcelbook: tuple[Simulator, httpx.Client]) -> None:
    simulator, client = parcelbook
    first = client.post("/deliveries", json=DELIVERY).json()
    assert (first["status"], first["total"]) == ("draft", "7.00")
    second = client.post("/deliveries", json=DELIVERY)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "reference_taken")
    assert client.post(f"/deliveries/{first['id']}/announce", json={}).json()["id"] == first["id"]
    renamed = client.put(f"/deliveries/{first['id']}", json={**DELIVERY, "number": "2"})
    assert renamed.status_code == 422
    assert [row["status"] for row in simulator.deliveries()] == ["announced"]


def test_a_lost_answer_has_taken_effect(parcelbook: tuple[Simulator, httpx.Client]) -> None:
    simulator, client = parcelbook
    simulator.lose_answers = 1
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/deliveries", json=DELIVERY)
    found = client.get("/deliveries", params={"reference": "r-1"}).json()["deliveries"]
    assert [row["number"] for row in found] == ["1"]


def test_lists_come_in_pages(parcelbook: tuple[Simulator, httpx.Client]) -> None:
    simulator, client = parcelbook
    for key in ("a", "b", "c"):
        simulator.put("south", "contacts", key, name=key.upper())
    pages = [client.get("/contacts", params={"page": n}).json() for n in (1, 2)]
    assert [[row["id"] for row in page["contacts"]] for page in pages] == [["a", "b"], ["c"]]
    assert [page["page_context"]["has_more_page"] for page in pages] == [True, False]


def test_hooks_are_told_and_signed(parcelbook: tuple[Simulator, httpx.Client]) -> None:
    simulator, client = parcelbook
    took: list[tuple[bytes, str]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            took.append((body, self.headers["Parcelbook-Signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Door) as door:
        thread = Thread(target=door.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{door.server_port}/"
        hook = client.post("/hooks", json={"address": address, "secret": "ours"}).json()
        assert hook["secret"] == "***"
        assert simulator.tell("south", "delivery", "1") == [204]
        thread.join()
    [(body, signature)] = took
    assert signature == hmac.new(b"ours", body, hashlib.sha256).hexdigest()
