"""A Parcelbook on the loopback: two houses with contacts, shipments, deliveries, keys and hooks.

Written from what Parcelbook promises, not from our client; it imports nothing of ours. What it
promises: tokens live ten minutes; lists come in pages of two, oldest change first; a delivery's
reference is taken once and for ever; an announced delivery keeps its number; hooks get every
change that a person makes, signed over the raw body. ``lose_answers`` writes break off after they
have taken effect.
"""

import hashlib
import hmac
import itertools
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Row = dict[str, Any]
CLIENT_ID, CLIENT_SECRET = "key-1", "a-secret-of-the-house"
PAGE = 2
LIFE_SECONDS = 600


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the simulator
    """An error answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}


class LostAnswer(Exception):  # noqa: N818 - an order to the handler
    """The write has taken effect; its answer never leaves."""


@dataclass
class House:
    """One company at Parcelbook."""

    name: str
    tables: dict[str, dict[str, Row]] = field(
        default_factory=lambda: {"contacts": {}, "shipments": {}, "deliveries": {}, "hooks": {}}
    )

    def info(self, key: str) -> Row:
        return {"house": key, "name": self.name, "currency": "EUR"}


@dataclass
class Simulator:
    """The state of both houses, and what people do there."""

    lose_answers: int = 0
    closed: bool = False
    houses: dict[str, House] = field(
        default_factory=lambda: {"north": House("House North"), "south": House("House South")}
    )
    tokens: set[str] = field(default_factory=set)
    token_requests: int = 0
    writes: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # --- what people do ------------------------------------------------------------------------

    def put(self, house: str, table: str, key: str, **values: Any) -> Row:
        """Add or change a record as a person would; hooks are not told yet (see ``tell``)."""
        with self.lock:
            rows = self.houses[house].tables[table]
            row = {**rows.pop(key, {}), **values, "id": key, "changed_at": _now()}
            rows[key] = row
            return dict(row)

    def ship(self, key: str, contact: str, *lines: tuple[str, str, str], **values: Any) -> Row:
        """A shipment of the house North: lines are (text, quantity, price)."""
        total = sum((Decimal(quantity) * Decimal(price) for _, quantity, price in lines), Decimal())
        made = [{"text": text, "quantity": q, "price": p} for text, q, p in lines]
        known = {"number": f"S-{key}", "status": "sent", "currency": "EUR", "total": str(total)}
        about = {
            "sent_on": "2026-03-02",
            "contact": self.houses["north"].tables["contacts"][contact],
        }
        return self.put("north", "shipments", key, **{**known, **about, "lines": made, **values})

    def expire_tokens(self) -> None:
        with self.lock:
            self.tokens.clear()

    def deliveries(self) -> list[Row]:
        with self.lock:
            return [dict(row) for row in self.houses["south"].tables["deliveries"].values()]

    def tell(self, house: str, record: str, key: str, *, signed_with: str = "") -> list[int]:
        """Send the house's hooks what has happened; returns the statuses they answered."""
        event = {"event": secrets.token_hex(8), "house": house, "record": record, "id": key}
        body = json.dumps({**event, "action": "changed"}).encode()
        hooks = list(self.houses[house].tables["hooks"].values())
        return [_post(hook["address"], body, signed_with or hook["secret"]) for hook in hooks]

    # --- what the API does ---------------------------------------------------------------------

    def token(self, form: dict[str, list[str]]) -> Row:
        given = [form.get(name, [""])[0] for name in ("grant_type", "client_id", "client_secret")]
        if given != ["client_credentials", CLIENT_ID, CLIENT_SECRET]:
            raise Refusal(401, "unknown_key", "There is no such key.")
        self.token_requests += 1
        token = secrets.token_hex(16)
        self.tokens.add(token)
        return {"access_token": token, "expires_in": LIFE_SECONDS}

    def answer(self, method: str, house: House, key: str, path: list[str], sent: Row) -> Row:
        """One call of the API, by a caller whose token was checked."""
        if self.closed:
            raise Refusal(403, "house_closed", "This house is closed.")
        if path == ["house"]:
            return house.info(key)
        if path[0] not in house.tables:
            raise Refusal(404, "no_such_place", "There is nothing here.")
        rows = house.tables[path[0]]
        if method == "GET":
            return _listed(path[0], rows, sent) if len(path) == 1 else dict(_found(rows, path[1]))
        self.writes.append(f"{method} {'/'.join(path[:1] + path[2:])}")
        written = self._write(method, path, rows, sent)
        if self.lose_answers and path[0] == "deliveries":
            self.lose_answers -= 1
            raise LostAnswer
        return written

    def _write(self, method: str, path: list[str], rows: dict[str, Row], sent: Row) -> Row:
        if method == "DELETE":
            _found(rows, path[1])
            return rows.pop(path[1])
        if method == "POST" and path[0] == "hooks":
            return {**self._add(rows, sent), "secret": "***"}
        if path[0] != "deliveries":
            raise Refusal(405, "read_only", "This cannot be written.")
        if method == "POST" and len(path) == 1:
            if any(row["reference"] == sent["reference"] for row in rows.values()):
                raise Refusal(409, "reference_taken", f"{sent['reference']} has been used already.")
            return self._add(rows, {**sent, "status": "draft", "total": _total(sent)})
        row = _found(rows, path[1])
        if path[2:] == ["announce"]:
            return _change(row, {"status": "announced"})
        if row["status"] == "announced" and sent["number"] != row["number"]:
            raise Refusal(422, "announced", "An announced delivery keeps its number.")
        return _change(row, {**sent, "total": _total(sent)})

    def _add(self, rows: dict[str, Row], values: Row) -> Row:
        key = str(next(self._ids))
        rows[key] = {**values, "id": key, "changed_at": _now()}
        return dict(rows[key])


