"""A Procore client over a scripted network: what it asked, and what it was told."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx

from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.settings import clean
from connectors.providers.procore.spec import SPEC
from connectors.transport.provider import ClientContext
from connectors.transport.tokens import TokenSource
from connectors.transport.wire import Wire
from tests.transport.fakes import MemoryStore, OpenGovernor, fresh, stored

SETTINGS = {"environment": "sandbox", "company_id": "42"}
PROJECT = "101"

Answer = Callable[[httpx.Request], httpx.Response]


class ProcoreRig:
    """``sent`` are the requests, ``body(n)`` the JSON of one of them."""

    def __init__(
        self, answer: Answer, *, profile: Mapping[str, Any] | None = None, **settings: Any
    ) -> None:
        self.sent: list[httpx.Request] = []
        self.governor = OpenGovernor()
        self._answer = answer
        cleaned = clean({**SETTINGS, **settings})
        context = ClientContext(
            connection=f"procore-{id(self)}",
            settings=cleaned,
            profile=profile or {},
            endpoints=SPEC.endpoints(cleaned, ""),
            tokens=TokenSource(
                MemoryStore(stored()),
                fresh,
                margin=timedelta(minutes=5),
                provider=SPEC.key,
                title=SPEC.title,
            ),
            governor=self.governor,
            wire=Wire(httpx.MockTransport(self._record)),
            client_id="app-1",
        )
        self.client: ProcoreClient = SPEC.open(context)

    def _record(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self._answer(request)

    def body(self, at: int = -1) -> Any:
        return json.loads(self.sent[at].content)

    def asked(self) -> list[str]:
        """Method and path of each request."""
        return [f"{one.method} {one.url.path}" for one in self.sent]


def rows(*found: Mapping[str, Any]) -> httpx.Response:
    """A list on one page."""
    return httpx.Response(200, json=list(found), headers={"Total": str(len(found))})


def synced(*entities: Mapping[str, Any], errors: Any = ()) -> httpx.Response:
    return httpx.Response(200, json={"entities": list(entities), "errors": list(errors)})
