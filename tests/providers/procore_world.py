"""A small construction company served by the Procore simulator, and clients of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.core.answers import Answer
from connectors.providers.procore.client import ProcoreClient
from connectors.providers.procore.spec import SPEC
from connectors.sandbox import procore
from connectors.sandbox.world import World
from tests.providers.conftest import open_at
from tests.sandbox.serving import serving
from tests.transport.fakes import MemoryStore

COMPANY, OTHER_COMPANY = "5358233", "5358234"
HARBOUR, SCHOOL, SECRET, OLD = "1001", "1002", "1003", "1004"
ACME, BOLT, CLOSED = "2001", "2002", "2003"
CONCRETE, STEEL, UNBUDGETED, INACTIVE = "4001", "4002", "4003", "4004"
CREDENTIALS = {"client_id": "app-1", "client_secret": "s3cret"}


def _project(project_id: str, name: str, first: int, **more: Any) -> dict[str, Any]:
    """A project with two cost codes and four WBS codes, numbered from ``first``."""
    codes = [
        {"id": first + 100, "code": "03", "name": "Concrete"},
        {"id": first + 101, "code": "300", "name": "Footings", "parent_id": first + 100},
    ]
    wbs = [
        {"budget": "5000.00", "description": "Concrete, material"},
        {"budget": "0"},
        {},
        {"status": "inactive", "budget": "10.00"},
    ]
    return {
        "id": int(project_id),
        "name": name,
        "cost_codes": codes,
        "wbs_codes": [
            {"id": first + at, "cost_code_id": code, "line_item_type_id": 3001 + at % 2, **one}
            for at, (one, code) in enumerate(
                zip(wbs, [first + 100, first + 100, first + 101, first + 101], strict=True)
            )
        ],
        **more,
    }


def state() -> dict[str, Any]:
    return {
        **CREDENTIALS,
        "company": {"id": int(COMPANY), "name": "Harbour Builders", "currency_iso_code": "USD"},
        "permitted_projects": [int(HARBOUR), int(SCHOOL), int(OLD)],
        "line_item_types": [
            {"id": 3001, "code": "M", "name": "Materials", "base_type": "materials"},
            {"id": 3002, "code": "L", "name": "Labor", "base_type": "labor"},
        ],
        "vendors": [
            {"id": int(ACME), "name": "Acme Supply", "origin_id": "zoho:1", "city": "Boston"},
            {"id": int(BOLT), "name": "Bolt Brothers", "abbreviated_name": "BB"},
            {"id": int(CLOSED), "name": "Closed Ltd", "is_active": False},
        ],
        "projects": [
            _project(
                HARBOUR, "Harbour", 4001, project_number="P-1", vendors=[int(ACME), int(CLOSED)]
            ),
            _project(SCHOOL, "School", 5001, vendors=[int(ACME)]),
            {"id": int(SECRET), "name": "Secret"},
            {"id": int(OLD), "name": "Old", "active": False},
        ],
    }


class ProcoreWorld:
    """A served world: its options and simulator, and clients of its API."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.options = world.options
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)
        self.learned: dict[str, Answer] = {}

    @property
    def simulator(self) -> procore.Simulator:
        found = self.world.simulators["procore"]
        assert isinstance(found, procore.Simulator)
        return found

    def client(
        self,
        store: MemoryStore | None = None,
        profile: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> ProcoreClient:
        """A client of these settings; what it learns of the account is kept here."""
        secret = changes.pop("client_secret", CREDENTIALS["client_secret"])
        settings = {"environment": "production", "company_id": COMPANY, **changes}
        found: ProcoreClient = open_at(
            SPEC,
            settings,
            {**CREDENTIALS, "client_secret": secret},
            self.url,
            store or MemoryStore(),
            profile,
            lambda answer: self.learned.update({answer.name: answer}),
        )
        return found

    def call(self, name: str, **params: Any) -> None:
        answer = self.http.post(f"/control/call/procore/{name}", json=params)
        assert answer.is_success, answer.text

    def fault(self, kind: str, **rule: Any) -> None:
        match = {"provider": "procore", **rule.pop("match", {})}
        rules = [{"match": match, "kind": kind, "count": 1, **rule}]
        answer = self.http.post("/control/faults", json={"rules": rules})
        assert answer.is_success, answer.text

    def requests(self, kind: str = "") -> list[dict[str, Any]]:
        found = self.http.get("/control/requests", params={"provider": "procore"}).json()
        return [row for row in found["requests"] if kind in ("", row["kind"])]


@contextmanager
def procore_world(**options: Any) -> Iterator[ProcoreWorld]:
    """Serve the company until the test is over."""
    unlimited = {"procore_hourly": 0, "procore_spike": 0}
    world = World({"procore": procore.Simulator}, options={**unlimited, **options})
    world.simulators["procore"].load(state())
    with serving(world) as url:
        served = ProcoreWorld(world, url)
        try:
            yield served
        finally:
            served.http.close()
