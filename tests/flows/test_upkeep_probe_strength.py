"""Of master data, too, a lost write counts as done only when every field that was sent says so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.core.decisions import Absent, Conflict, Found, Step
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.core.flow import PartRef
from connectors.core.records import Page
from connectors.core.upkeep import ATTACH, CREATE, UPDATE
from connectors.flows.zoho_books_to_procore.code_sink import BudgetCodeSink
from connectors.flows.zoho_books_to_procore.upkeep_projects import (
    ACTIVATE,
    DEACTIVATE,
    RENAME,
)
from connectors.flows.zoho_books_to_procore.vendor_sink import VendorSink
from connectors.flows.zoho_books_to_procore.zoho_sink import ZohoProjectSink

MARK = "mlc:42:vendor:c1"
VENDOR = {
    "name": "Acme Rebar Inc.",
    "is_active": True,
    "email_address": "orders@acme.example",
    "business_phone": "+1 (303) 555-0100 ext 4",
    "origin_id": MARK,
}
PROJECT = {
    "project_name": "Depot Square",
    "customer_id": "c9",
    "billing_type": "based_on_task_hours",
    "description": "Made by ml-connector. Ref mlc:7:project:31",
}
CODE = {"description": "Rebar", "status": "active"}


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return "inactive" if value == "active" else f"{value}5"


class Procore:
    """Vendors and budget codes by id, as Procore keeps what it is told."""

    def __init__(self) -> None:
        self.vendors: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, Any]] = {}

    def vendors_by_origin(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        return [row for row in self.vendors.values() if row.get("origin_id") in wanted]

    def vendor(self, key: str) -> dict[str, Any]:
        return self.vendors[key]

    def sync_vendors(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for row in rows:
            key = str(row.get("id") or f"v{len(self.vendors) + 1}")
            self.vendors[key] = {"id": key, **self.vendors.get(key, {}), **row}
            found.append(self.vendors[key])
        return found

    def wbs_code(self, project: str, key: str, flat: str) -> dict[str, Any]:
        return self.codes[key]

    def update_wbs_code(self, project: str, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
        self.codes[key] |= row
        return self.codes[key]


class Zoho:
    """Projects by id."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def projects(self) -> Iterator[Page[dict[str, Any]]]:
        yield Page(rows=list(self.rows.values()), number=1)

    def project(self, key: str) -> dict[str, Any]:
        return self.rows[key]

    def create_project(self, row: Mapping[str, Any]) -> dict[str, Any]:
        key = f"z{len(self.rows) + 1}"
        self.rows[key] = {"project_id": key, "status": "active", **row}
        return self.rows[key]

    def update_project(self, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
        self.rows[key] |= row
        return self.rows[key]

    def set_project_status(self, key: str, status: str) -> None:
        self.rows[key]["status"] = status


def ref(kind: str, payload: Mapping[str, Any], reference: str = MARK, key: str = "") -> PartRef:
    return PartRef(
        target_kind=kind,
        reference=reference,
        target_id=key,
        number="n",
        vendor_key="",
        total="",
        payload=payload,
    )


def lost_then_sent(sink: Any, client: Any, part: PartRef, step: Step) -> None:
    assert isinstance(sink.probe(client, part, step), Absent), "lost before it arrived"
    sink.perform(client, part, step)
    assert isinstance(sink.probe(client, part, step), Found), "the answer was lost"


@pytest.mark.parametrize("action", [ATTACH, UPDATE])
@pytest.mark.parametrize("name", VENDOR)
def test_a_change_of_one_field_of_a_vendor_is_sent_again(action: str, name: str) -> None:
    procore = Procore()
    procore.vendors["900"] = {"id": "900", **VENDOR}
    changed = {**VENDOR, name: other(VENDOR[name])}
    row = changed if action == ATTACH else {name: changed[name]}
    step = Step(action=action, body={"id": "900", "row": row}, batch="vendors")
    lost_then_sent(VendorSink(), procore, ref("vendor", changed, key="900"), step)


@pytest.mark.parametrize("said", ["+1 303 555 0100 EXT 4", "+1-303-555-0100, ext. 4"])
def test_the_signs_of_a_phone_number_are_procores_own(said: str) -> None:
    procore = Procore()
    procore.vendors["900"] = {"id": "900", **VENDOR, "business_phone": said}
    step = Step(action=UPDATE, body={"id": "900", "row": VENDOR}, batch="vendors")
    part = ref("vendor", VENDOR, key="900")
    assert isinstance(VendorSink().probe(procore, part, step), Found)


@pytest.mark.parametrize("name", ["name", "email_address", "business_phone"])
def test_a_lost_vendor_is_adopted_and_told_what_changed_since(name: str) -> None:
    """The mark is what is unique: by name the vendor would be made a second time, or held."""
    procore, sink = Procore(), VendorSink()
    first = Step(action=CREATE, body={"row": VENDOR}, creates=True, batch="vendors")
    assert isinstance(sink.probe(procore, ref("vendor", VENDOR), first), Absent)
    sink.perform(procore, ref("vendor", VENDOR), first)
    found = sink.probe(procore, ref("vendor", VENDOR), first)
    assert isinstance(found, Found)
    assert found.as_meant
    changed = {**VENDOR, name: other(VENDOR[name])}
    second = replace(first, body={"row": changed})
    (refused,) = sink.perform_batch(procore, [(ref("vendor", changed), second)])
    assert isinstance(refused, Exception)
    assert len(procore.vendors) == 1
    found = sink.probe(procore, ref("vendor", changed), second)
    assert isinstance(found, Found)
    assert not found.as_meant


def test_a_vendor_of_ours_that_somebody_switched_off_is_not_switched_on() -> None:
    procore = Procore()
    procore.vendors["v1"] = {"id": "v1", **VENDOR, "is_active": False}
    step = Step(action=CREATE, body={"row": VENDOR}, creates=True, batch="vendors")
    found = VendorSink().probe(procore, ref("vendor", VENDOR), step)
    assert isinstance(found, Conflict)
    assert "is inactive. Activate it there" in found.words


@pytest.mark.parametrize("name", [name for name in PROJECT if name != "description"])
def test_a_lost_project_is_adopted_and_told_what_changed_since(name: str) -> None:
    zoho, sink, mark = Zoho(), ZohoProjectSink(), "mlc:7:project:31"
    first = Step(action=CREATE, body={"row": PROJECT}, status="active", creates=True)
    part = ref("zoho_project", PROJECT, mark)
    lost_then_sent(sink, zoho, part, first)
    changed = {**PROJECT, name: other(PROJECT[name])}
    second = replace(first, body={"row": changed})
    found = sink.probe(zoho, ref("zoho_project", changed, mark), second)
    assert isinstance(found, Found)
    assert not found.as_meant
    zoho.rows["z1"]["status"] = "inactive"
    found = sink.probe(zoho, part, first)
    assert isinstance(found, Found)
    assert not found.as_meant, "switched off since"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        (RENAME, {"project_name": "Depot Hall"}),
        (DEACTIVATE, {"status": "inactive"}),
        (ACTIVATE, {"status": "active"}),
    ],
)
def test_a_change_of_a_project_is_sent_again(action: str, body: dict[str, Any]) -> None:
    zoho = Zoho()
    zoho.create_project(PROJECT)
    zoho.rows["z1"]["status"] = "inactive" if action == ACTIVATE else "active"
    step = Step(action=action, body={"id": "z1", **body})
    lost_then_sent(ZohoProjectSink(), zoho, ref("zoho_project", PROJECT, key="z1"), step)