def _change(row: Row, changes: Row) -> Row:
    row.update({**changes, "changed_at": _now()})
    return dict(row)


def _found(rows: dict[str, Row], key: str) -> Row:
    if key not in rows:
        raise Refusal(404, "unknown", f"There is no {key}.")
    return rows[key]


def _listed(name: str, rows: dict[str, Row], asked: Row) -> Row:
    """A page of heads; lines are told of single records only, and of those asked by reference."""
    since, reference = asked.get("changed_since", ""), asked.get("reference", "")
    fitting = [row for row in rows.values() if row["changed_at"] >= since]
    if reference:
        fitting = [row for row in fitting if row.get("reference") == reference]
    fitting.sort(key=lambda row: str(row["changed_at"]))
    hidden = {"secret"} if reference else {"secret", "lines"}
    page = int(asked.get("page", 1))
    shown = [
        {name: value for name, value in row.items() if name not in hidden}
        for row in fitting[(page - 1) * PAGE : page * PAGE]
    ]
    return {
        name: shown,
        "page_context": {"page": page, "has_more_page": len(fitting) > page * PAGE},
    }


def _total(sent: Row) -> str:
    lines = sent["lines"]
    total = sum((Decimal(row["quantity"]) * Decimal(row["price"]) for row in lines), Decimal())
    return str(total.quantize(Decimal("0.01")))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _post(address: str, body: bytes, secret: str) -> int:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Parcelbook-Signature": signature}
    request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - our own door
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            status: int = answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return status


class Handler(BaseHTTPRequestHandler):
    """Finds house and caller, and turns refusals into answers; one request per connection."""

    simulator: Simulator

    def _serve(self) -> None:
        place = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.simulator.lock:
            try:
                status, body = 200, self._answer(place.path, place.query, content)
            except Refusal as refusal:
                status, body = refusal.status, refusal.body
            except LostAnswer:
                return
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names of http.server

    def _answer(self, path: str, query: str, content: bytes) -> Row:
        _, root, key, version, *rest = path.split("/")
        house = self.simulator.houses.get(key)
        if root != "parcelbook" or house is None:
            raise Refusal(404, "no_such_house", "There is no such house.")
        if [version, *rest] == ["oauth", "token"]:
            return self.simulator.token(parse_qs(content.decode()))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.simulator.tokens:
            raise Refusal(401, "token_expired", "This token is unknown, or its time is over.")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        sent = json.loads(content) if content else {}
        return self.simulator.answer(self.command, house, key, rest, {**asked, **sent})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """A test run prints enough."""


@contextmanager
def running(port: int = 0) -> Iterator[tuple[Simulator, str]]:
    """A fresh simulator behind an address of this machine."""
    simulator = Simulator()
    handler = type("ParcelbookHandler", (Handler,), {"simulator": simulator})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield simulator, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