@pytest.mark.parametrize("action", [ATTACH, UPDATE])
@pytest.mark.parametrize("name", CODE)
def test_a_change_of_one_field_of_a_budget_code_is_sent_again(action: str, name: str) -> None:
    procore = Procore()
    procore.codes["7"] = {"id": "7", "flat_code": "03-200.M", **CODE}
    step = Step(
        action=action, body={"id": "7", "project_id": "31", "row": {name: other(CODE[name])}}
    )
    lost_then_sent(BudgetCodeSink(), procore, ref("budget_code", CODE, key="7"), step)


class Busy(Procore):
    """Procore that refuses one row, and has no more calls to give right after it."""

    def sync_vendors(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        first, *others = super().sync_vendors(rows)
        facts = ErrorFacts(kind=ErrorKind.REJECTED, message="Entity with this ID not found")
        return [first, *(ProviderError(facts) for _ in others)]

    def vendor(self, key: str) -> dict[str, Any]:
        raise RetryLater(datetime(2026, 9, 1, tzinfo=UTC), "the limit is used up")


def test_a_limit_reached_while_looking_undoes_nothing_of_a_batch_of_vendors() -> None:
    items = [
        (
            PartRef(
                target_kind="vendor",
                reference=MARK,
                target_id=key,
                number="",
                vendor_key="",
                total="",
                payload=VENDOR,
            ),
            Step(action=UPDATE, body={"id": key, "row": dict(VENDOR)}),
        )
        for key in ("1", "2")
    ]
    written, later = VendorSink().perform_batch(Busy(), items)
    assert not isinstance(written, ProviderError)
    assert isinstance(later, ProviderError)
    assert later.kind is ErrorKind.TRANSIENT
    assert later.facts.retry_at == datetime(2026, 9, 1, tzinfo=UTC)
